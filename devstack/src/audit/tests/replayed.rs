//! The rules of a sale, one by one.

use super::*;

/// What the records should be ruled, one after the other, as words; the first one is at 1 ms.
fn ruled(bodies: impl IntoIterator<Item = Body>) -> Vec<String> {
    at((1..).zip(bodies))
}

fn at(bodies: impl IntoIterator<Item = (i64, Body)>) -> Vec<String> {
    let replay = replayed(bodies);
    let records = replay.records.into_iter();
    records.map(|record| record.rulings).collect()
}

fn replayed(bodies: impl IntoIterator<Item = (i64, Body)>) -> Replay {
    let record = |(seq, (at_ms, body))| LoggedRecord { seq, at_ms, body };
    let log = Log {
        partition: 3,
        first_seq: 1,
        records: (1..).zip(bodies).map(record).collect(),
    };
    Replay::of(&log, u64::MAX)
}

const PAUSE: &str = r#"{"pause":{}}"#;
const RESUME: &str = r#"{"resume":{}}"#;
const CLOSE: &str = r#"{"close":{}}"#;

fn restock(stock: u32, version: u32) -> String {
    format!(r#"{{"restock":{{"stock":{stock},"version":{version}}}}}"#)
}

fn cancel(seq: u64, index: u16) -> String {
    format!(r#"{{"cancel":{{"seq":{seq},"index":{index}}}}}"#)
}

#[test]
fn the_earlier_place_wins_and_the_limit_is_told_before_the_stock() {
    let rush = wishes(&[(1, 1), (1, 2), (2, 3), (3, 4), (1, 5)]);
    assert_eq!(ruled([opening(2, 1), rush]), ["a", "WLWSL"]);
}

#[test]
fn a_key_that_won_stands_for_its_order_for_ever() {
    let again = || wishes(&[(1, 1)]);
    let replay = replayed([
        (1, opening(1, 1)),
        (2, wishes(&[(1, 1), (1, 1)])),
        (3, command(2, &cancel(2, 0))),
        (4, again()),
        (5, command(3, CLOSE)),
        (ENDS_AT_MS, again()),
    ]);
    let first = Place::of(ticket(2, 0)).packed();
    let words = replay.records.iter().map(|record| &*record.rulings);
    assert_eq!(words.collect::<Vec<_>>(), ["a", "WR", "a", "R", "a", "R"]);
    for record in [1, 3, 5] {
        assert_eq!(replay.records[record].refs, [first]);
    }
    assert!(replay.orders[0].is_cancelled && replay.has_returns);
}

#[test]
fn a_key_that_lost_may_compete_again() {
    let again = || wishes(&[(1, 1)]);
    let more = command(2, &restock(1, 1));
    assert_eq!(
        ruled([opening(0, 1), again(), more, again()]),
        ["a", "S", "a", "W"]
    );
}

#[test]
fn a_new_order_takes_the_lowest_number_that_is_free() {
    let replay = replayed([
        (1, opening(9, 2)),
        (2, wishes(&[(1, 1), (1, 2)])),
        (3, command(2, &cancel(2, 0))),
        (4, wishes(&[(1, 3), (1, 4)])),
    ]);
    assert_eq!(replay.records[3].rulings, "WL");
    let nths = replay.orders.iter().map(|order| order.nth);
    assert_eq!(nths.collect::<Vec<_>>(), [0, 1, 0]);
}

#[test]
fn the_window_is_told_by_log_time_which_never_runs_back() {
    let wish = |key| wishes(&[(1, key)]);
    let words = at([
        (9, opening_from(50, 9, 9)),
        (9, command(2, r#"{"change":{"starts_at_ms":100}}"#)),
        (99, wish(1)),
        (100, wish(2)),
        (ENDS_AT_MS - 1, wish(3)),
        (ENDS_AT_MS, wish(4)),
        (ENDS_AT_MS - 1, wish(5)),
    ]);
    assert_eq!(words, ["a", "a", "N", "W", "W", "E", "E"]);
}

#[test]
fn a_paused_a_closed_and_an_unknown_sale_refuse() {
    let wish = |key| wishes(&[(1, key)]);
    let words = ruled([
        wish(1),
        opening(9, 9),
        command(2, PAUSE),
        wish(1),
        command(3, RESUME),
        wish(2),
        command(4, CLOSE),
        wish(3),
    ]);
    assert_eq!(words, ["U", "a", "a", "P", "a", "W", "a", "C"]);
}

#[test]
fn a_record_that_nobody_can_read_is_one_letter() {
    let unreadable = Body::Malformed("no JSON".to_owned());
    assert_eq!(
        ruled([opening(1, 1), unreadable, wishes(&[(1, 1)])]),
        ["a", "M", "W"]
    );
}

#[test]
fn a_command_changes_a_sale_once_and_a_refused_one_may_come_again() {
    let words = ruled([
        command(2, PAUSE),
        opening(5, 1),
        opening(5, 1),
        command(
            9,
            r#"{"open":{"product":{"id":"00000000-0000-0000-0000-000000000000","name":"L"},"price":{"amount_minor":1,"currency":"EUR"},"stock":1,"unit_limit":1,"starts_at_ms":0,"ends_at_ms":9}}"#,
        ),
        command(3, &restock(6, 2)),
        command(2, PAUSE),
        command(3, &restock(6, 2)),
        command(3, &restock(7, 3)),
    ]);
    assert_eq!(words, ["u", "a", "r", "o", "v", "a", "a", "r"]);
}

#[test]
fn a_restock_has_seen_the_sale_and_stays_above_what_is_sold() {
    let words = ruled([
        opening(5, 1),
        wishes(&[(1, 1), (2, 2)]),
        command(2, &restock(1, 1)),
        command(3, &restock(10_000_001, 1)),
        command(4, &restock(2, 1)),
        wishes(&[(3, 3)]),
    ]);
    assert_eq!(words, ["a", "WW", "b", "i", "a", "S"]);
}

#[test]
fn only_a_won_place_can_be_cancelled_and_once() {
    let words = ruled([
        opening(1, 1),
        wishes(&[(1, 1), (2, 2)]),
        command(2, &cancel(2, 1)),
        command(3, &cancel(2, 0)),
        command(4, &cancel(2, 0)),
        wishes(&[(2, 3)]),
        command(5, CLOSE),
        command(6, &cancel(6, 0)),
        command(7, PAUSE),
    ]);
    assert_eq!(words, ["a", "WS", "n", "a", "d", "W", "a", "a", "c"]);
}

#[test]
fn terms_change_while_the_window_has_not_passed_and_limits_only_go_up() {
    let change = |id, terms: &str| command(id, &format!(r#"{{"change":{{{terms}}}}}"#));
    let words = at([
        (1, opening_from(10, 5, 2)),
        (2, change(2, r#""unit_limit":1"#)),
        (2, change(3, r#""unit_limit":101"#)),
        (2, change(4, r#""starts_at_ms":1000"#)),
        (2, change(5, r#""unit_limit":3"#)),
        (15, change(6, r#""starts_at_ms":19"#)),
        (15, change(7, r#""starts_at_ms":10,"ends_at_ms":50"#)),
        (49, change(8, r#""ends_at_ms":49"#)),
        (50, change(9, r#""ends_at_ms":900"#)),
    ]);
    assert_eq!(words, ["a", "l", "i", "i", "a", "w", "a", "w", "w"]);
}

#[test]
fn impossible_terms_open_nothing() {
    for (stock, unit_limit) in [(10_000_001, 1), (1, 0), (1, 101)] {
        let words = ruled([opening(stock, unit_limit), wishes(&[(1, 1)])]);
        assert_eq!(words, ["i", "U"], "{stock} {unit_limit}");
    }
}
