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
