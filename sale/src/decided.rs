//! What an owner announces after each commit: the decided feed on `decided.<pp>`.
//!
//! The feed is a hint; Postgres is the truth. A message may be missed, and whoever sees a gap
//! (`after` is not the cursor it knows) reads Postgres.

use serde::{Deserialize, Serialize};

use crate::id::{Generation, Partition, SaleId, Seq};
use crate::moment::Moment;
use crate::place::Place;
use crate::ruling::{Ruling, UnknownLetter};
use crate::sale::Sale;

/// The version of the feed's format.
pub const DECIDED_VERSION: u32 = 1;

/// One message of the feed: what a commit decided, or that nothing changed (every 250 ms).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    /// [`DECIDED_VERSION`].
    pub v: u32,
    /// Which log.
    pub partition: Partition,
    /// The owner's epoch; a higher one replaces everything known, even with a lower cursor.
    pub epoch: u64,
    /// The stream's generation.
    pub generation: Generation,
    /// The cursor before this commit.
    pub after: Seq,
    /// The cursor now.
    pub cursor: Seq,
    /// The last record of the stream when this was sent.
    pub last_seq: Seq,
    /// Purchases decided since the partition began.
    pub decided_total: u64,
    /// Purchases decided per second of work; zero before anything was measured.
    pub drain_per_s: f64,
    /// Purchases in a record, on average; zero before anything was measured.
    pub mean_group: f64,
    /// Why the partition has stopped, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halted: Option<String>,
    /// When this was committed, by the owner's clock; absent when nothing was. For measuring delays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed_at_ms: Option<Moment>,
    /// The rulings of this commit, in log order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<DecidedRecord>,
    /// Every sale the commit touched, whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sales: Vec<Sale>,
}

/// The rulings of one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedRecord {
    /// Its sequence.
    pub seq: Seq,
    /// Its sale; absent when the record was malformed beyond its subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale: Option<SaleId>,
    /// One letter per place.
    pub rulings: Rulings,
    /// Where the orders stand that replays refer to, in order of the replays: `02/1307/5`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<Place>,
}

/// The rulings of one record, one letter per place; see [`Ruling::letter`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rulings(String);

impl Rulings {
    /// The one ruling of a record nobody could read.
    pub fn malformed() -> Self {
        Self(Ruling::Lost(crate::Lost::Malformed).letter().into())
    }

    /// From what the database or the feed holds.
    pub const fn from_letters(letters: String) -> Self {
        Self(letters)
    }

    /// The letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How many purchases were ruled on.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none (a command's record).
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ruling for one place; `None` when the record has no such place.
    ///
    /// A malformed record has one ruling for all of its places.
    pub fn at(&self, index: u16) -> Option<Result<Ruling, UnknownLetter>> {
        let malformed = Ruling::Lost(crate::Lost::Malformed);
        if self.0.len() == 1 && self.0.starts_with(malformed.letter()) {
            return Some(Ok(malformed));
        }
        self.0
            .as_bytes()
            .get(usize::from(index))
            .map(|byte| Ruling::try_from(char::from(*byte)))
    }

    /// Which replay of its record a place is, counted from 0: the index into the refs.
    pub fn replay_rank(&self, index: u16) -> usize {
        let before = self.0.as_bytes().iter().take(usize::from(index));
        before
            .filter(|byte| char::from(**byte) == Ruling::Replay.letter())
            .count()
    }
}

impl FromIterator<Ruling> for Rulings {
    fn from_iter<T: IntoIterator<Item = Ruling>>(rulings: T) -> Self {
        Self(rulings.into_iter().map(Ruling::letter).collect())
    }
}
