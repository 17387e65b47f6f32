//! Never oversold, never above the limit, and no unit kept back.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::Books;
use super::findings::Findings;

/// By the stock of the log, where it is known: a stock that was raised by hand hides nothing.
pub(super) fn oversold(books: &Books<'_>) -> usize {
    let sold = books.history.live_orders().count();
    sold.saturating_sub(stock(books))
}

pub(super) fn miscounted(books: &Books<'_>) -> usize {
    let sold = books.history.live_orders().count();
    sold.abs_diff(books.history.sold)
}

/// Shoppers above the limit, or with two orders for one key.
pub(super) fn doubled(books: &Books<'_>) -> usize {
    let limit = books
        .standing()
        .map_or(books.history.unit_limit, |standing| {
            usize::from(standing.unit_limit)
        });
    let mut units: HashMap<Uuid, usize> = HashMap::new();
    for order in books.history.live_orders() {
        *units.entry(order.shopper).or_default() += 1;
    }
    let above = units.into_iter().filter(|(_, units)| *units > limit);
    let mut doubled: HashSet<Uuid> = above.map(|(shopper, _)| shopper).collect();
    let mut keys = HashSet::new();
    for order in &books.history.orders {
        if !keys.insert((order.shopper, order.key_hash)) {
            doubled.insert(order.shopper);
        }
    }
    doubled.len()
}

/// Units only ever go, but for what operators do: until the next command nobody wins after a "sold out".
pub(super) fn won_after_sold_out(books: &Books<'_>) -> usize {
    let (mut is_sold_out, mut after) = (false, 0);
    for (_, letter) in books.rulings.places() {
        match letter {
            'a' => is_sold_out = false,
            'S' => is_sold_out = true,
            'W' if is_sold_out => after += 1,
            _ => {}
        }
    }
    after
}

/// "Sold out", said while units were left in the end. Nothing can be said where units came back.
pub(super) fn turned_away(books: &Books<'_>, findings: &Findings) -> Option<usize> {
    if may_have_returns(books) {
        return None;
    }
    if books.history.live_orders().count() >= stock(books) {
        return Some(0);
    }
    let told = |by: &BTreeMap<String, usize>| by.get("sold-out").copied().unwrap_or_default();
    Some(told(&findings.lost) + told(&findings.refused))
}

fn may_have_returns(books: &Books<'_>) -> bool {
    let applied = |(_, letter): &(_, char)| *letter == 'a';
    books.replay.as_ref().map_or_else(
        // Without the log, any command after the opening may have been one that brings units.
        || books.rulings.places().filter(applied).count() > 1,
        |replay| replay.has_returns,
    )
}

fn stock(books: &Books<'_>) -> usize {
    books
        .standing()
        .map_or(books.history.stock, |standing| standing.stock as usize)
}
