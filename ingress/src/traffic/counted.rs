//! What this door counts. On the way of every refusal, so it costs a look into a table and an addition;
//! what is accepted is counted by the record.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use feed::VerdictTimes;
use sale::SaleId;

use super::figures::Figures;

/// Sales that are counted at a time, a few kilobytes each. At the limit further ones are not counted until
/// one that has been quiet for long makes room.
pub(super) const SALES_COUNTED_MAX: usize = 256;

/// What the purchase of a sale can be refused with, the frequent ones first.
const WORDS: [&str; 17] = [
    "sold-out",
    "busy",
    "rate-limited",
    "not-started",
    "paused",
    "ended",
    "closed",
    "halted",
    "outcome-unknown",
    "key-reused",
    "invalid",
    "bad-request",
    "unsupported-media-type",
    "too-large",
    "timeout",
    "unavailable",
    "internal",
];

/// Every sale that this door has counted something of.
pub(super) struct Counted {
    begun: Instant,
    sales: RwLock<HashMap<SaleId, Counts>>,
}

/// One sale's counts. They only grow.
struct Counts {
    accepted: AtomicU64,
    refused: [AtomicU64; WORDS.len()],
    times: Arc<VerdictTimes>,
}

impl Counted {
    pub(super) fn new(begun: Instant) -> Self {
        Self {
            begun,
            sales: RwLock::default(),
        }
    }

    /// A record of purchases is in the log; where to tell how long its verdict takes.
    pub(super) fn logged(&self, sale: SaleId, purchases: u32) -> Option<Arc<VerdictTimes>> {
        self.with(sale, |counts| {
            let purchases = u64::from(purchases);
            counts.accepted.fetch_add(purchases, Ordering::Relaxed);
            Arc::clone(&counts.times)
        })
    }

    /// A purchase was refused.
    pub(super) fn refused(&self, sale: SaleId, word: &str) {
        let Some(position) = WORDS.iter().position(|known| *known == word) else {
            return;
        };
        self.with(sale, |counts| {
            counts.refused[position].fetch_add(1, Ordering::Relaxed)
        });
    }

    /// What this door counted of a sale: a zero for each word that it may be refused with.
    pub(super) fn figures(&self, sale: SaleId, now: Instant) -> Figures {
        let mut figures = Figures {
            refused: WORDS.map(|word| (word.to_owned(), 0)).into(),
            ..Figures::default()
        };
        if let Some(counts) = self.read().get(&sale) {
            figures.add(&counts.figures(now));
        }
        figures
    }

    /// What this door counted of every sale, without zeros.
    pub(super) fn all(&self, now: Instant) -> BTreeMap<SaleId, Figures> {
        let sales = self.read();
        let figures = sales.iter().map(|(id, counts)| (*id, counts.figures(now)));
        figures.collect()
    }

    /// Counts these sales no more.
    pub(super) fn forget(&self, forgotten: &[SaleId]) {
        if !forgotten.is_empty() {
            let mut sales = self.write();
            forgotten.iter().for_each(|sale| drop(sales.remove(sale)));
        }
    }

    /// Counts something of a sale. `None` where there is no room for it.
    fn with<T>(&self, sale: SaleId, count: impl FnOnce(&Counts) -> T) -> Option<T> {
        {
            let sales = self.read();
            if let Some(counts) = sales.get(&sale) {
                return Some(count(counts));
            }
            if sales.len() >= SALES_COUNTED_MAX {
                return None;
            }
        }
        let mut sales = self.write();
        let new = || Counts::new(self.begun);
        Some(count(sales.entry(sale).or_insert_with(new)))
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<SaleId, Counts>> {
        self.sales.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<SaleId, Counts>> {
        self.sales.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn new(begun: Instant) -> Self {
        Self {
            accepted: AtomicU64::new(0),
            refused: std::array::from_fn(|_| AtomicU64::new(0)),
            times: Arc::new(VerdictTimes::new(begun)),
        }
    }

    fn figures(&self, now: Instant) -> Figures {
        let refused = self
            .refused
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        let refused = WORDS
            .into_iter()
            .zip(refused)
            .filter(|(_, count)| *count > 0);
        Figures {
            accepted: self.accepted.load(Ordering::Relaxed),
            refused: refused
                .map(|(word, count)| (word.to_owned(), count))
                .collect(),
            verdicts_us: self.times.lately(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn sale(random: u64) -> SaleId {
        SaleId::new(0.try_into().unwrap(), sale::Moment::default(), random)
    }

    /// Every word that the API's description has for a purchase, but those that are told before a sale is looked at.
    #[test]
    fn whatever_a_purchase_can_be_refused_with_is_counted() {
        let description = serde_json::to_value(crate::app::description()).unwrap();
        let buy = &description["paths"]["/v1/sales/{sale}/purchases"]["post"];
        let mut described = Vec::new();
        for (status, response) in buy["responses"].as_object().unwrap() {
            if status != "202" {
                let when = response["description"].as_str().unwrap();
                let words = when.split(": ").next().unwrap();
                described.extend(words.split('`').skip(1).step_by(2).map(str::to_owned));
            }
        }
        let before = ["unknown-sale", "unauthorized", "forbidden"];
        described.retain(|word| !before.contains(&word.as_str()));
        assert!(described.len() > 10, "{described:?}");
        for word in described {
            assert!(WORDS.contains(&word.as_str()), "{word}");
        }
    }

    #[test]
    fn each_sale_is_counted_for_itself_and_a_sale_nobody_bought_from_has_zeros() {
        let now = Instant::now();
        let counted = Counted::new(now);
        counted.logged(sale(1), 512).unwrap();
        counted.refused(sale(1), "sold-out");
        counted.refused(sale(2), "busy");
        counted.refused(sale(2), "busy");
        let [one, two, none] = [1, 2, 3].map(|random| counted.figures(sale(random), now));
        assert_eq!((one.accepted, two.accepted, none.accepted), (512, 0, 0));
        assert_eq!((one.refused["sold-out"], one.refused["busy"]), (1, 0));
        assert_eq!((two.refused["sold-out"], two.refused["busy"]), (0, 2));
        assert_eq!(none.refused.len(), WORDS.len());
        let told = counted.all(now);
        assert_eq!(told.keys().count(), 2);
        assert_eq!(told[&sale(2)].refused, [("busy".to_owned(), 2)].into());
    }

    #[test]
    fn how_long_verdicts_take_is_told_with_the_rest() {
        let now = Instant::now();
        let counted = Counted::new(now);
        let times = counted.logged(sale(1), 7).unwrap();
        times.record(now, Duration::from_millis(1), 7);
        assert_eq!(counted.figures(sale(1), now).verdicts_us, [(992, 7)].into());
    }

    #[test]
    fn beyond_the_limit_a_sale_is_counted_once_there_is_room() {
        let now = Instant::now();
        let counted = Counted::new(now);
        for random in 0..SALES_COUNTED_MAX as u64 {
            counted.refused(sale(random), "busy");
        }
        let late = sale(u64::MAX);
        counted.refused(late, "busy");
        assert!(counted.logged(late, 1).is_none());
        assert_eq!(counted.all(now).len(), SALES_COUNTED_MAX);
        counted.refused(sale(0), "busy");
        assert_eq!(counted.figures(sale(0), now).refused["busy"], 2);

        counted.forget(&[sale(0)]);
        assert!(counted.logged(late, 1).is_some());
        assert_eq!(counted.figures(late, now).accepted, 1);
        assert_eq!(counted.figures(sale(0), now).refused["busy"], 0);
    }
}
