//! The records this process wrote and nobody has decided yet: their sizes are known exactly, and
//! when they were acknowledged.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use sale::Seq;

use crate::verdict_times::VerdictTimes;

/// Records remembered; beyond it the oldest are counted like everybody else's, by the mean, and how
/// long they take is not measured.
const RECORDS_MAX: usize = 65_536;

/// A record of this process.
#[derive(Debug)]
pub(crate) struct OwnRecord {
    pub(crate) purchases: u32,
    /// When it was acknowledged.
    pub(crate) logged_at: Instant,
    /// Where it is told how long its verdict took, if anybody wants to know.
    pub(crate) times: Option<Arc<VerdictTimes>>,
}

impl OwnRecord {
    /// Its decision has just become known.
    pub(crate) fn is_decided(&self, now: Instant) {
        if let Some(times) = &self.times {
            let took = now.saturating_duration_since(self.logged_at);
            times.record(now, took, self.purchases);
        }
    }
}

/// Undecided records of this process, by their sequence.
#[derive(Debug, Default)]
pub(crate) struct OwnRecords {
    records: BTreeMap<Seq, OwnRecord>,
    purchases: u64,
}

impl OwnRecords {
    pub(crate) fn records(&self) -> u64 {
        self.records.len() as u64
    }

    pub(crate) const fn purchases(&self) -> u64 {
        self.purchases
    }

    pub(crate) fn add(&mut self, seq: Seq, record: OwnRecord) {
        let purchases = u64::from(record.purchases);
        if self.records.insert(seq, record).is_none() {
            self.purchases += purchases;
        }
        if self.records.len() > RECORDS_MAX {
            self.forget_first();
        }
    }

    /// Forgets what is decided, as is known from now on.
    pub(crate) fn forget_until(&mut self, cursor: Seq, now: Instant) {
        while self
            .records
            .first_key_value()
            .is_some_and(|(seq, _)| *seq <= cursor)
        {
            if let Some(record) = self.forget_first() {
                record.is_decided(now);
            }
        }
    }

    fn forget_first(&mut self) -> Option<OwnRecord> {
        let (_, record) = self.records.pop_first()?;
        self.purchases -= u64::from(record.purchases);
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn seq(number: u64) -> Seq {
        Seq::try_from(number).unwrap()
    }

    fn of(purchases: u32, logged_at: Instant) -> OwnRecord {
        OwnRecord {
            purchases,
            logged_at,
            times: None,
        }
    }

    #[test]
    fn what_is_decided_is_forgotten_and_nothing_counts_twice() {
        let mut own = OwnRecords::default();
        let now = Instant::now();
        for (at, purchases) in [(7, 10), (9, 500), (9, 500), (12, 1)] {
            own.add(seq(at), of(purchases, now));
        }
        assert_eq!((own.records(), own.purchases()), (3, 511));
        own.forget_until(seq(10), now);
        assert_eq!((own.records(), own.purchases()), (1, 1));
        own.forget_until(seq(100), now);
        assert_eq!((own.records(), own.purchases()), (0, 0));
    }

    #[test]
    fn a_verdict_takes_from_the_acknowledgement_until_it_is_known() {
        let begun = Instant::now();
        let at = |ms| begun + Duration::from_millis(ms);
        let times = Arc::new(VerdictTimes::new(begun));
        let mut own = OwnRecords::default();
        for (number, purchases, logged_at) in [(7, 2, at(0)), (8, 5, at(48)), (9, 1, at(50))] {
            let times = Some(Arc::clone(&times));
            let record = of(purchases, logged_at);
            own.add(seq(number), OwnRecord { times, ..record });
        }
        own.forget_until(seq(8), at(64));
        // 64 ms and 16 ms, each the middle of its range; the third is not decided.
        let known = [(15_872, 5), (63_488, 2)];
        assert_eq!(times.lately(at(64)), known.into());
    }

    #[test]
    fn the_oldest_make_room() {
        let mut own = OwnRecords::default();
        for at in 1..=RECORDS_MAX as u64 + 1 {
            own.add(seq(at), of(2, Instant::now()));
        }
        assert_eq!(own.records(), RECORDS_MAX as u64);
        assert_eq!(own.purchases(), 2 * RECORDS_MAX as u64);
    }
}
