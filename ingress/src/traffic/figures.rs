//! What was counted of one sale, as doors tell it to each other.

use std::collections::BTreeMap;

use sale::SaleId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The version of the words that doors exchange. Doors of two versions do not hear each other.
pub(super) const WORD_VERSION: u32 = 1;

/// What one door tells the others.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Word {
    /// [`WORD_VERSION`].
    pub(super) v: u32,
    /// Who tells it.
    pub(super) door: Uuid,
    /// Sales it counts: once so many were heard of, it was heard whole.
    #[serde(default)]
    pub(super) counted: usize,
    /// Not all of its sales: those that are not here are as they were.
    pub(super) sales: BTreeMap<SaleId, Figures>,
}

/// What was counted of one sale since each door began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Purchases that were logged.
    pub(crate) accepted: u64,
    /// Purchases that were refused, by the last word of the problem's type; zeros may be left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) refused: BTreeMap<String, u64>,
    /// Of the last 10 s: microseconds until the verdict was known, and how many purchases took so long.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) verdicts_us: BTreeMap<u64, u64>,
}

/// Milliseconds that half, and 99 of 100, did not exceed; to about a sixteenth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Percentiles)]
pub(crate) struct Percentiles {
    p50: f64,
    p99: f64,
}

impl Figures {
    /// Adds what another door counted. What nobody can have counted stays at the largest number.
    pub(super) fn add(&mut self, other: &Self) {
        self.accepted = self.accepted.saturating_add(other.accepted);
        add_each(&mut self.refused, &other.refused);
        add_each(&mut self.verdicts_us, &other.verdicts_us);
    }

    /// How long verdicts took lately; none if there were none.
    pub(crate) fn verdict_ms(&self) -> Option<Percentiles> {
        Some(Percentiles {
            p50: self.verdict_us(50)? as f64 / 1000.0,
            p99: self.verdict_us(99)? as f64 / 1000.0,
        })
    }

    /// The shortest time that so many percent did not exceed.
    fn verdict_us(&self, percent: u64) -> Option<u64> {
        let wide = |purchases: &u64| u128::from(*purchases);
        let all: u128 = self.verdicts_us.values().map(wide).sum();
        let wanted = (all * u128::from(percent)).div_ceil(100);
        let mut so_far = 0;
        let mut times = self.verdicts_us.iter();
        let found = times.find(|(_, purchases)| {
            so_far += wide(purchases);
            so_far >= wanted
        });
        found.map(|(us, _)| *us)
    }
}

fn add_each<K: Clone + Ord>(to: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
    for (key, count) in from {
        let sum = to.entry(key.clone()).or_default();
        *sum = sum.saturating_add(*count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(verdicts_us: &[(u64, u64)]) -> Figures {
        Figures {
            verdicts_us: verdicts_us.iter().copied().collect(),
            ..Figures::default()
        }
    }

    #[test]
    fn doors_are_added_up() {
        let refused = |word: &str, count| [(word.to_owned(), count)].into();
        let mut all = Figures {
            accepted: 3,
            refused: refused("busy", 1),
            ..of(&[(900, 3)])
        };
        all.add(&Figures {
            accepted: 4,
            refused: refused("sold-out", 2),
            ..of(&[(900, 1), (1_800, 3)])
        });
        all.add(&Figures {
            refused: refused("busy", 5),
            ..of(&[])
        });
        assert_eq!(all.accepted, 7);
        let both = [("busy".to_owned(), 6), ("sold-out".to_owned(), 2)];
        assert_eq!(all.refused, both.into());
        assert_eq!(all.verdicts_us, [(900, 4), (1_800, 3)].into());
    }

    #[test]
    fn a_door_that_tells_nonsense_breaks_nothing() {
        let mut all = Figures {
            accepted: 3,
            ..of(&[(1, u64::MAX), (2, u64::MAX)])
        };
        all.add(&Figures {
            accepted: u64::MAX,
            ..of(&[(1, 1)])
        });
        assert_eq!(all.accepted, u64::MAX);
        assert_eq!(all.verdicts_us[&1], u64::MAX);
        assert!(all.verdict_ms().is_some());
    }

    #[test]
    fn percentiles_are_of_purchases_and_not_of_records() {
        assert_eq!(of(&[]).verdict_ms(), None);
        let ms = |verdicts: &[(u64, u64)]| {
            let found = of(verdicts).verdict_ms().unwrap();
            (found.p50, found.p99)
        };
        assert_eq!(ms(&[(4_000, 1)]), (4.0, 4.0));
        assert_eq!(ms(&[(1_000, 50), (2_000, 49), (9_000, 1)]), (1.0, 2.0));
        assert_eq!(ms(&[(1_000, 49), (2_000, 49), (9_000, 2)]), (2.0, 9.0));
    }

    #[test]
    fn a_word_reads_as_it_was_written_also_by_a_door_that_knows_less() {
        let sale: SaleId = "019ab2f0-1c00-8009-9f3c-5d2b7a1e4c60".parse().unwrap();
        let figures = Figures {
            accepted: 2,
            refused: [("sold-out".to_owned(), 1)].into(),
            ..of(&[(900, 2)])
        };
        let word = Word {
            v: WORD_VERSION,
            door: Uuid::nil(),
            counted: 1,
            sales: [(sale, figures)].into(),
        };
        let text = serde_json::to_string(&word).unwrap();
        let door = Uuid::nil();
        let expected = format!(
            r#"{{"v":1,"door":"{door}","counted":1,"sales":{{"{sale}":{{"accepted":2,"refused":{{"sold-out":1}},"verdicts_us":{{"900":2}}}}}}}}"#
        );
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Word>(&text).unwrap(), word);
        let newer = text.replace("\"accepted\"", "\"unheard_of\":[1],\"accepted\"");
        assert_eq!(serde_json::from_str::<Word>(&newer).unwrap(), word);
    }
}
