//! What is counted while a crowd buys.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::timeline::{Sample, Timeline, latencies};

/// Answers other than 2xx that are kept one by one; all are counted.
pub(crate) const REFUSALS_KEPT_MAX: usize = 1_000_000;

/// Of a whole run, in digits.
const DIGITS: u8 = 3;

/// Counts and latencies. Moments are counted from the run's begin.
pub(crate) struct Tally {
    pub(crate) timeline: Timeline,
    /// Shoppers whose first try was due.
    pub(crate) offered: u64,
    /// The last first try, the last `202`, and the last verdict that reached its shopper.
    pub(crate) arrived_by: Duration,
    pub(crate) accepted_by: Duration,
    pub(crate) told_by: Duration,
    /// Answers to purchases, repeated ones as well, by status.
    pub(crate) statuses: BTreeMap<u16, u64>,
    /// Verdicts that reached their shoppers.
    pub(crate) won: u64,
    pub(crate) lost: u64,
    /// Microseconds from the moment a try was due to its answer.
    pub(crate) http_us: Histogram<u64>,
    /// Microseconds from the moment the accepted try was due to the verdict.
    pub(crate) verdict_us: Histogram<u64>,
    /// Microseconds from the moment a try was due to the moment it was sent: the generator's own delay.
    pub(crate) lag_us: Histogram<u64>,
    pub(crate) refusals: Refusals,
    pub(crate) retry_after: RetryAfter,
    /// Answers that said so.
    pub(crate) outcome_unknown: u64,
    /// Tries without an answer.
    pub(crate) broken: u64,
    /// What the first of them failed by.
    pub(crate) broken_by: Option<String>,
    /// Shoppers who wanted a WebSocket, and those whose one was not to be had or broke: they polled.
    pub(crate) sockets: u64,
    pub(crate) sockets_failed: u64,
    /// Shoppers without a definite answer when their patience ended.
    pub(crate) gave_up: u64,
}

/// Answers other than 2xx.
#[derive(Default)]
pub(crate) struct Refusals {
    pub(crate) kept: Vec<Refusal>,
    /// Those that came after there was no room.
    pub(crate) dropped: u64,
}

/// An answer other than 2xx.
pub(crate) struct Refusal {
    pub(crate) at: Duration,
    /// Counted from 0 in order of arrival.
    pub(crate) shopper: u64,
    /// Which sale of the run, counted from 0.
    pub(crate) sale: usize,
    /// The first is 1.
    pub(crate) tries: u32,
    pub(crate) status: u16,
    /// The problem's word; empty when the answer had none.
    pub(crate) problem: String,
    pub(crate) retry_after_ms: Option<u64>,
    pub(crate) http_us: u64,
}

/// Whether those who came back when they were told to found room.
#[derive(Default)]
pub(crate) struct RetryAfter {
    /// Shoppers whose first try was refused with a time to come back at.
    pub(crate) refusals: u64,
    /// Those of them whose second try, at exactly that time, was not refused again.
    pub(crate) first_retry_admitted: u64,
    /// Those of them who were let in at last, and how much later than they were told at first, all together.
    pub(crate) admitted: u64,
    pub(crate) over_wait_ms: u64,
}

/// An answer to one try.
pub(crate) struct Answered {
    pub(crate) at: Duration,
    pub(crate) status: u16,
    pub(crate) http_us: u64,
    pub(crate) lag_us: u64,
}

impl Tally {
    /// For a run that should take so long.
    pub(crate) fn of(expected: Duration) -> Self {
        Self {
            timeline: Timeline::of(expected),
            offered: 0,
            arrived_by: Duration::ZERO,
            accepted_by: Duration::ZERO,
            told_by: Duration::ZERO,
            statuses: BTreeMap::new(),
            won: 0,
            lost: 0,
            http_us: latencies(DIGITS),
            verdict_us: latencies(DIGITS),
            lag_us: latencies(DIGITS),
            refusals: Refusals::default(),
            retry_after: RetryAfter::default(),
            outcome_unknown: 0,
            broken: 0,
            broken_by: None,
            sockets: 0,
            sockets_failed: 0,
            gave_up: 0,
        }
    }

    /// A shopper's first try was due.
    pub(crate) fn offered(&mut self, due: Duration) {
        self.offered += 1;
        self.arrived_by = self.arrived_by.max(due);
        self.timeline.at(due).offered += 1;
    }

    pub(crate) fn answered(&mut self, answered: &Answered) {
        if answered.status == 202 {
            self.accepted_by = self.accepted_by.max(answered.at);
        }
        let slice = self.timeline.at(answered.at);
        *slice.statuses.entry(answered.status).or_default() += 1;
        slice.http_us.saturating_record(answered.http_us);
        slice.lag_us = slice.lag_us.max(answered.lag_us);
        *self.statuses.entry(answered.status).or_default() += 1;
        self.http_us.saturating_record(answered.http_us);
        self.lag_us.saturating_record(answered.lag_us);
    }

    pub(crate) fn refused(&mut self, refusal: Refusal) {
        if self.refusals.kept.len() < REFUSALS_KEPT_MAX {
            self.refusals.kept.push(refusal);
        } else {
            self.refusals.dropped += 1;
        }
    }

    /// A verdict came to its shopper.
    pub(crate) fn told(&mut self, at: Duration, has_won: bool, took_us: u64) {
        self.told_by = self.told_by.max(at);
        let slice = self.timeline.at(at);
        slice.verdict_us.saturating_record(took_us);
        self.verdict_us.saturating_record(took_us);
        if has_won {
            slice.won += 1;
            self.won += 1;
        } else {
            slice.lost += 1;
            self.lost += 1;
        }
    }

    pub(crate) fn sampled(&mut self, at: Duration, sample: Sample) {
        self.timeline.at(at).sample = sample;
    }

    /// Answers with this status.
    pub(crate) fn count(&self, status: u16) -> u64 {
        self.statuses.get(&status).copied().unwrap_or_default()
    }
}
