//! Postgres beside the log.

use super::*;

fn out_of_order(change: impl FnOnce(&mut History)) -> Option<usize> {
    let mut history = right();
    change(&mut history);
    audit(&history).out_of_order
}

#[test]
fn a_unit_that_went_to_a_later_place_is_out_of_order() {
    // Given: the last unit went to the third shopper, who stands behind the second; all else agrees.
    let mut history = right();
    history.records[1].rulings = "SW".to_owned();
    history.orders[1] = order(9, 1, 3, 13);
    let [second, third] = [ticket(9, 0), ticket(9, 1)];
    history.attempts[1] = accepted(2, second, vec![Word::Poll(lost("sold-out"))]);
    history.attempts[2] = accepted(3, third, vec![Word::Poll(Verdict::Won(third))]);
    let findings = audit(&history);
    assert_eq!(findings.out_of_order, Some(2));
    let others = findings.faults().into_iter();
    let others = others.filter(|(what, count)| *what != "out of order" && *count != Some(0));
    assert_eq!(
        others.collect::<Vec<_>>(),
        [("won after sold-out", Some(1))]
    );
}

#[test]
fn a_record_without_its_decision_is_out_of_order() {
    let undecided = |history: &mut History| history.records.retain(|record| record.seq != 9);
    assert_eq!(out_of_order(undecided), Some(2));
}

#[test]
fn a_decision_without_its_record_is_out_of_order() {
    let unlogged = |history: &mut History| history.records.push(record(8, "SS"));
    assert_eq!(out_of_order(unlogged), Some(2));
}

#[test]
fn a_letter_too_many_or_too_few_is_out_of_order() {
    for rulings in ["W", "WSS"] {
        let change = |history: &mut History| history.records[1].rulings = rulings.to_owned();
        assert_eq!(out_of_order(change), Some(1), "{rulings}");
    }
}

#[test]
fn an_order_that_the_log_does_not_make_is_out_of_order() {
    let changes: [fn(&mut Order); 5] = [
        |order| order.nth = 1,
        |order| order.unit_limit = 2,
        |order| order.key_hash = 0,
        |order| order.shopper = shopper(9),
        |order| order.is_cancelled = true,
    ];
    for change in changes {
        assert_eq!(
            out_of_order(|history| change(&mut history.orders[0])),
            Some(1)
        );
    }
    let missing = |history: &mut History| history.orders.truncate(1);
    assert_eq!(out_of_order(missing), Some(1));
}

#[test]
fn a_replay_that_refers_to_another_order_is_out_of_order() {
    let with_refs = |refs: Vec<u64>| {
        move |history: &mut History| {
            let log = history.log.as_mut().expect("a log");
            log.records.push(logged(11, wishes(&[(1, 11)])));
            history.records.push(Record {
                refs,
                ..record(11, "R")
            });
            history.cursor = 11;
        }
    };
    let place = |order| Place::of(order).packed();
    assert_eq!(out_of_order(with_refs(vec![place(ticket(7, 0))])), Some(0));
    assert_eq!(out_of_order(with_refs(vec![place(ticket(9, 0))])), Some(1));
    assert_eq!(out_of_order(with_refs(vec![])), Some(1));
}

#[test]
fn terms_that_the_log_does_not_make_are_found() {
    let changes: [fn(&mut History); 8] = [
        |history| history.stock = 3,
        |history| history.unit_limit = 2,
        |history| history.window_ms.1 += 1,
        |history| history.label.amount_minor = 2,
        |history| history.label.name.push('s'),
        |history| history.is_paused = true,
        |history| history.is_closed = true,
        |history| history.version = 2,
    ];
    for change in changes {
        let mut history = right();
        change(&mut history);
        assert_eq!(audit(&history).misdescribed, Some(1));
    }
    let mut unopened = right();
    unopened.log = Some(Log {
        records: Vec::new(),
        ..Log::default()
    });
    assert_eq!(audit(&unopened).misdescribed, Some(1));
}

#[test]
fn what_came_after_the_last_decision_waits_and_is_not_wrong() {
    let mut history = right();
    let log = history.log.as_mut().expect("a log");
    log.records.push(logged(11, wishes(&[(5, 15), (6, 16)])));
    let findings = audit(&history);
    assert!(findings.is_clean(), "{findings:?}");
    assert_eq!(findings.undecided, Some(2));
}
