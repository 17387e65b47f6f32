//! Protects Postgres: at most so many purchases a second are committed.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

/// What a group's purchases are waited for after it: in larger ones shoppers would hear nothing for seconds, then all at
/// once.
const GROUP_LASTS: Duration = Duration::from_millis(250);

/// Holds groups back so that their purchases come at a bounded rate on average.
#[derive(Debug)]
pub(crate) struct Throttle {
    each: Duration,
    next_at: Option<Instant>,
}

impl Throttle {
    pub(crate) fn new(purchases_max_per_s: Option<NonZeroU32>) -> Self {
        let each = purchases_max_per_s.map(|rate| Duration::from_secs(1) / rate.get());
        Self {
            each: each.unwrap_or_default(),
            next_at: None,
        }
    }

    /// Most purchases of a group, so that none is waited for much longer than [`GROUP_LASTS`].
    pub(crate) fn group_max(&self) -> u64 {
        if self.each.is_zero() {
            return u64::MAX;
        }
        let purchases = GROUP_LASTS.as_nanos() / self.each.as_nanos();
        u64::try_from(purchases).unwrap_or(u64::MAX).max(1)
    }

    /// How long the next group must wait.
    pub(crate) fn wait(&self) -> Duration {
        let next_at = self
            .next_at
            .map(|at| at.saturating_duration_since(Instant::now()));
        next_at.unwrap_or_default()
    }

    /// Counts the purchases of a group just committed.
    pub(crate) fn count(&mut self, purchases: u64) {
        self.count_at(purchases, Instant::now());
    }

    /// From when the last group was paid for, and not from now: the time that the commit took was not idle. Whoever was
    /// idle for longer than a group lasts has nothing saved by it.
    fn count_at(&mut self, purchases: u64, now: Instant) {
        if self.each.is_zero() {
            return;
        }
        let purchases = u32::try_from(purchases).unwrap_or(u32::MAX);
        let saved_since = now.checked_sub(GROUP_LASTS).unwrap_or(now);
        let from = self.next_at.map_or(now, |at| at.max(saved_since));
        self.next_at = Some(from + self.each * purchases);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_paid_for_by_the_next_ones_wait() {
        let mut throttle = Throttle::new(NonZeroU32::new(100));
        assert_eq!(throttle.wait(), Duration::ZERO, "the first goes at once");
        throttle.count(50);
        let wait = throttle.wait();
        assert!(
            wait > Duration::from_millis(400) && wait <= Duration::from_millis(500),
            "{wait:?}"
        );
        throttle.count(50);
        assert!(
            throttle.wait() > Duration::from_millis(900),
            "groups add up"
        );
    }

    #[test]
    fn the_time_of_commits_is_not_lost() {
        let mut throttle = Throttle::new(NonZeroU32::new(1_000));
        let begin = Instant::now();
        let mut now = begin;
        for _ in 0..100 {
            throttle.count_at(250, now);
            // The next group is held back, and then takes a while to commit.
            now = throttle.next_at.unwrap_or(now) + Duration::from_millis(100);
        }
        let took = throttle.next_at.unwrap_or(now) - begin;
        assert_eq!(took, Duration::from_secs(25), "25,000 purchases");
    }

    #[test]
    fn idleness_saves_no_more_than_a_group() {
        let mut throttle = Throttle::new(NonZeroU32::new(1_000));
        let begin = Instant::now();
        throttle.count_at(1, begin);
        let later = begin + Duration::from_secs(3_600);
        throttle.count_at(1_000, later);
        let next_at = throttle.next_at.unwrap_or(begin);
        assert_eq!(next_at, later - GROUP_LASTS + Duration::from_secs(1));
    }

    #[test]
    fn groups_are_as_small_as_the_limit_asks_for() {
        let of = |limit| Throttle::new(NonZeroU32::new(limit)).group_max();
        assert_eq!([1, 4, 1_000].map(of), [1, 1, 250]);
        assert_eq!(Throttle::new(None).group_max(), u64::MAX);
    }

    #[test]
    fn without_a_limit_nothing_waits() {
        let mut throttle = Throttle::new(None);
        throttle.count(1_000_000);
        assert_eq!(throttle.wait(), Duration::ZERO);
    }
}
