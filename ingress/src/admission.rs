//! Who gets into the log: the cheapest refusal first. The gate answers from memory and may be
//! wrong for milliseconds; the ruling is what counts.

use std::num::NonZeroU32;
use std::time::Duration;

use feed::{Feed, Standing};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use sale::{Sale, SaleState, ShopperId};

use crate::problem::Problem;
use crate::publisher::Publisher;

/// Purchases that may wait in one partition whatever the drain: a backlog is memory and disk too.
const BACKLOG_MAX: u64 = 1_000_000;

/// An owner that was not heard for this long is away: purchases are still taken, up to the limit.
const OWNER_AWAY_AFTER: Duration = Duration::from_secs(3);

/// Shortest and longest `Retry-After` of a full queue.
const RETRY_AFTER_MS: std::ops::RangeInclusive<u64> = 1_000..=60_000;

/// Decides who may write to the log.
pub(crate) struct Admission {
    queue_wait_max_ms: u64,
    shoppers: Option<DefaultKeyedRateLimiter<ShopperId>>,
    clock: DefaultClock,
}

impl Admission {
    pub(crate) fn new(queue_wait_max_ms: u64, rate_per_shopper_per_s: Option<NonZeroU32>) -> Self {
        let shoppers = rate_per_shopper_per_s.map(|rate| {
            RateLimiter::keyed(Quota::per_second(rate).allow_burst(rate.saturating_mul(TWO)))
        });
        Self {
            queue_wait_max_ms,
            shoppers,
            clock: DefaultClock::default(),
        }
    }

    /// Lets a purchase pass, or says why not.
    pub(crate) fn admit(
        &self,
        shopper: ShopperId,
        sale: &Sale,
        feed: &Feed,
        publisher: &Publisher,
    ) -> Result<Standing, Problem> {
        match sale.state(feed::now()) {
            SaleState::Active => {}
            closed => return Err(Problem::NotForSale(closed)),
        }
        self.within_rate(shopper)?;
        let partition = sale.id.partition();
        let standing = feed.standing(partition).ok_or(Problem::UnknownSale)?;
        if standing.halted.is_some() || publisher.is_halted(partition) {
            return Err(Problem::Halted);
        }
        self.within_queue(&standing)?;
        Ok(standing)
    }

    /// Forgets shoppers whose allowance is full again; to be called now and then.
    pub(crate) fn tidy(&self) {
        if let Some(shoppers) = &self.shoppers {
            shoppers.retain_recent();
        }
    }

    fn within_rate(&self, shopper: ShopperId) -> Result<(), Problem> {
        let Some(shoppers) = &self.shoppers else {
            return Ok(());
        };
        shoppers.check_key(&shopper).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            Problem::RateLimited {
                retry_after_ms: wait.as_millis() as u64 + 1,
            }
        })
    }

    fn within_queue(&self, standing: &Standing) -> Result<(), Problem> {
        let backlog = standing.backlog();
        if backlog >= BACKLOG_MAX {
            return Err(busy(standing.wait_ms(backlog)));
        }
        // Nobody drains while the owner is away, and how long that lasts nobody knows: a wait
        // computed from its last rate would refuse everybody for a take-over of two seconds.
        let away = standing
            .heard_at
            .is_none_or(|at| at.elapsed() > OWNER_AWAY_AFTER);
        let wait_ms = standing.wait_ms(backlog);
        if !away && wait_ms > self.queue_wait_max_ms {
            return Err(busy(wait_ms - self.queue_wait_max_ms / 2));
        }
        Ok(())
    }
}

const TWO: NonZeroU32 = NonZeroU32::new(2).expect("two is not zero");

/// A full queue, that will have room after that long.
pub(crate) fn busy(retry_after_ms: u64) -> Problem {
    let (from, to) = (*RETRY_AFTER_MS.start(), *RETRY_AFTER_MS.end());
    Problem::Busy {
        retry_after_ms: retry_after_ms.clamp(from, to),
    }
}
