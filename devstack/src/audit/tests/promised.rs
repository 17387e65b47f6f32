//! Stock, limit, and units that were kept back.

use super::*;

#[test]
fn an_order_beyond_the_stock_is_oversold() {
    let mut history = right_without_a_log();
    history.stock = 1;
    assert_eq!(audit(&history).oversold, 1);
}

#[test]
fn a_stock_that_was_raised_by_hand_hides_nothing() {
    // Given: three orders of a sale of two units, and a stock that says three.
    let mut history = right();
    history.orders.push(order(9, 1, 3, 13));
    (history.sold, history.stock) = (3, 3);
    let findings = audit(&history);
    assert_eq!(findings.oversold, 1);
    assert_eq!(findings.misdescribed, Some(1));
}

#[test]
fn a_cancelled_order_takes_no_unit() {
    let mut history = right_without_a_log();
    history.orders[0].is_cancelled = true;
    (history.stock, history.sold) = (1, 1);
    let findings = audit(&history);
    assert_eq!((findings.oversold, findings.miscounted), (0, 0));
}

#[test]
fn a_count_that_is_not_the_number_of_orders_is_found() {
    let mut history = right();
    history.sold = 1;
    assert_eq!(audit(&history).miscounted, 1);
}

#[test]
fn a_shopper_above_the_limit_is_found() {
    let mut history = right();
    history.orders[1].shopper = shopper(1);
    assert_eq!(audit(&history).doubled, 1);
}

#[test]
fn two_orders_for_one_key_are_found_below_the_limit() {
    let mut history = right_without_a_log();
    history.unit_limit = 2;
    history.orders[1].shopper = shopper(1);
    assert_eq!(audit(&history).doubled, 0);
    history.orders[1].key_hash = 11;
    assert_eq!(audit(&history).doubled, 1);
}

#[test]
fn a_win_after_sold_out_is_found_without_the_log() {
    let mut history = right_without_a_log();
    history.records[2].seq = 10;
    assert_eq!(audit(&history).won_after_sold_out, 1);
    // Unless an operator brought units in between.
    history.records.push(Record {
        seq: 9,
        ..record(9, "a")
    });
    history.records[1].seq = 8;
    assert_eq!(audit(&history).won_after_sold_out, 0);
}

#[test]
fn sold_out_with_units_left_turns_shoppers_away() {
    let mut history = right_without_a_log();
    history.stock = 3;
    assert_eq!(audit(&history).turned_away, Some(2));
}

#[test]
fn where_units_came_back_nobody_can_say_who_was_turned_away() {
    let mut history = right_without_a_log();
    history.stock = 3;
    history.records.push(record(11, "a"));
    assert_eq!(audit(&history).turned_away, None);

    // With the log it is known which command that was.
    let after = |action: &str| {
        let mut history = right();
        let log = history.log.as_mut().expect("a log");
        log.records.push(logged(11, command(2, action)));
        history.cursor = 11;
        audit(&history).turned_away
    };
    assert_eq!(after(r#"{"pause":{}}"#), Some(0));
    assert_eq!(after(r#"{"restock":{"stock":3,"version":1}}"#), None);
}
