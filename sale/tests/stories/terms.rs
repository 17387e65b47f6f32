//! The terms a sale can have, and how far they can still change.

use sale::{Change, CommandRuling, Ruling};

use crate::story::{
    ENDS_AT, STARTS_AT, given_a_sale_of, given_a_sale_with_limit, given_no_sale, moment,
    nothing_changed, terms,
};

#[test]
fn impossible_terms_are_invalid_and_leave_the_sale_unopened() {
    let mut story = given_no_sale();
    let mut empty_window = terms(1, 1);
    empty_window.ends_at_ms = empty_window.starts_at_ms;
    let mut no_currency = terms(1, 1);
    no_currency.price.currency = "eur".into();
    let mut unnamed = terms(1, 1);
    unnamed.product.name = String::new();
    let mut long_named = terms(1, 1);
    long_named.product.name = "ö".repeat(201);
    let impossible = [terms(10_000_001, 1), terms(1, 0), terms(1, 101)];
    for terms in impossible
        .into_iter()
        .chain([empty_window, no_currency, unnamed, long_named])
    {
        assert_eq!(
            story.opens(terms.clone()),
            CommandRuling::Invalid,
            "{terms:?}"
        );
    }
    let mut largest = terms(10_000_000, 100);
    largest.product.name = "ö".repeat(200);
    assert_eq!(story.opens(largest), CommandRuling::Applied);
}

#[test]
fn a_change_touches_only_what_it_names() {
    let mut story = given_a_sale_with_limit(7, 2);
    let longer = Change {
        ends_at_ms: Some(moment(ENDS_AT + 1)),
        ..nothing_changed()
    };
    assert_eq!(story.changes(longer), CommandRuling::Applied);
    story.at(ENDS_AT);
    assert_eq!(story.buys("ann", "a"), Ruling::Won);
    assert_eq!(story.sale().unit_limit, 2);
    assert_eq!(story.sale().starts_at_ms, moment(STARTS_AT));
}

#[test]
fn a_start_can_move_until_it_has_come() {
    let mut story = given_no_sale();
    let starts_at = |ms| Change {
        starts_at_ms: Some(moment(ms)),
        ..nothing_changed()
    };
    story.at(STARTS_AT - 1).opens(terms(5, 1));
    assert_eq!(
        story.changes(starts_at(STARTS_AT + 5)),
        CommandRuling::Applied
    );
    story.at(STARTS_AT + 5);
    assert_eq!(
        story.changes(starts_at(STARTS_AT + 9)),
        CommandRuling::WindowPassed
    );
    let unmoved = story.changes(starts_at(STARTS_AT + 5));
    assert_eq!(
        unmoved,
        CommandRuling::Applied,
        "naming the same start moves nothing"
    );
}

#[test]
fn a_window_that_has_passed_stays_passed() {
    let mut story = given_a_sale_of(5);
    let ends_at = |ms| Change {
        ends_at_ms: Some(moment(ms)),
        ..nothing_changed()
    };
    story.at(ENDS_AT - 1);
    assert_eq!(
        story.changes(ends_at(ENDS_AT - 1)),
        CommandRuling::WindowPassed
    );
    story.at(ENDS_AT);
    assert_eq!(
        story.changes(ends_at(ENDS_AT + 100)),
        CommandRuling::WindowPassed
    );
}

#[test]
fn a_change_must_leave_a_window_and_a_sane_limit() {
    let mut story = given_no_sale();
    story.at(STARTS_AT - 100).opens(terms(5, 2));
    let empty = Change {
        starts_at_ms: Some(moment(ENDS_AT)),
        ..nothing_changed()
    };
    let limit = |unit_limit| Change {
        unit_limit: Some(unit_limit),
        ..nothing_changed()
    };
    assert_eq!(story.changes(empty), CommandRuling::Invalid);
    assert_eq!(story.changes(limit(101)), CommandRuling::Invalid);
    assert_eq!(story.changes(limit(1)), CommandRuling::LimitLowered);
    assert_eq!(story.changes(limit(100)), CommandRuling::Applied);
}
