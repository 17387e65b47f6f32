//! Free partitions, and how long this replica leaves each of them alone.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sale::{Partition, Seq};
use service::backoff::{Backoff, jitter};

use crate::store::Seen;
use crate::tenure::{Passed, Report};

/// How long who has its share leaves a free partition to those who do not: a few looks of theirs.
const YIELD: Duration = Duration::from_secs(1);

/// How long a partition is left to others by who must not decide its next record: longer than anybody
/// else waits, shorter than the 3 s after which a silent feed counts as broken.
const LEAVE_STOPPED: Duration = Duration::from_secs(2);

/// Pauses before a partition is taken again after trouble with it.
const RETRY_FROM: Duration = Duration::from_millis(50);
const RETRY_TO: Duration = Duration::from_secs(2);

/// What is free, since when, and what stands against claiming it.
#[derive(Default)]
pub(crate) struct Free {
    since: BTreeMap<Partition, Instant>,
    rests: BTreeMap<Partition, Rest>,
}

/// Why a partition is not claimed at once.
struct Rest {
    backoff: Backoff,
    until: Instant,
    /// The record before which this process stopped.
    stopped_before: Option<Seq>,
}

impl Free {
    /// A partition that this replica does not hold was looked at.
    pub(crate) fn note(&mut self, seen: &Seen) {
        if let Some(rest) = self.rests.get_mut(&seen.partition) {
            let stopped_before = rest.stopped_before;
            rest.stopped_before = stopped_before.filter(|seq| seen.stopped_before == Some(*seq));
        }
        if seen.leased_for.is_some() {
            self.since.remove(&seen.partition);
        } else {
            self.since
                .entry(seen.partition)
                .or_insert_with(Instant::now);
        }
    }

    /// This replica is taking it; answers before which record it stopped there the last time.
    pub(crate) fn taking(&mut self, partition: Partition) -> Option<Seq> {
        self.since.remove(&partition);
        self.rests.get(&partition)?.stopped_before
    }

    /// Learns from how a tenure ended.
    pub(crate) fn ended(&mut self, report: &Report) {
        let rest = self.rests.entry(report.partition).or_insert_with(|| Rest {
            backoff: Backoff::new(RETRY_FROM, RETRY_TO),
            until: Instant::now(),
            stopped_before: None,
        });
        if report.has_decided {
            rest.backoff.reset();
        }
        match report.passed {
            Passed::NotTaken | Passed::On => {}
            Passed::Stopped(seq) => rest.stopped_before = Some(seq),
            Passed::Troubled => rest.until = Instant::now() + rest.backoff.next_delay(),
        }
    }

    /// All of them, from a random one on, so that two replicas with room do not try for the same.
    pub(crate) fn shuffled(&self) -> Vec<Partition> {
        let mut free: Vec<Partition> = self.since.keys().copied().collect();
        let count = free.len();
        free.rotate_left(((jitter() * count as f64) as usize).min(count));
        free
    }

    /// Whether it may be claimed by now; `in_turn` is who has less than its share.
    pub(crate) fn may_claim(&self, partition: Partition, in_turn: bool) -> bool {
        let Some(since) = self.since.get(&partition) else {
            return false;
        };
        let rest = self.rests.get(&partition);
        if rest.is_some_and(|rest| Instant::now() < rest.until) {
            return false;
        }
        let is_stopped = rest.is_some_and(|rest| rest.stopped_before.is_some());
        let patience = match (is_stopped, in_turn) {
            (true, _) => LEAVE_STOPPED,
            (false, true) => Duration::ZERO,
            (false, false) => YIELD,
        };
        since.elapsed() >= patience
    }
}
