//! One limit: its terms, and who has used how much of it.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::HeaderValue;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::{StateInformationMiddleware, StateSnapshot};
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, RateLimiter};

use super::allowance::Allowance;
use super::states::{BoundedStates, KEYS_MAX};
use crate::problem::Problem;

/// Seconds for which a limit per second may be saved up: clicks come in bursts.
const BURST_S: u32 = 2;

/// So many at once, and as many again within so many seconds, evenly.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quota {
    size: NonZeroU32,
    window_s: u32,
}

impl Quota {
    pub(super) fn per_second(rate: NonZeroU32) -> Self {
        Self {
            size: rate,
            window_s: 1,
        }
        .saved_up(BURST_S)
    }

    pub(super) fn per_minute(rate: NonZeroU32) -> Self {
        Self {
            size: rate,
            window_s: 60,
        }
    }

    /// More of it in the same time.
    pub(super) fn times(self, factor: u32) -> Self {
        let factor = NonZeroU32::new(factor).unwrap_or(NonZeroU32::MIN);
        Self {
            size: self.size.saturating_mul(factor),
            ..self
        }
    }

    fn saved_up(self, seconds: u32) -> Self {
        Self {
            window_s: self.window_s * seconds,
            ..self.times(seconds)
        }
    }

    fn for_governor(self) -> governor::Quota {
        let each = Duration::from_secs(self.window_s.into()) / self.size.get();
        governor::Quota::with_period(each)
            .expect("RATE_MAX is far below one per nanosecond")
            .allow_burst(self.size)
    }
}

/// A limit's name and terms.
struct Terms {
    name: &'static str,
    quota: Quota,
    policy: HeaderValue,
}

impl Terms {
    fn new(name: &'static str, quota: Quota) -> Self {
        let policy = format!("\"{name}\";q={};w={}", quota.size, quota.window_s);
        Self {
            name,
            quota,
            policy: HeaderValue::try_from(policy).expect("names and numbers are header values"),
        }
    }

    fn left(&self, state: &StateSnapshot) -> Allowance {
        let size = self.quota.size.get();
        let remaining = state.remaining_burst_capacity().min(size);
        let used_s = u64::from(size - remaining) * u64::from(self.quota.window_s);
        self.allowance(remaining, used_s.div_ceil(size.into()))
    }

    fn refusal(&self, wait: Duration) -> Problem {
        // A started millisecond counts: who comes back on time must not be refused again.
        let retry_after_ms = wait.as_millis() as u64 + 1;
        Problem::RateLimited {
            retry_after_ms,
            allowance: self.allowance(0, retry_after_ms.div_ceil(1000)),
        }
    }

    fn allowance(&self, remaining: u32, reset_s: u64) -> Allowance {
        Allowance {
            name: self.name,
            policy: self.policy.clone(),
            quota: self.quota.size.get(),
            remaining,
            reset_s,
        }
    }
}

/// A limit for each of many.
pub(super) struct Limit<K: Hash + Eq + Clone, C: Clock = DefaultClock> {
    terms: Terms,
    limiter: RateLimiter<K, BoundedStates<K>, C, StateInformationMiddleware>,
}

impl<K: Hash + Eq + Clone> Limit<K> {
    pub(super) fn new(name: &'static str, quota: Quota) -> Self {
        Self::with(name, quota, KEYS_MAX, DefaultClock::default())
    }
}

impl<K: Hash + Eq + Clone, C: Clock> Limit<K, C> {
    fn with(name: &'static str, quota: Quota, keys_max: usize, clock: C) -> Self {
        let states = BoundedStates::new(keys_max);
        Self {
            terms: Terms::new(name, quota),
            limiter: RateLimiter::new(quota.for_governor(), states, clock),
        }
    }

    /// One more.
    pub(super) fn check(&self, key: &K) -> Result<Allowance, Problem> {
        match self.limiter.check_key(key) {
            Ok(state) => Ok(self.terms.left(&state)),
            Err(until) => Err(self.terms.refusal(wait(&until, self.limiter.clock()))),
        }
    }

    /// Forgets whose allowance is whole again.
    pub(super) fn tidy(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

/// A limit for all together.
pub(super) struct Total {
    terms: Terms,
    limiter: RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>,
}

impl Total {
    pub(super) fn new(name: &'static str, quota: Quota) -> Self {
        Self {
            terms: Terms::new(name, quota),
            limiter: RateLimiter::direct(quota.for_governor()).with_middleware(),
        }
    }

    /// One more.
    pub(super) fn check(&self) -> Result<Allowance, Problem> {
        match self.limiter.check() {
            Ok(state) => Ok(self.terms.left(&state)),
            Err(until) => Err(self.terms.refusal(wait(&until, self.limiter.clock()))),
        }
    }
}

fn wait<C: Clock>(until: &NotUntil<C::Instant>, clock: &C) -> Duration {
    until.wait_time_from(clock.now())
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn given(quota: Quota, keys_max: usize) -> (Limit<u32, FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Limit::with("test", quota, keys_max, clock.clone()), clock)
    }

    fn two_a_second() -> Quota {
        Quota::per_second(NonZeroU32::new(2).unwrap())
    }

    fn told(allowance: Allowance) -> (String, String) {
        let mut headers = axum::http::HeaderMap::new();
        allowance.tell(&mut headers);
        let text = |name| headers[name].to_str().unwrap().to_owned();
        (text("ratelimit"), text("ratelimit-policy"))
    }

    #[test]
    fn a_burst_is_let_through_and_then_the_rate() {
        let (limit, clock) = given(two_a_second(), KEYS_MAX);
        assert!((0..4).all(|_| limit.check(&1).is_ok()));
        let refused = limit.check(&1).unwrap_err();
        assert!(matches!(
            refused,
            Problem::RateLimited {
                retry_after_ms: 501,
                ..
            }
        ));
        assert!(limit.check(&2).is_ok(), "somebody else");
        clock.advance(Duration::from_millis(501));
        assert!(limit.check(&1).is_ok(), "back on time");
        assert!(limit.check(&1).is_err());
    }

    #[test]
    fn what_is_left_is_told() {
        let (limit, _) = given(two_a_second(), KEYS_MAX);
        let policy = "\"test\";q=4;w=2".to_owned();
        let left = |text: &str| (text.to_owned(), policy.clone());
        assert_eq!(told(limit.check(&1).unwrap()), left("\"test\";r=3;t=1"));
        assert_eq!(told(limit.check(&1).unwrap()), left("\"test\";r=2;t=1"));
        assert_eq!(told(limit.check(&1).unwrap()), left("\"test\";r=1;t=2"));
        assert_eq!(told(limit.check(&1).unwrap()), left("\"test\";r=0;t=2"));
        match limit.check(&1).unwrap_err() {
            Problem::RateLimited { allowance, .. } => {
                assert_eq!(told(allowance), left("\"test\";r=0;t=1"));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_nearer_of_two_limits_is_told() {
        let (few, _) = given(two_a_second(), KEYS_MAX);
        let (many, _) = given(two_a_second().times(10), KEYS_MAX);
        let (few, many) = (few.check(&1).unwrap(), many.check(&1).unwrap());
        assert_eq!(many.clone().or_nearer(few.clone()), few);
        assert_eq!(few.clone().or_nearer(many), few);
    }

    #[test]
    fn memory_is_bounded_and_given_back() {
        let (limit, clock) = given(two_a_second(), 128);
        assert!((0..10_000).all(|key| limit.check(&key).is_ok()));
        assert_eq!(limit.limiter.len(), 128, "newcomers are not counted");
        limit.tidy();
        assert_eq!(limit.limiter.len(), 128, "they may still be at it");
        clock.advance(Duration::from_secs(3));
        limit.tidy();
        assert!(limit.limiter.is_empty());
    }

    #[test]
    fn the_highest_rate_that_can_be_configured_works() {
        let rate = NonZeroU32::new(crate::config::RATE_MAX).unwrap();
        let (limit, _) = given(Quota::per_second(rate), KEYS_MAX);
        assert!(limit.check(&1).is_ok());
        assert!(Total::new("test", Quota::per_second(rate)).check().is_ok());
    }
}
