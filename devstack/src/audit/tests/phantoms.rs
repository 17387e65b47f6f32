//! Orders that nobody asked for.

use super::*;

#[test]
fn an_order_that_stands_nowhere_in_the_log_is_a_phantom() {
    let mut history = right();
    history.asked = Asked::BySome;
    history.orders.push(order(8, 0, 5, 15));
    assert_eq!(audit(&history).phantom, Some(1));
}

#[test]
fn an_order_of_somebody_else_than_the_log_says_is_a_phantom() {
    let mut history = right();
    history.orders[0].shopper = shopper(2);
    assert_eq!(audit(&history).phantom, Some(1));
}

#[test]
fn a_place_that_won_and_stands_nowhere_in_the_log_is_a_phantom() {
    let mut history = right();
    history.records.push(record(8, "WS"));
    assert_eq!(audit(&history).phantom, Some(1));
}

#[test]
fn an_order_of_somebody_who_asked_for_nothing_is_a_phantom_without_the_log() {
    let mut history = right();
    history.log = None;
    assert_eq!(audit(&history).phantom, Some(0));
    history.attempts.remove(0);
    assert_eq!(audit(&history).phantom, Some(1));
}

#[test]
fn an_order_whose_place_nobody_was_given_is_a_phantom_though_its_shopper_asked_for_another() {
    let mut history = right();
    let log = history.log.as_mut().expect("a log");
    log.records.push(logged(11, wishes(&[(1, 99)])));
    history.unit_limit = 2;
    history.orders.push(order(11, 0, 1, 99));
    history.records.push(record(11, "W"));
    assert_eq!(audit(&history).phantom, Some(1));

    // Whoever does not know what came of an attempt may have it.
    history.attempts.push(Attempt {
        outcome: Outcome::Unknown("gave-up".to_owned()),
        ..refused(1, "")
    });
    assert_eq!(audit(&history).phantom, Some(0));
}

#[test]
fn an_order_that_a_repeated_key_points_at_is_no_phantom() {
    let mut history = right();
    let log = history.log.as_mut().expect("a log");
    log.records.push(logged(11, wishes(&[(1, 11)])));
    let refs = vec![Place::of(ticket(7, 0)).packed()];
    history.records.push(Record {
        refs,
        ..record(11, "R")
    });
    let heard = vec![Word::Poll(Verdict::Won(ticket(7, 0)))];
    history.attempts[0] = accepted(1, ticket(11, 0), heard);
    history.cursor = 11;
    let findings = audit(&history);
    assert_eq!(findings.phantom, Some(0));
    assert!(findings.is_clean(), "{findings:?}");
}
