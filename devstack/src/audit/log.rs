//! The log of a sale, read by the auditor himself from JetStream. Its format is written down in the samples of
//! `sale/fixtures`; nothing of `sale` is used to read it.

mod reader;
mod record;

pub use reader::connect;
pub use record::{Action, Body, Command, LoggedPurchase, Terms};

use super::place::Place;

/// The records of one sale, in the order of the log.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Which log.
    pub partition: u16,
    /// The first record that the stream still holds, of any sale: what came before is not known.
    pub first_seq: u64,
    /// The sale's records, by ascending sequence.
    pub records: Vec<LoggedRecord>,
}

/// One record.
#[derive(Clone, Debug)]
pub struct LoggedRecord {
    /// Its number in the stream.
    pub seq: u64,
    /// The timestamp the stream gave it, in milliseconds since 1970.
    pub at_ms: i64,
    /// What it says.
    pub body: Body,
}

impl Log {
    /// Every purchase with its place, in the order of the log.
    pub fn purchases(&self) -> impl Iterator<Item = (Place, &LoggedPurchase)> {
        self.records.iter().flat_map(|record| {
            let place = |index| self.place(record.seq, index);
            (0..).map(place).zip(record.purchases())
        })
    }

    /// Who stands at a place, if anybody does.
    pub fn at(&self, place: Place) -> Option<&LoggedPurchase> {
        let found = self
            .records
            .binary_search_by_key(&place.seq, |record| record.seq);
        let record = &self.records[found.ok()?];
        (place.partition == self.partition)
            .then(|| record.purchases().get(usize::from(place.index)))?
    }

    /// A place of this log.
    pub(super) fn place(&self, seq: u64, index: u16) -> Place {
        Place {
            partition: self.partition,
            seq,
            index,
        }
    }
}

impl LoggedRecord {
    /// Its purchases; none of a command.
    pub fn purchases(&self) -> &[LoggedPurchase] {
        match &self.body {
            Body::Purchases(purchases) => purchases,
            Body::Command(_) | Body::Malformed(_) => &[],
        }
    }
}
