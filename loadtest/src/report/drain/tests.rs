use super::*;
use crate::run::Verdict;

const MIB: u64 = 1024 * 1024;

fn resident(now: u64) -> Resident {
    Resident { now, peak: now }
}

/// A drain of 1,000 purchases in half a second.
fn run(stock: u64) -> Run {
    Run {
        stock,
        purchases: 1_000,
        orders: stock.min(1_000),
        drained: Duration::from_millis(500),
        insert: (stock >= 1_000).then(|| Done::of(1_000, Duration::from_millis(400))),
        memory: Memory {
            idle: resident(MIB),
            after_drain: resident(3 * MIB),
            after_restart: resident(MIB + 100_000),
        },
        restart: Duration::from_millis(700),
        replay: Replay {
            agrees: true,
            took: Duration::from_secs(1),
        },
        audited: Audited::default(),
    }
}

fn report(runs: Vec<Run>) -> Report {
    Report {
        purchases: 1_000,
        runs,
    }
}

#[test]
fn rates_are_of_the_drain_and_memory_is_of_the_restart() {
    let report = report(vec![run(1_000), run(10)]);
    let told: Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    let [ample, scarce] = [&told["drain"][0], &told["drain"][1]];
    assert_eq!(ample["decisions_per_s"], 2_000.0);
    assert_eq!(ample["orders_per_s"], 2_000.0);
    assert_eq!(ample["insert_per_s"], 2_500.0);
    assert_eq!(ample["orders_to_insert_ratio"], 0.8);
    assert_eq!(ample["bytes_per_winner"], 100.0);
    assert_eq!(
        (&scarce["orders"], &scarce["orders_per_s"]),
        (&10.into(), &20.0.into())
    );
    // Ten winners say nothing about memory, and were not inserted plainly.
    assert!(scarce["bytes_per_winner"].is_null() && scarce["insert_per_s"].is_null());
}

fn verdict(runs: Vec<Run>) -> Verdict {
    report(runs).judgement().verdict()
}

#[test]
fn a_run_is_good_when_all_that_is_due_was_ordered_and_the_log_proves_it() {
    assert_eq!(verdict(vec![run(1_000), run(10)]), Verdict::Good);
    assert_eq!(verdict(Vec::new()), Verdict::Invalid);

    for orders in [9, 11] {
        let wrong = Run { orders, ..run(10) };
        assert_eq!(verdict(vec![run(1_000), wrong]), Verdict::Broken);
    }

    let mut unproven = run(1_000);
    unproven.replay.agrees = false;
    let report = report(vec![unproven]);
    assert_eq!(report.judgement().verdict(), Verdict::Broken);
    let text = report.to_string();
    assert!(
        text.contains("DIFFERS") && text.contains("Broken"),
        "{text}"
    );
}

#[test]
fn a_fault_that_the_audit_found_in_either_run_breaks_a_promise() {
    let mut doubled = run(10);
    doubled.audited.findings.doubled = 2;
    let report = report(vec![run(1_000), doubled]);
    assert_eq!(report.judgement().verdict(), Verdict::Broken);
    let told: Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    assert_eq!(told["audit"]["doubled"], 2);
}
