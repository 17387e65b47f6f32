//! Orders that nobody asked for.

use std::collections::HashSet;

use uuid::Uuid;

use super::Books;
use super::history::{Asked, History};
use super::log::Log;
use super::place::Place;

/// Places that won and are not in the log, or are somebody else's there; and orders of whoever asked for nothing.
/// Nothing can be said where neither the log nor all attempts are known.
pub(super) fn phantom(books: &Books<'_>) -> Option<usize> {
    let history = books.history;
    let by_log = history.whole_log().map(|log| unlogged(books, log));
    let by_attempts = (history.asked == Asked::ByNobodyElse).then(|| unasked(history));
    match (by_log, by_attempts) {
        (None, None) => None,
        (by_log, by_attempts) => {
            let both = by_log.into_iter().chain(by_attempts).flatten();
            Some(both.collect::<HashSet<Place>>().len())
        }
    }
}

fn unlogged(books: &Books<'_>, log: &Log) -> HashSet<Place> {
    let mut phantoms = HashSet::new();
    for order in &books.history.orders {
        let place = Place::of(order.ticket);
        let logged = log.at(place);
        if logged.is_none_or(|purchase| purchase.shopper != order.shopper) {
            phantoms.insert(place);
        }
    }
    let won = books.rulings.places();
    let won = won.filter(|(place, letter)| matches!(letter, 'W' | 'R') && log.at(*place).is_none());
    phantoms.extend(won.map(|(place, _)| place));
    phantoms
}

fn unasked(history: &History) -> HashSet<Place> {
    let shoppers: HashSet<Uuid> = history
        .attempts
        .iter()
        .map(|attempt| attempt.shopper)
        .collect();
    let orders = history.orders.iter();
    orders
        .filter(|order| !shoppers.contains(&order.shopper))
        .map(|order| Place::of(order.ticket))
        .collect()
}
