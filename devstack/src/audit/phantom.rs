//! Orders that nobody asked for.

use std::collections::HashSet;

use uuid::Uuid;

use super::Books;
use super::attempt::Outcome;
use super::history::Asked;
use super::log::Log;
use super::place::Place;

/// Places that won and are not in the log, or are somebody else's there; and orders of whoever did not ask for them.
/// Nothing can be said where neither the log nor all attempts are known.
pub(super) fn phantom(books: &Books<'_>) -> Option<usize> {
    let history = books.history;
    let by_log = history.whole_log().map(|log| unlogged(books, log));
    let by_attempts = (history.asked == Asked::ByNobodyElse).then(|| unasked(books));
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

/// Orders whose place nobody was given, of shoppers who know what came of each of their attempts.
fn unasked(books: &Books<'_>) -> HashSet<Place> {
    let history = books.history;
    let unsure: HashSet<Uuid> = history
        .attempts
        .iter()
        .filter(|attempt| matches!(attempt.outcome, Outcome::Unknown(_)))
        .map(|attempt| attempt.shopper)
        .collect();
    // A repeated key may have been given a place of its own, which points at that of the order.
    let given: HashSet<Place> = history
        .accepted()
        .map(|accepted| Place::of(accepted.ticket))
        .map(|place| books.rulings.reference(place).unwrap_or(place))
        .collect();
    let orders = history.orders.iter();
    orders
        .filter(|order| !unsure.contains(&order.shopper))
        .map(|order| Place::of(order.ticket))
        .filter(|place| !given.contains(place))
        .collect()
}
