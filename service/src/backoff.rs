//! Exponential backoff with jitter for loops that reconnect or retry.

use std::time::Duration;

/// Doubling 32 times turns a nanosecond into four seconds; beyond that only the cap counts.
const MAX_DOUBLINGS: u32 = 32;

/// Waits that double from `first` up to `max`, each shortened at random by up to half, so that
/// processes which lost the same server do not all come back in the same millisecond.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    max: Duration,
    failures: u32,
}

impl Backoff {
    /// A backoff whose first wait is at most `first` and whose longest is at most `max`.
    pub const fn new(first: Duration, max: Duration) -> Self {
        Self {
            first,
            max,
            failures: 0,
        }
    }

    /// Sleeps for the next wait. Dropping the future early still counts as a failure.
    pub async fn wait(&mut self) {
        tokio::time::sleep(self.next_delay()).await;
    }

    /// The next wait, for callers that sleep by themselves.
    pub fn next_delay(&mut self) -> Duration {
        let delay = delay(self.first, self.max, self.failures, jitter());
        self.failures = self.failures.saturating_add(1);
        delay
    }

    /// Starts again at the first wait; call it after a success.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// Failures since the last [`Backoff::reset`].
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

/// The wait after `failures` failures: between half and all of `first` doubled that often, capped
/// at `max`. `jitter` from 0 to 1 picks the point in between.
pub fn delay(first: Duration, max: Duration, failures: u32, jitter: f64) -> Duration {
    let factor = 1_u64 << failures.min(MAX_DOUBLINGS);
    let full = u32::try_from(factor)
        .ok()
        .and_then(|factor| first.checked_mul(factor))
        .map_or(max, |full| full.min(max));
    full.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

/// A random point between 0 and 1 for [`delay`].
pub fn jitter() -> f64 {
    rand::random_range(0.0..=1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(100);
    const MAX: Duration = Duration::from_secs(1);

    #[test]
    fn waits_double_up_to_the_cap() {
        let waits: Vec<_> = (0..5)
            .map(|failures| delay(FIRST, MAX, failures, 1.0).as_millis())
            .collect();
        assert_eq!(waits, [100, 200, 400, 800, 1000]);
        assert_eq!(delay(FIRST, MAX, u32::MAX, 1.0), MAX);
    }

    #[test]
    fn jitter_shortens_a_wait_by_at_most_half() {
        assert_eq!(delay(FIRST, MAX, 0, 0.0), FIRST / 2);
        let mut backoff = Backoff::new(FIRST, MAX);
        for _ in 0..100 {
            let wait = backoff.next_delay();
            assert!(wait >= FIRST / 2 && wait <= MAX, "{wait:?}");
        }
        backoff.reset();
        assert!(backoff.next_delay() <= FIRST);
    }
}
