//! Which part of a partition's purchases comes through this replica: of what is drained, that part
//! makes room for this replica's shoppers.

/// Purchases it takes to measure; fewer say more about chance than about balance.
const SAMPLE: u64 = 100;

/// How much a measurement moves the known part.
const WEIGHT: f64 = 0.3;

/// Nobody is told to stay away for ever because a balancer sent nobody here for a while.
const PART_MIN: f64 = 0.02;

/// A part between [`PART_MIN`] and 1.
#[derive(Debug)]
pub(crate) struct Share {
    pub(crate) part: f64,
    measured: Option<Counts>,
}

#[derive(Clone, Copy, Debug)]
struct Counts {
    own: u64,
    all: u64,
}

impl Default for Share {
    /// Alone, until shown otherwise.
    fn default() -> Self {
        Self {
            part: 1.0,
            measured: None,
        }
    }
}

impl Share {
    /// `own` and `all` count purchases since some beginning.
    pub(crate) fn measure(&mut self, own: u64, all: u64) {
        let now = Counts { own, all };
        let Some(before) = self.measured else {
            self.measured = Some(now);
            return;
        };
        let all = now.all.saturating_sub(before.all);
        if all < SAMPLE {
            return;
        }
        let part = (now.own - before.own) as f64 / all as f64;
        self.part += WEIGHT * (part.clamp(PART_MIN, 1.0) - self.part);
        self.measured = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_among_four_learns_its_quarter() {
        let mut share = Share::default();
        for second in 0..20 {
            share.measure(second * 250, second * 1_000);
        }
        assert!((share.part - 0.25).abs() < 0.01, "{share:?}");
    }

    #[test]
    fn a_quiet_log_teaches_nothing() {
        let mut share = Share::default();
        for second in 0..20 {
            share.measure(0, second * 4);
        }
        assert_eq!(share.part, 1.0);
    }

    #[test]
    fn a_replica_nobody_uses_keeps_a_small_part() {
        let mut share = Share::default();
        for second in 0..60 {
            share.measure(0, second * 1_000);
        }
        assert!(share.part >= PART_MIN, "{share:?}");
    }
}
