use super::*;

fn stage(per_s: f64, statuses: &[(u16, u64)]) -> Stage {
    Stage {
        per_s,
        p50_ms: 1.0,
        p99_ms: 2.0,
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
    }
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
fn a_run_is_valid_when_every_answer_was_expected_and_every_purchase_ordered() {
    assert!(report(vec![round(100.0), round(90.0)]).is_valid());
    assert!(!report(Vec::new()).is_valid());

    let mut refused = round(100.0);
    refused.durable.statuses.insert(503, 1);
    assert!(!report(vec![round(100.0), refused]).is_valid());

    let mut lost = round(100.0);
    lost.orders.ordered -= 1;
    assert!(!report(vec![round(100.0), lost]).is_valid());

    let mut mute = round(100.0);
    mute.sold_out.statuses.clear();
    assert!(!report(vec![mute]).is_valid());
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
