//! Figures of several sales, and how they are written down.

use super::*;

fn oversold() -> Findings {
    let mut history = right();
    history.orders.push(order(9, 1, 3, 13));
    audit(&history)
}

#[test]
fn figures_of_sales_add_up() {
    let both: Findings = [audit(&right()), oversold()].into_iter().sum();
    assert_eq!((both.oversold, both.accepted), (1, 6));
    assert_eq!(both.refused["sold-out"], 2);
    let inversions = both.inversion_ms.expect("logs");
    assert_eq!(inversions.purchases(), 6);
}

#[test]
fn one_sale_that_was_not_judged_leaves_both_unjudged_but_hides_no_fault() {
    let with =
        |findings| -> Findings { [audit(&right_without_a_log()), findings].into_iter().sum() };
    let clean = with(audit(&right()));
    assert_eq!(clean.out_of_order, None);
    assert!(clean.is_clean() && !clean.is_whole());
    let red = with(oversold());
    assert_eq!(red.out_of_order, Some(1));
    assert!(!red.is_clean());
}

#[test]
fn the_keys_of_the_json_are_kept() {
    let json = serde_json::to_value(oversold()).expect("JSON");
    for (key, value) in [
        ("oversold", 1),
        ("doubled", 0),
        ("lost", 0),
        ("out_of_order", 1),
        ("contradictions", 1),
        ("phantom", 0),
        ("miscounted", 1),
        ("unheard", 0),
    ] {
        assert_eq!(json[key], value, "{key}");
    }
    assert_eq!(json["lost_by"]["sold-out"], 1);
    assert_eq!(json["inversion_ms"]["p99"], 0);
    let unjudged = serde_json::to_value(audit(&right_without_a_log())).expect("JSON");
    for key in ["out_of_order", "phantom", "inversion_ms"] {
        assert!(unjudged[key].is_null(), "{key}");
    }
}

#[test]
fn every_fault_alone_is_not_clean() {
    let faults: [fn(&mut Findings); 11] = [
        |found| found.oversold = 1,
        |found| found.miscounted = 1,
        |found| found.doubled = 1,
        |found| found.lost_tickets = 1,
        |found| found.unheard = 1,
        |found| found.out_of_order = Some(1),
        |found| found.won_after_sold_out = 1,
        |found| found.turned_away = Some(1),
        |found| found.contradictions = 1,
        |found| found.phantom = Some(1),
        |found| found.misdescribed = Some(1),
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        let mut findings = audit(&right());
        fault(&mut findings);
        assert!(!findings.is_clean(), "fault {number}");
        assert_eq!(findings.faults()[number].1, Some(1));
    }
}

#[test]
fn a_wait_says_what_was_still_open() {
    let open = Open {
        partition: 3,
        cursor: 120,
        wanted: 140,
    };
    let quiet = Quiet {
        open: vec![open],
        ..Quiet::default()
    };
    assert!(!quiet.is_quiet());
    assert!(quiet.to_string().contains("log 03 up to record 120 of 140"));
}
