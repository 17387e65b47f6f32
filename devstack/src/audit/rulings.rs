//! What was decided, by place.

use super::history::Record;
use super::place::Place;

/// The decided records of a sale, in the order of the log.
pub(super) struct Rulings<'a>(Vec<&'a Record>);

impl<'a> Rulings<'a> {
    pub(super) fn of(records: &'a [Record]) -> Self {
        let mut records: Vec<&Record> = records.iter().collect();
        records.sort_by_key(|record| (record.partition, record.seq));
        Self(records)
    }

    pub(super) fn records(&self) -> impl Iterator<Item = &'a Record> {
        self.0.iter().copied()
    }

    pub(super) fn record(&self, partition: u16, seq: u64) -> Option<&'a Record> {
        let found = self
            .0
            .binary_search_by_key(&(partition, seq), |record| (record.partition, record.seq));
        Some(self.0[found.ok()?])
    }

    /// The letter of a place. A malformed record has one for all its places.
    pub(super) fn letter(&self, place: Place) -> Option<char> {
        let rulings = self.record(place.partition, place.seq)?.rulings.as_bytes();
        let own = rulings.get(usize::from(place.index));
        let whole = Some(&b'M').filter(|_| rulings == b"M");
        own.or(whole).map(|letter| char::from(*letter))
    }

    /// The order's place that a replay refers to.
    pub(super) fn reference(&self, place: Place) -> Option<Place> {
        let record = self.record(place.partition, place.seq)?;
        let before = record.rulings.bytes().take(usize::from(place.index));
        let rank = before.filter(|letter| *letter == b'R').count();
        record.refs.get(rank).copied().map(Place::unpacked)
    }

    /// Every place with its letter, in the order of the log.
    pub(super) fn places(&self) -> impl Iterator<Item = (Place, char)> {
        self.records().flat_map(Record::places)
    }
}

impl Record {
    /// Its places with their letters.
    pub(super) fn places(&self) -> impl Iterator<Item = (Place, char)> {
        let place = |index| Place {
            partition: self.partition,
            seq: self.seq,
            index,
        };
        (0..).map(place).zip(self.rulings.chars())
    }
}
