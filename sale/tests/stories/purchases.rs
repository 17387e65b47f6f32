//! One story for each ruling of a purchase.

use sale::{Action, Change, CommandRuling, Lost, Outcome, Ruling};

use crate::story::{
    ENDS_AT, STARTS_AT, given_a_sale_of, given_a_sale_with_limit, given_no_sale, letters, moment,
    nothing_changed, shopper,
};

#[test]
fn the_last_unit_goes_to_the_earlier_place() {
    let mut story = given_a_sale_of(1);
    let decision = story.group(&[("ann", "a"), ("ben", "b")]);
    assert_eq!(letters(&decision.rulings), "WS");
    assert_eq!(decision.won[0].shopper, shopper("ann"));
    assert_eq!(story.sale().remaining(), 0);
}

#[test]
fn the_last_unit_goes_to_the_earlier_record() {
    let mut story = given_a_sale_of(1);
    assert_eq!(story.buys("ann", "a"), Ruling::Won);
    assert_eq!(story.buys("ben", "b"), Ruling::Lost(Lost::SoldOut));
}

#[test]
fn a_sale_without_stock_is_sold_out_from_the_start() {
    let mut story = given_a_sale_of(0);
    assert_eq!(story.buys("ann", "a"), Ruling::Lost(Lost::SoldOut));
}

#[test]
fn an_order_tells_all_that_its_row_needs() {
    let mut story = given_a_sale_with_limit(9, 3);
    story.buys("ann", "a");
    let decision = story.group(&[("ben", "b"), ("ann", "c")]);
    let won = decision.won[1];
    assert_eq!((won.index, won.shopper), (1, shopper("ann")));
    assert_eq!((won.nth, won.unit_limit), (1, 3));
    assert_eq!(won.key, sale::KeyHash::of("c"));
}

#[test]
fn one_shopper_wins_up_to_the_limit_and_no_further() {
    let mut story = given_a_sale_with_limit(9, 2);
    let decision = story.group(&[("ann", "a"), ("ann", "b"), ("ann", "c"), ("ben", "d")]);
    assert_eq!(letters(&decision.rulings), "WWLW");
    let nths: Vec<u16> = decision.won.iter().map(|won| won.nth).collect();
    assert_eq!(nths, [0, 1, 0]);
}

#[test]
fn at_the_limit_the_limit_is_the_reason_even_when_all_is_sold() {
    let mut story = given_a_sale_of(1);
    story.buys("ann", "a");
    assert_eq!(story.buys("ann", "b"), Ruling::Lost(Lost::LimitReached));
}

#[test]
fn the_same_key_again_is_a_replay_of_the_first_order() {
    let mut story = given_a_sale_with_limit(9, 2);
    story.group(&[("ben", "b"), ("ann", "a")]);
    let first = story.last_place(1);
    let again = story.group(&[("ann", "a"), ("ann", "a")]);
    assert_eq!(letters(&again.rulings), "RR");
    assert_eq!(again.replayed, [first, first]);
    assert_eq!(story.sale().sold, 2);
}

#[test]
fn a_key_repeated_in_its_own_record_wins_once() {
    let mut story = given_a_sale_with_limit(9, 2);
    let decision = story.group(&[("ann", "a"), ("ann", "a")]);
    assert_eq!(letters(&decision.rulings), "WR");
    assert_eq!(decision.replayed, [story.last_place(0)]);
}

#[test]
fn two_shoppers_may_use_the_same_key() {
    let mut story = given_a_sale_of(2);
    let decision = story.group(&[("ann", "same"), ("ben", "same")]);
    assert_eq!(letters(&decision.rulings), "WW");
}

#[test]
fn a_replay_stays_one_whatever_became_of_the_sale() {
    let mut story = given_a_sale_of(1);
    story.buys("ann", "a");
    story.commands(Action::Pause {});
    assert_eq!(story.buys("ann", "a"), Ruling::Replay);
    story.at(ENDS_AT);
    assert_eq!(story.buys("ann", "a"), Ruling::Replay);
    story.commands(Action::Close {});
    assert_eq!(story.buys("ann", "a"), Ruling::Replay);
}

#[test]
fn a_key_that_lost_may_compete_again() {
    let mut story = given_a_sale_of(0);
    assert_eq!(story.buys("ann", "a"), Ruling::Lost(Lost::SoldOut));
    let version = story.sale().version;
    assert_eq!(story.restocks(1, version), CommandRuling::Applied);
    assert_eq!(story.buys("ann", "a"), Ruling::Won);
}

#[test]
fn the_window_takes_its_first_millisecond_and_refuses_the_one_before() {
    let mut story = given_no_sale();
    story.at(0).opens(crate::story::terms(9, 9));
    story.at(STARTS_AT - 1);
    assert_eq!(story.buys("ann", "a"), Ruling::Lost(Lost::NotStarted));
    story.at(STARTS_AT);
    assert_eq!(story.buys("ann", "a"), Ruling::Won);
}

#[test]
fn the_window_takes_its_last_millisecond_and_refuses_the_one_after() {
    let mut story = given_a_sale_of(9);
    story.at(ENDS_AT - 1);
    assert_eq!(story.buys("ann", "a"), Ruling::Won);
    story.at(ENDS_AT);
    assert_eq!(story.buys("ben", "b"), Ruling::Lost(Lost::Ended));
}

#[test]
fn a_timestamp_that_runs_back_does_not_reopen_the_window() {
    let mut story = given_a_sale_of(9);
    story.at(ENDS_AT).buys("ann", "a");
    story.at(ENDS_AT - 1);
    assert_eq!(story.buys("ben", "b"), Ruling::Lost(Lost::Ended));
    assert_eq!(story.allocation.log_time(), moment(ENDS_AT));
}

#[test]
fn a_malformed_record_moves_log_time_and_nothing_else() {
    let mut story = given_a_sale_of(9);
    let before = story.sale().clone();
    let at = story.at(ENDS_AT).next_position();
    let decision = story.allocation.decide_malformed(at);
    assert_eq!(decision.outcome, Outcome::Malformed);
    assert_eq!(decision.log_time, moment(ENDS_AT));
    assert_eq!(*story.sale(), before);
    story.at(STARTS_AT);
    assert_eq!(story.buys("ann", "a"), Ruling::Lost(Lost::Ended));
}

#[test]
fn a_paused_sale_refuses_until_it_is_resumed() {
    let mut story = given_a_sale_of(9);
    story.commands(Action::Pause {});
    assert_eq!(story.buys("ann", "a"), Ruling::Lost(Lost::Paused));
    story.commands(Action::Resume {});
    assert_eq!(story.buys("ann", "a"), Ruling::Won);
}

#[test]
fn a_closed_sale_refuses_and_says_so() {
    let mut story = given_a_sale_of(9);
    story.commands(Action::Pause {});
    story.commands(Action::Close {});
    assert_eq!(story.buys("ann", "a"), Ruling::Lost(Lost::Closed));
}

#[test]
fn a_sale_nobody_opened_is_unknown() {
    let mut story = given_no_sale();
    let decision = story.group(&[("ann", "a"), ("ben", "b")]);
    assert_eq!(letters(&decision.rulings), "UU");
}

#[test]
fn after_a_cancel_a_new_key_wins_and_the_old_one_is_a_replay() {
    let mut story = given_a_sale_of(1);
    story.buys("ann", "old");
    let order = story.last_place(0);
    assert_eq!(story.cancels(order), CommandRuling::Applied);
    let decision = story.group(&[("ann", "old"), ("ann", "new")]);
    assert_eq!(letters(&decision.rulings), "RW");
    assert_eq!(decision.replayed, [order]);
    assert_eq!(decision.won[0].nth, 0);
}

#[test]
fn a_cancelled_unit_goes_to_whoever_comes_next() {
    let mut story = given_a_sale_of(1);
    story.buys("ann", "a");
    let order = story.last_place(0);
    assert_eq!(story.buys("ben", "b"), Ruling::Lost(Lost::SoldOut));
    story.cancels(order);
    assert_eq!(story.buys("cem", "c"), Ruling::Won);
}

#[test]
fn a_new_order_takes_the_lowest_number_that_is_free() {
    let mut story = given_a_sale_with_limit(9, 3);
    story.group(&[("ann", "a"), ("ann", "b"), ("ann", "c")]);
    let second = story.last_place(1);
    story.cancels(second);
    let decision = story.group(&[("ann", "d"), ("ann", "e")]);
    assert_eq!(letters(&decision.rulings), "WL");
    assert_eq!(decision.won[0].nth, 1);
}

#[test]
fn a_raised_limit_lets_the_same_shopper_win_again() {
    let mut story = given_a_sale_of(9);
    story.buys("ann", "a");
    assert_eq!(story.buys("ann", "b"), Ruling::Lost(Lost::LimitReached));
    let raised = Change {
        unit_limit: Some(2),
        ..nothing_changed()
    };
    assert_eq!(story.changes(raised), CommandRuling::Applied);
    let decision = story.group(&[("ann", "b")]);
    assert_eq!(letters(&decision.rulings), "W");
    assert_eq!((decision.won[0].nth, decision.won[0].unit_limit), (1, 2));
}
