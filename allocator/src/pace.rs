//! How fast a partition is drained, as its owner tells the feed. Ingresses promise waits by it, so it has to be right
//! before a crowd comes and not only after: small commits tell how long a commit takes, but little about what a
//! purchase more would cost.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::group::COMMIT_PURCHASES_MAX;

/// How much of what is known the latest commit is, for each second that it took: a disk that has become slow is known by
/// the first commit that it held up.
const WEIGHT_PER_S: f64 = 1.0;

/// And at the least: of quick commits about the last twenty count.
const WEIGHT_MIN: f64 = 0.05;

/// And at the most, so that one commit alone is not all that is known.
const WEIGHT_MAX: f64 = 0.9;

/// Seconds that a purchase more is taken to cost until commits of different sizes have shown it: a rate of 2,000 a
/// second, which the slowest disk we know of holds.
const PURCHASE_PRIOR_S: f64 = 1.0 / 2_000.0;

/// Seconds that it costs at the least, a little below what was ever measured: chance must not promise more.
const PURCHASE_MIN_S: f64 = 1.0 / 200_000.0;

/// By how many purchases commits have to differ before they count as much as the prior.
const SPREAD: f64 = 20.0;

/// What commits cost, as moving averages, and the rate that follows.
#[derive(Debug)]
pub(crate) struct Pace {
    /// What the throttle allows: a rate, and how large a commit may be.
    limit_per_s: Option<f64>,
    commit_max: f64,
    records: f64,
    commits: f64,
    purchases: f64,
    busy_s: f64,
    purchases_squared: f64,
    purchases_times_busy_s: f64,
}

impl Pace {
    /// Of an owner that decides at most so many purchases a second, in commits of at most so many.
    pub(crate) fn of(decisions_max_per_s: Option<NonZeroU32>, commit_max: u64) -> Self {
        Self {
            commit_max: commit_max.min(COMMIT_PURCHASES_MAX) as f64,
            limit_per_s: decisions_max_per_s.map(|limit| f64::from(limit.get())),
            records: 0.0,
            commits: 0.0,
            purchases: 0.0,
            busy_s: 0.0,
            purchases_squared: 0.0,
            purchases_times_busy_s: 0.0,
        }
    }

    /// Counts a commit; `busy` is how long reading, deciding and committing took.
    pub(crate) fn measure(&mut self, purchases: u64, records: usize, busy: Duration) {
        let (purchases, busy_s) = (purchases as f64, busy.as_secs_f64());
        let weight = (busy_s * WEIGHT_PER_S).clamp(WEIGHT_MIN, WEIGHT_MAX);
        let count = |known: &mut f64, new: f64| *known = *known * (1.0 - weight) + new * weight;
        count(&mut self.records, records as f64);
        count(&mut self.commits, 1.0);
        count(&mut self.purchases, purchases);
        count(&mut self.busy_s, busy_s);
        count(&mut self.purchases_squared, purchases * purchases);
        count(&mut self.purchases_times_busy_s, purchases * busy_s);
    }

    /// Purchases a second that a full log would be drained at; zero before anything was measured, unless the throttle
    /// says it.
    pub(crate) fn drain_per_s(&self) -> f64 {
        let limit = self.limit_per_s.unwrap_or(f64::INFINITY);
        if self.commits == 0.0 {
            return self.limit_per_s.unwrap_or_default();
        }
        // What was drained could be drained: the line through few points may say less.
        let seen = ratio(self.purchases, self.busy_s);
        self.when_full_per_s().max(seen).min(limit)
    }

    /// By a line through the commits: so much for each, and so much more for each purchase in it.
    fn when_full_per_s(&self) -> f64 {
        let (purchases, busy_s) = (self.purchases / self.commits, self.busy_s / self.commits);
        let variance = (self.purchases_squared / self.commits - purchases.powi(2)).max(0.0);
        let covariance = self.purchases_times_busy_s / self.commits - purchases * busy_s;
        let slope = (covariance + SPREAD.powi(2) * PURCHASE_PRIOR_S) / (variance + SPREAD.powi(2));
        let purchase_s = slope.max(PURCHASE_MIN_S);
        let commit_s = (busy_s - purchase_s * purchases).max(0.0);
        ratio(self.commit_max, commit_s + purchase_s * self.commit_max)
    }

    /// Purchases in a record.
    pub(crate) fn mean_group(&self) -> f64 {
        ratio(self.purchases, self.records)
    }
}

fn ratio(of: f64, to: f64) -> f64 {
    if to > 0.0 { of / to } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unthrottled() -> Pace {
        Pace::of(None, u64::MAX)
    }

    /// Commits of these sizes, each taking 5 ms and so much more for each purchase.
    fn measured(sizes: &[u64], purchase_us: u64) -> Pace {
        let mut pace = unthrottled();
        for size in sizes {
            let busy = Duration::from_micros(5_000 + purchase_us * size);
            pace.measure(*size, 1, busy);
        }
        pace
    }

    fn is_about(rate: f64, expected: f64) {
        assert!(
            (rate / expected - 1.0).abs() < 0.15,
            "{rate}, not {expected}"
        );
    }

    #[test]
    fn a_trickle_does_not_tell_how_slow_a_crowd_would_be() {
        let pace = measured(&[1; 200], 20);
        assert!(pace.drain_per_s() > 1_500.0, "{}", pace.drain_per_s());
    }

    #[test]
    fn commits_of_all_sizes_tell_what_a_full_one_does() {
        let sizes: Vec<u64> = (0..40).map(|number| 1 + 50 * (number % 20)).collect();
        let full_s = 0.005 + 20e-6 * 8_192.0;
        is_about(measured(&sizes, 20).drain_per_s(), 8_192.0 / full_s);
    }

    #[test]
    fn full_commits_are_what_they_are() {
        let pace = measured(&[8_192; 50], 100);
        is_about(pace.drain_per_s(), 8_192.0 / (0.005 + 100e-6 * 8_192.0));
    }

    #[test]
    fn a_drain_that_becomes_slow_is_told_by_its_first_commits() {
        let mut pace = measured(&[8_192; 50], 20);
        assert!(pace.drain_per_s() > 40_000.0, "{}", pace.drain_per_s());
        for _ in 0..2 {
            pace.measure(8_192, 16, Duration::from_secs(8));
        }
        is_about(pace.drain_per_s(), 8_192.0 / 8.0);
    }

    #[test]
    fn small_commits_of_a_throttled_owner_are_what_it_can_do() {
        let mut pace = Pace::of(NonZeroU32::new(1_000), 250);
        for _ in 0..50 {
            pace.measure(250, 1, Duration::from_millis(500));
        }
        is_about(pace.drain_per_s(), 500.0);
    }

    #[test]
    fn nothing_is_faster_than_the_throttle() {
        let mut pace = Pace::of(NonZeroU32::new(1_000), 250);
        assert_eq!(pace.drain_per_s(), 1_000.0, "before anything was measured");
        pace.measure(500, 1, Duration::from_millis(5));
        assert_eq!(pace.drain_per_s(), 1_000.0);
        assert_eq!(unthrottled().drain_per_s(), 0.0);
    }

    #[test]
    fn records_have_a_mean_size() {
        let mut pace = unthrottled();
        pace.measure(30, 3, Duration::from_millis(1));
        is_about(pace.mean_group(), 10.0);
        assert_eq!(unthrottled().mean_group(), 0.0);
    }
}
