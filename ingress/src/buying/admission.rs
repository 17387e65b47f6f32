//! Who gets into the log: the cheapest refusal first. The gate answers from memory and may be
//! wrong for milliseconds; the ruling is what counts.

mod queue;
mod share;
mod slots;
#[cfg(test)]
mod spike;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use feed::{Feed, Standing};
use sale::{Partition, Sale, SaleState, ShopperId};

use crate::log::publisher::{Publisher, Shut};
use crate::problem::Problem;

use queue::{Load, Queue};
use share::Share;

/// Purchases that may wait in one partition whatever the drain: a backlog is memory and disk too.
pub(crate) const BACKLOG_MAX: u64 = 1_000_000;

/// An owner that was not heard for this long is away: purchases are still taken, up to the limit.
const OWNER_AWAY_AFTER: Duration = Duration::from_secs(3);

/// When to come back to a log that does not answer, or a batcher that has its hands full.
const RETRY_SOON_MS: u64 = 1_000;

/// When to come back to a log that is full: room is made by minutes of trimming, or by an operator.
const RETRY_FULL_LOG_MS: u64 = 10_000;

/// Decides who may write to the log.
pub(crate) struct Admission {
    queue_wait_max: Duration,
    gates: Mutex<HashMap<Partition, Gate>>,
    hasher: RandomState,
}

/// What this replica remembers of one partition.
struct Gate {
    queue: Queue,
    admitted: u64,
    share: Share,
}

impl Admission {
    pub(crate) fn new(queue_wait_max: Duration) -> Self {
        Self {
            queue_wait_max,
            gates: Mutex::default(),
            hasher: RandomState::new(),
        }
    }

    /// Lets a purchase pass, or says why not.
    pub(crate) fn admit(
        &self,
        sale: &Sale,
        shopper: ShopperId,
        feed: &Feed,
        publisher: &Publisher,
    ) -> Result<(), Problem> {
        match sale.state(feed::now()) {
            SaleState::Active => {}
            closed => return Err(turned_away(closed.as_str(), Problem::NotForSale(closed))),
        }
        let partition = sale.id.partition();
        let standing = feed.standing(partition).ok_or(Problem::UnknownSale)?;
        if standing.halted.is_some() {
            return Err(turned_away("halted", Problem::Halted));
        }
        publisher.takes_purchases(partition).map_err(shut)?;
        let who = self.hasher.hash_one((sale.id, shopper));
        self.queue(partition, who, &standing)
    }

    fn queue(&self, partition: Partition, who: u64, standing: &Standing) -> Result<(), Problem> {
        let backlog = standing.backlog();
        let mut gates = self.lock();
        let gate = gates
            .entry(partition)
            .or_insert_with(|| Gate::new(self.queue_wait_max));
        // Nobody drains while the owner is away, and how long that lasts nobody knows: a wait
        // computed from its last rate would refuse everybody for a take-over of two seconds.
        let is_away = standing
            .heard_at
            .is_none_or(|at| at.elapsed() > OWNER_AWAY_AFTER);
        if backlog < BACKLOG_MAX && is_away {
            gate.admitted += 1;
            return Ok(());
        }
        let wait = match backlog < BACKLOG_MAX {
            true => Duration::from_millis(standing.wait_ms(backlog)),
            // Whatever the drain: nobody enters.
            false => Duration::MAX,
        };
        let drain_per_s = standing.drain_or_prior_per_s() * gate.share.part;
        gate.queue
            .enter(who, Load { wait, drain_per_s }, Instant::now())
            .map_err(|stay_away| {
                let retry_after_ms = stay_away.as_millis() as u64;
                turned_away("queue", Problem::Busy { retry_after_ms })
            })?;
        gate.admitted += 1;
        Ok(())
    }

    /// How long a purchase may have to wait.
    pub(crate) const fn queue_wait_max(&self) -> Duration {
        self.queue_wait_max
    }

    /// Takes stock of a partition; to be called every second or so.
    pub(crate) fn observe(&self, partition: Partition, standing: &Standing) {
        let backlog = standing.backlog();
        let mut gates = self.lock();
        let gate = gates
            .entry(partition)
            .or_insert_with(|| Gate::new(self.queue_wait_max));
        gate.share
            .measure(gate.admitted, standing.decided_total + backlog);
        let label = [("partition", partition.to_string())];
        metrics::gauge!("ingress_backlog_purchases", &label).set(backlog as f64);
        metrics::gauge!("ingress_expected_wait_seconds", &label)
            .set(standing.wait_ms(backlog) as f64 / 1000.0);
        metrics::gauge!("ingress_booked_slots", &label).set(gate.queue.booked() as f64);
        metrics::gauge!("ingress_drain_share_ratio", &label).set(gate.share.part);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Partition, Gate>> {
        self.gates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gate {
    fn new(wait_max: Duration) -> Self {
        Self {
            queue: Queue::new(wait_max),
            admitted: 0,
            share: Share::default(),
        }
    }
}

/// A batcher has its hands full.
pub(crate) fn gathering_full() -> Problem {
    turned_away(
        "gathering",
        Problem::Busy {
            retry_after_ms: RETRY_SOON_MS,
        },
    )
}

/// Too many commands are undecided.
pub(crate) fn commands_full() -> Problem {
    Problem::Busy {
        retry_after_ms: RETRY_SOON_MS,
    }
}

/// The log refuses, or would: certainly nothing was accepted.
pub(crate) fn shut(why: Shut) -> Problem {
    match why {
        Shut::Halted => turned_away("halted", Problem::Halted),
        Shut::Silent => turned_away(
            "log-silent",
            Problem::Busy {
                retry_after_ms: RETRY_SOON_MS,
            },
        ),
        Shut::Full => turned_away(
            "log-full",
            Problem::Busy {
                retry_after_ms: RETRY_FULL_LOG_MS,
            },
        ),
    }
}

fn turned_away(cause: &'static str, problem: Problem) -> Problem {
    metrics::counter!("ingress_turned_away_total", "cause" => cause).increment(1);
    problem
}
