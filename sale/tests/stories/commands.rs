//! One story for each ruling of a command.

use sale::{
    Action, Allocation, AllocationError, CommandRuling, Effect, Lost, Partition, Place, Ruling,
    SaleId, SaleState, Win,
};

use crate::story::{
    ENDS_AT, STARTS_AT, given_a_sale_of, given_no_sale, moment, nothing_changed, seq, shopper,
    terms,
};

#[test]
fn an_opened_sale_is_whole_and_has_version_one() {
    let story = given_a_sale_of(7);
    let sale = story.sale();
    assert_eq!((sale.stock, sale.sold, sale.unit_limit), (7, 0, 1));
    assert_eq!((sale.version, sale.revision), (1, seq(1)));
    assert!(!sale.paused && !sale.closed);
}

#[test]
fn every_applied_command_adds_one_version_and_carries_the_sale_after_it() {
    let mut story = given_a_sale_of(7);
    let decision = story.commands_as(1, Action::Pause {});
    assert_eq!(decision.effect, Some(Effect::Changed(story.sale().clone())));
    assert_eq!((story.sale().version, story.sale().revision), (2, seq(2)));
    story.commands_as(2, Action::Resume {});
    story.buys("ann", "a");
    assert_eq!((story.sale().version, story.sale().revision), (3, seq(4)));
    story.buys("ann", "b");
    assert_eq!(
        story.sale().revision,
        seq(4),
        "a lost purchase changes nothing"
    );
}

#[test]
fn the_same_command_id_changes_a_sale_once() {
    let mut story = given_a_sale_of(7);
    story.commands_as(1, Action::Pause {});
    story.commands_as(2, Action::Resume {});
    let before = story.sale().clone();
    let again = story.commands_as(1, Action::Pause {});
    assert_eq!(
        (again.ruling, again.effect),
        (CommandRuling::Repeated, None)
    );
    assert_eq!(*story.sale(), before);
}

#[test]
fn a_repeated_opening_is_told_from_a_second_one() {
    let mut story = given_no_sale();
    story.commands_as(1, Action::Open(terms(5, 1)));
    let again = story.commands_as(1, Action::Open(terms(5, 1)));
    let second = story.commands_as(2, Action::Open(terms(9, 1)));
    assert_eq!(again.ruling, CommandRuling::Repeated);
    assert_eq!(second.ruling, CommandRuling::AlreadyOpen);
    assert_eq!(story.sale().stock, 5);
}

#[test]
fn the_id_of_a_refused_command_is_still_free() {
    let mut story = given_a_sale_of(7);
    let refused = story.commands_as(
        1,
        Action::Restock {
            stock: 9,
            version: 2,
        },
    );
    assert_eq!(refused.ruling, CommandRuling::StaleVersion);
    story.commands_as(2, Action::Pause {});
    let applied = story.commands_as(
        1,
        Action::Restock {
            stock: 9,
            version: 2,
        },
    );
    assert_eq!(applied.ruling, CommandRuling::Applied);
}

#[test]
fn commands_for_a_sale_nobody_opened_find_nothing() {
    let mut story = given_no_sale();
    let nowhere = story.last_place(0);
    assert_eq!(story.commands(Action::Pause {}), CommandRuling::UnknownSale);
    assert_eq!(story.restocks(1, 1), CommandRuling::UnknownSale);
    assert_eq!(story.cancels(nowhere), CommandRuling::UnknownSale);
}

#[test]
fn a_restock_sets_the_stock_absolutely() {
    let mut story = given_a_sale_of(1);
    story.buys("ann", "a");
    assert_eq!(story.restocks(3, 1), CommandRuling::Applied);
    assert_eq!((story.sale().stock, story.sale().remaining()), (3, 2));
}

#[test]
fn a_restock_against_a_stale_version_changes_nothing() {
    let mut story = given_a_sale_of(1);
    assert_eq!(story.restocks(3, 1), CommandRuling::Applied);
    assert_eq!(story.restocks(5, 1), CommandRuling::StaleVersion);
    assert_eq!(story.restocks(5, 3), CommandRuling::StaleVersion);
    assert_eq!(story.sale().stock, 3);
}

#[test]
fn a_restock_reaches_down_to_what_is_sold_and_not_below() {
    let mut story = given_a_sale_of(5);
    story.group(&[("ann", "a"), ("ben", "b")]);
    assert_eq!(story.restocks(1, 1), CommandRuling::BelowSold);
    assert_eq!(story.restocks(10_000_001, 1), CommandRuling::Invalid);
    assert_eq!(story.restocks(2, 1), CommandRuling::Applied);
    assert_eq!(story.buys("cem", "c"), Ruling::Lost(Lost::SoldOut));
}

#[test]
fn close_is_final_but_an_order_can_still_be_cancelled() {
    let mut story = given_a_sale_of(5);
    story.buys("ann", "a");
    let order = story.last_place(0);
    assert_eq!(story.commands(Action::Close {}), CommandRuling::Applied);
    for action in [Action::Pause {}, Action::Resume {}, Action::Close {}] {
        assert_eq!(story.commands(action), CommandRuling::Closed);
    }
    let version = story.sale().version;
    assert_eq!(story.restocks(9, version), CommandRuling::Closed);
    assert_eq!(story.changes(nothing_changed()), CommandRuling::Closed);
    assert_eq!(story.cancels(order), CommandRuling::Applied);
    assert_eq!(story.sale().sold, 0);
    assert_eq!(story.buys("ann", "b"), Ruling::Lost(Lost::Closed));
}

#[test]
fn an_order_is_cancelled_once() {
    let mut story = given_a_sale_of(5);
    story.group(&[("ann", "a"), ("ben", "b")]);
    let order = story.last_place(1);
    let decision = story.commands_as(
        1,
        Action::Cancel {
            seq: order.seq,
            index: 1,
        },
    );
    let sale = story.sale().clone();
    assert_eq!(sale.sold, 1);
    assert_eq!(decision.effect, Some(Effect::Cancelled { sale, order }));
    assert_eq!(story.cancels(order), CommandRuling::AlreadyCancelled);
    assert_eq!(story.sale().sold, 1);
}

#[test]
fn only_a_won_place_can_be_cancelled() {
    let mut story = given_a_sale_of(1);
    story.group(&[("ann", "a"), ("ben", "b"), ("ann", "a")]);
    let (won, lost, replay) = (
        story.last_place(0),
        story.last_place(1),
        story.last_place(2),
    );
    let elsewhere = Place {
        seq: seq(99),
        ..won
    };
    for place in [lost, replay, elsewhere] {
        assert_eq!(story.cancels(place), CommandRuling::UnknownOrder, "{place}");
    }
}

#[test]
fn a_sale_tells_its_state_at_any_moment() {
    let mut story = given_a_sale_of(1);
    let states = [STARTS_AT - 1, STARTS_AT, ENDS_AT - 1, ENDS_AT]
        .map(|now| story.sale().state(moment(now)).as_str());
    assert_eq!(states, ["upcoming", "active", "active", "ended"]);
    story.buys("ann", "a");
    assert_eq!(story.sale().state(moment(STARTS_AT)), SaleState::SoldOut);
    story.commands(Action::Pause {});
    assert_eq!(story.sale().state(moment(STARTS_AT)), SaleState::Paused);
    story.commands(Action::Close {});
    assert_eq!(story.sale().state(moment(ENDS_AT)), SaleState::Closed);
}

#[test]
fn loading_refuses_what_contradicts_itself() {
    let sale = given_a_sale_of(1).sale().clone();
    let win = Win {
        key: sale::KeyHash::of("a"),
        seq: seq(1),
        index: 0,
        nth: 0,
        cancelled: false,
    };
    let elsewhere = Partition::try_from(3).unwrap();
    let mut foreign = Allocation::new(elsewhere, moment(0));
    let unknown = SaleId::new(elsewhere, moment(0), 1);
    assert_eq!(
        foreign.load_sale(sale.clone(), []),
        Err(AllocationError::ForeignSale(sale.id))
    );
    assert_eq!(
        foreign.load_win(unknown, shopper("ann"), win),
        Err(AllocationError::UnknownSale(unknown))
    );
}
