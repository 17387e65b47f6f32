//! Postgres beside what the log comes to.

use std::collections::{HashMap, HashSet};

use super::Books;
use super::history::{History, Order, Record};
use super::place::Place;
use super::replay::{Expected, Replay, Standing};

/// Places whose ruling or order is not the one that the order of the log makes.
pub(super) fn out_of_order(books: &Books<'_>) -> Option<usize> {
    let replay = books.replay.as_ref()?;
    let mut places = misruled(books, replay);
    places.extend(misordered(books.history, replay));
    Some(places.len())
}

/// Terms and states of the sale that are not what the log makes of them.
pub(super) fn misdescribed(books: &Books<'_>) -> Option<usize> {
    let history = books.history;
    let replay = books.replay.as_ref()?;
    let Some(standing) = replay.standing else {
        // In Postgres, but never opened.
        return Some(1);
    };
    let Standing {
        stock,
        unit_limit,
        starts_at_ms,
        ends_at_ms,
        is_paused,
        is_closed,
        version,
    } = standing;
    let differs = [
        history.stock != stock as usize,
        history.unit_limit != usize::from(unit_limit),
        history.window_ms != (starts_at_ms, ends_at_ms),
        history.label != replay.label,
        history.is_paused != is_paused,
        history.is_closed != is_closed,
        history.version != version,
    ];
    Some(differs.into_iter().filter(|differs| *differs).count())
}

/// Purchases of the log that wait for their decision.
pub(super) fn undecided(books: &Books<'_>) -> Option<usize> {
    let log = books.history.log.as_ref()?;
    let waiting = log.records.iter().rev();
    let waiting = waiting.take_while(|record| record.seq > books.history.cursor);
    Some(waiting.map(|record| record.purchases().len()).sum())
}

fn misruled(books: &Books<'_>, replay: &Replay) -> HashSet<Place> {
    let mut places = HashSet::new();
    let mut logged = HashSet::with_capacity(replay.records.len());
    for expected in &replay.records {
        logged.insert((expected.partition, expected.seq));
        match books.rulings.record(expected.partition, expected.seq) {
            Some(decided) => places.extend(differing(expected, decided)),
            None => places.extend(expected.places().map(|(place, _)| place)),
        }
    }
    let decided = books.rulings.records();
    let unlogged = decided.filter(|record| !logged.contains(&(record.partition, record.seq)));
    places.extend(unlogged.flat_map(|record| record.places().map(|(place, _)| place)));
    places
}

/// Places of a record whose letter, or whose reference, differs.
fn differing(expected: &Record, decided: &Record) -> Vec<Place> {
    if expected.rulings == decided.rulings && expected.refs == decided.refs {
        return Vec::new();
    }
    let [expected, decided] = [expected, decided].map(rows);
    (0..expected.len().max(decided.len()))
        .filter(|index| expected.get(*index) != decided.get(*index))
        .filter_map(|index| expected.get(index).or(decided.get(index)))
        .map(|(place, ..)| *place)
        .collect()
}

fn rows(record: &Record) -> Vec<(Place, char, Option<u64>)> {
    let mut refs = record.refs.iter().copied();
    let mut row = |(place, letter)| {
        let reference = if letter == 'R' { refs.next() } else { None };
        (place, letter, reference)
    };
    record.places().map(&mut row).collect()
}

fn misordered(history: &History, replay: &Replay) -> HashSet<Place> {
    let mut expected: HashMap<Place, &Expected> = replay
        .orders
        .iter()
        .map(|order| (order.place, order))
        .collect();
    let mut places = HashSet::new();
    for order in &history.orders {
        let place = Place::of(order.ticket);
        let is_right = expected
            .remove(&place)
            .is_some_and(|expected| *expected == order.into());
        if !is_right {
            places.insert(place);
        }
    }
    places.extend(expected.into_keys());
    places
}

impl From<&Order> for Expected {
    fn from(order: &Order) -> Self {
        Self {
            place: Place::of(order.ticket),
            shopper: order.shopper,
            key_hash: order.key_hash,
            nth: order.nth,
            unit_limit: order.unit_limit,
            is_cancelled: order.is_cancelled,
        }
    }
}
