//! Who gets into the log: the cheapest refusal first. The gate answers from memory and may be
//! wrong for milliseconds; the ruling is what counts.

use std::time::Duration;

use feed::{Feed, Standing};
use sale::{Sale, SaleState};

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
}

impl Admission {
    pub(crate) fn new(queue_wait_max_ms: u64) -> Self {
        Self { queue_wait_max_ms }
    }

    /// Lets a purchase pass, or says why not.
    pub(crate) fn admit(
        &self,
        sale: &Sale,
        feed: &Feed,
        publisher: &Publisher,
    ) -> Result<Standing, Problem> {
        match sale.state(feed::now()) {
            SaleState::Active => {}
            closed => return Err(Problem::NotForSale(closed)),
        }
        let partition = sale.id.partition();
        let standing = feed.standing(partition).ok_or(Problem::UnknownSale)?;
        if standing.halted.is_some() || publisher.is_halted(partition) {
            return Err(Problem::Halted);
        }
        self.within_queue(&standing)?;
        Ok(standing)
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

/// A full queue, that will have room after that long.
pub(crate) fn busy(retry_after_ms: u64) -> Problem {
    let (from, to) = (*RETRY_AFTER_MS.start(), *RETRY_AFTER_MS.end());
    Problem::Busy {
        retry_after_ms: retry_after_ms.clamp(from, to),
    }
}
