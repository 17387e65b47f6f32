//! Whether shoppers, decisions, orders and log tell the same.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::Books;
use super::attempt::{Accepted, Outcome, Verdict, Word};
use super::history::{Asked, History};
use super::place::Place;

/// Accepted places that stand nowhere in the log, or are not decided.
pub(super) fn lost(books: &Books<'_>) -> usize {
    let log = books.history.whole_log();
    let is_lost = |place: &Place| {
        books.rulings.letter(*place).is_none() || log.is_some_and(|log| log.at(*place).is_none())
    };
    let places = books.history.accepted();
    let places: HashSet<Place> = places.map(|accepted| Place::of(accepted.ticket)).collect();
    places.into_iter().filter(is_lost).count()
}

/// Attempts that were accepted, waited to be told, and were not.
pub(super) fn unheard(books: &Books<'_>) -> usize {
    let accepted = books.history.accepted();
    accepted
        .filter(|accepted| accepted.heard.is_empty())
        .count()
}

/// Places of which not everybody tells the same.
pub(super) fn contradictions(books: &Books<'_>) -> usize {
    let owners = owners(books.history);
    let orders = Orders::of(books.history);
    let mut places = HashSet::new();
    for accepted in books.history.accepted() {
        let place = Place::of(accepted.ticket);
        let is_own = owners.of(place) == Some(accepted.shopper);
        if !is_own || !is_consistent(accepted.heard) || !agree(books, &orders, accepted) {
            places.insert(place);
        }
    }
    places.extend(shared(books.history));
    places.extend(orders.strange(books, &owners));
    places.extend(sold_to_the_refused(books.history));
    places.len()
}

/// Places that stand for two wishes of their shopper: one of the two is not in the log.
fn shared(history: &History) -> Vec<Place> {
    let mut wishes = HashMap::new();
    let wishing = history.attempts.iter().filter_map(|attempt| {
        let accepted = attempt.accepted()?;
        Some((Place::of(accepted.ticket), accepted.shopper, attempt.wish?))
    });
    wishing
        .filter(|(place, shopper, wish)| wishes.entry((*place, *shopper)).or_insert(*wish) != wish)
        .map(|(place, ..)| place)
        .collect()
}

/// Whose a place is: by the log, or whoever was told of it first. They may be told again: a repeated key has
/// the same ticket.
struct Owners<'a> {
    history: &'a History,
    told: HashMap<Place, Uuid>,
}

fn owners(history: &History) -> Owners<'_> {
    let mut told = HashMap::new();
    for accepted in history.accepted() {
        let place = Place::of(accepted.ticket);
        told.entry(place).or_insert(accepted.shopper);
    }
    Owners { history, told }
}

impl Owners<'_> {
    fn of(&self, place: Place) -> Option<Uuid> {
        let logged = self.history.log.as_ref().and_then(|log| log.at(place));
        let told = self.told.get(&place).copied();
        logged.map(|purchase| purchase.shopper).or(told)
    }
}

/// Whether all results that were told are one.
fn is_consistent(heard: &[Word]) -> bool {
    let listed = |word: &Word| match word {
        Word::Listed(order) => Some(Verdict::Won(*order)),
        word => word.verdict().cloned(),
    };
    let mut results = heard.iter().filter_map(listed);
    let first = results.next();
    results.all(|result| Some(result) == first)
}

/// Whether what was told is what was decided. What was not decided is lost, not contradicted.
fn agree(books: &Books<'_>, orders: &Orders<'_>, accepted: Accepted<'_>) -> bool {
    let place = Place::of(accepted.ticket);
    let Some(letter) = books.rulings.letter(place) else {
        return true;
    };
    let order = match letter {
        'W' => Some(place),
        'R' => books.rulings.reference(place),
        _ => None,
    };
    let is_won = |told: Uuid| {
        // A repeated key wins by pointing at the first order.
        let is_the_one =
            Some(Place::of(told)) == order && (told == accepted.ticket) == (letter == 'W');
        is_the_one && orders.holder(told) == Some(accepted.shopper)
    };
    accepted.heard.iter().all(|word| match word {
        Word::Socket(Verdict::Won(told)) | Word::Poll(Verdict::Won(told)) => is_won(*told),
        Word::Listed(told) => is_won(*told),
        Word::Socket(Verdict::Lost(reason)) | Word::Poll(Verdict::Lost(reason)) => {
            reason_of(letter) == Some(reason)
        }
        Word::Unlisted => order.is_none_or(|place| orders.is_cancelled(place)),
        Word::Unasked => true,
    })
}

/// The orders, by place.
struct Orders<'a> {
    history: &'a History,
    by_place: HashMap<Place, Vec<usize>>,
}

impl<'a> Orders<'a> {
    fn of(history: &'a History) -> Self {
        let mut by_place: HashMap<Place, Vec<usize>> = HashMap::new();
        for (number, order) in history.orders.iter().enumerate() {
            let place = Place::of(order.ticket);
            by_place.entry(place).or_default().push(number);
        }
        Self { history, by_place }
    }

    fn at(&self, place: Place) -> impl Iterator<Item = &super::Order> {
        let numbers = self.by_place.get(&place).into_iter().flatten();
        numbers.map(|number| &self.history.orders[*number])
    }

    fn holder(&self, ticket: Uuid) -> Option<Uuid> {
        let mut orders = self.at(Place::of(ticket));
        let order = orders.find(|order| order.ticket == ticket);
        order.map(|order| order.shopper)
    }

    fn is_cancelled(&self, place: Place) -> bool {
        self.at(place).all(|order| order.is_cancelled)
    }

    /// Every won place has one order of the shopper who stands there, and every order a won place.
    fn strange(&self, books: &Books<'_>, owners: &Owners<'_>) -> HashSet<Place> {
        let won = books.rulings.places().filter(|(_, letter)| *letter == 'W');
        let without = won.filter(|(place, _)| !self.by_place.contains_key(place));
        let mut strange: HashSet<Place> = without.map(|(place, _)| place).collect();
        for (place, numbers) in &self.by_place {
            let is_won = books.rulings.letter(*place) == Some('W');
            let owner = owners.of(*place);
            let is_stolen =
                |order: &super::Order| owner.is_some_and(|owner| owner != order.shopper);
            if !is_won || numbers.len() > 1 || self.at(*place).any(is_stolen) {
                strange.insert(*place);
            }
        }
        strange
    }
}

/// A refusal is certain: who was only ever refused holds nothing.
fn sold_to_the_refused(history: &History) -> Vec<Place> {
    if history.asked == Asked::BySome {
        return Vec::new();
    }
    let mut only_refused: HashMap<Uuid, bool> = HashMap::new();
    for attempt in &history.attempts {
        let is_refused = matches!(attempt.outcome, Outcome::Refused(_));
        *only_refused.entry(attempt.shopper).or_insert(true) &= is_refused;
    }
    let orders = history.orders.iter();
    orders
        .filter(|order| only_refused.get(&order.shopper) == Some(&true))
        .map(|order| Place::of(order.ticket))
        .collect()
}

fn reason_of(letter: char) -> Option<&'static str> {
    Some(match letter {
        'S' => "sold-out",
        'L' => "limit-reached",
        'N' => "not-started",
        'E' => "ended",
        'P' => "paused",
        'C' => "closed",
        'M' => "malformed",
        'U' => "unknown-sale",
        _ => return None,
    })
}
