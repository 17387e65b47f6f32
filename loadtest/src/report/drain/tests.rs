use super::*;

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

#[test]
fn a_run_is_valid_when_all_that_is_due_was_ordered_and_the_log_proves_it() {
    assert!(report(vec![run(1_000), run(10)]).is_valid());
    assert!(!report(Vec::new()).is_valid());

    for orders in [9, 11] {
        let wrong = Run { orders, ..run(10) };
        assert!(!report(vec![run(1_000), wrong]).is_valid(), "{orders}");
    }

    let mut unproven = run(1_000);
    unproven.replay.agrees = false;
    let report = report(vec![unproven]);
    assert!(!report.is_valid());
    let text = report.to_string();
    assert!(
        text.contains("DIFFERS") && text.contains("INVALID"),
        "{text}"
    );
}
