use super::*;
use crate::run::Verdict;

const HTTP_MS: Quantiles = Quantiles {
    p50: 1.0,
    p90: 1.5,
    p99: 2.0,
    p999: 3.0,
    max: 4.0,
};

fn stage(per_s: f64, statuses: &[(u16, u64)]) -> Stage {
    Stage {
        per_s,
        http_ms: Some(HTTP_MS),
        expected: statuses[0].0,
        statuses: statuses.iter().copied().collect(),
        cpu_s: vec![("ingress", per_s / 1_000.0)],
    }
}

/// An ingress that accepts `bare` a second without a log and half of them with one.
fn round(bare: f64) -> Round {
    Round {
        bare: stage(bare, &[(202, 10)]),
        durable: stage(bare / 2.0, &[(202, 5)]),
        orders: Orders::of(5, 5, Duration::from_secs(1)),
        sold_out: stage(bare * 0.9, &[(409, 9)]),
        publish: Done::of(bare as u64 * 2, Duration::from_secs(1)),
        insert: Done::of(bare as u64 * 3, Duration::from_secs(2)),
    }
}

fn report(rounds: Vec<Round>) -> Report {
    Report {
        connections: 8,
        seconds: 1,
        rounds,
        audited: Audited::default(),
    }
}

fn verdict(rounds: Vec<Round>) -> Verdict {
    report(rounds).judgement().verdict()
}

fn ceiling(report: &Report, key: &str) -> f64 {
    let told: Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    told["ceiling"][key].as_f64().unwrap()
}

#[test]
fn ratios_are_of_rounds_and_not_of_medians() {
    // Given: the machine was ten times as slow in the second round, and slow in the third for bare alone.
    let mut odd = round(100.0);
    odd.bare.per_s = 80.0;
    let report = report(vec![round(100.0), round(10.0), odd]);

    assert_eq!(ceiling(&report, "bare_202_per_s"), 80.0);
    assert_eq!(ceiling(&report, "durable_202_per_s"), 50.0);
    assert_eq!(ceiling(&report, "durable_ratio"), 0.5);
    assert_eq!(ceiling(&report, "sold_out_ratio"), 0.9);
    assert_eq!(ceiling(&report, "orders_ratio"), 0.0625);
    assert_eq!(ceiling(&report, "publish_per_s"), 200.0);
    assert_eq!(ceiling(&report, "publish_ratio"), 2.0);
    assert_eq!(ceiling(&report, "insert_per_s"), 150.0);
    assert_eq!(ceiling(&report, "insert_ratio"), 1.5);
}

#[test]
fn a_run_is_good_when_every_answer_was_expected_and_every_purchase_ordered() {
    assert_eq!(verdict(vec![round(100.0), round(90.0)]), Verdict::Good);
    assert_eq!(verdict(Vec::new()), Verdict::Invalid);

    let mut refused = round(100.0);
    refused.durable.statuses.insert(503, 1);
    assert_eq!(verdict(vec![round(100.0), refused]), Verdict::Invalid);

    let mut mute = round(100.0);
    mute.sold_out.statuses.clear();
    assert_eq!(verdict(vec![mute]), Verdict::Invalid);
}

#[test]
fn a_purchase_without_an_order_and_a_fault_of_the_audit_break_a_promise() {
    // Given: as many too many in another round.
    let [mut lost, mut won] = [round(100.0), round(100.0)];
    lost.orders.ordered -= 1;
    won.orders.ordered += 1;
    assert_eq!(verdict(vec![lost, won]), Verdict::Broken);

    let mut report = report(vec![round(100.0)]);
    report.audited.findings.oversold = 1;
    assert_eq!(report.judgement().verdict(), Verdict::Broken);
}

#[test]
fn latencies_are_told_in_five_figures_or_not_at_all() {
    let mut report = report(vec![round(100.0), round(90.0)]);
    let told = |report: &Report| -> Value {
        let told: Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
        told["stages"]["durable"]["http_ms"].clone()
    };
    assert_eq!(told(&report), json!(HTTP_MS));
    for round in &mut report.rounds {
        round.durable.http_ms = None;
    }
    assert!(told(&report).is_null(), "{report}");
}

#[test]
fn processor_time_is_told_for_ten_thousand_answers() {
    let answers = Answers::of(
        std::time::Instant::now(),
        Duration::from_secs(2),
        &[vec![(202, 1_000); 5_000]],
    );
    let (before, after) = (vec![("nats", 1.0)], vec![("nats", 1.5)]);
    let stage = Stage::of(&answers.unwrap(), 202, &before, &after);
    assert_eq!((stage.per_s, stage.cpu_s), (2_500.0, vec![("nats", 1.0)]));
}

#[test]
fn the_table_names_what_was_not_expected() {
    let mut refused = round(100.0);
    refused.durable.statuses.insert(503, 7);
    let text = report(vec![refused]).to_string();
    assert!(
        text.contains("503: 7") && text.contains("INVALID"),
        "{text}"
    );
}
