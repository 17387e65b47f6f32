//! The records this process wrote and nobody has decided yet: their sizes are known exactly.

use std::collections::BTreeMap;

use sale::Seq;

/// Records remembered; beyond it the oldest are counted like everybody else's, by the mean.
const RECORDS_MAX: usize = 65_536;

/// Undecided records of this process, by their sequence.
#[derive(Debug, Default)]
pub(crate) struct OwnRecords {
    purchases_at: BTreeMap<Seq, u32>,
    purchases: u64,
}

impl OwnRecords {
    pub(crate) fn records(&self) -> u64 {
        self.purchases_at.len() as u64
    }

    pub(crate) const fn purchases(&self) -> u64 {
        self.purchases
    }

    pub(crate) fn add(&mut self, seq: Seq, purchases: u32) {
        if self.purchases_at.insert(seq, purchases).is_none() {
            self.purchases += u64::from(purchases);
        }
        if self.purchases_at.len() > RECORDS_MAX {
            self.forget_first();
        }
    }

    /// Forgets what is decided.
    pub(crate) fn forget_until(&mut self, cursor: Seq) {
        while self
            .purchases_at
            .first_key_value()
            .is_some_and(|(seq, _)| *seq <= cursor)
        {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some((_, purchases)) = self.purchases_at.pop_first() {
            self.purchases -= u64::from(purchases);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seq(number: u64) -> Seq {
        Seq::try_from(number).unwrap()
    }

    #[test]
    fn what_is_decided_is_forgotten_and_nothing_counts_twice() {
        let mut own = OwnRecords::default();
        for (at, purchases) in [(7, 10), (9, 500), (9, 500), (12, 1)] {
            own.add(seq(at), purchases);
        }
        assert_eq!((own.records(), own.purchases()), (3, 511));
        own.forget_until(seq(10));
        assert_eq!((own.records(), own.purchases()), (1, 1));
        own.forget_until(seq(100));
        assert_eq!((own.records(), own.purchases()), (0, 0));
    }

    #[test]
    fn the_oldest_make_room() {
        let mut own = OwnRecords::default();
        for at in 1..=RECORDS_MAX as u64 + 1 {
            own.add(seq(at), 2);
        }
        assert_eq!(own.records(), RECORDS_MAX as u64);
        assert_eq!(own.purchases(), 2 * RECORDS_MAX as u64);
    }
}
