//! What shoppers note down while they shop.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use crate::run::{Answered, Refusal, Sample, Tally};

/// The run's clock, and its tally.
pub(crate) struct Notes {
    began: Instant,
    tally: Mutex<Tally>,
    /// Tickets, by the numbers of those who have them.
    accepted: Mutex<HashMap<u64, Uuid>>,
}

/// A shopper who was told to come back, and whose fate decides whether that was honest.
#[derive(Clone, Copy)]
pub(crate) struct Told {
    /// When the first refusal said to come back.
    pub(crate) back_at: Instant,
    /// Which try this one is; the first was refused.
    pub(crate) tries: u32,
}

impl Notes {
    /// For a run that begins then and should take so long.
    pub(crate) fn of(began: Instant, expected: Duration) -> Self {
        Self {
            began,
            tally: Mutex::new(Tally::of(expected)),
            accepted: Mutex::default(),
        }
    }

    /// Since the run's begin.
    pub(crate) fn at(&self, moment: Instant) -> Duration {
        moment.saturating_duration_since(self.began)
    }

    pub(crate) fn moment(&self, at: Duration) -> Instant {
        self.began + at
    }

    /// So far.
    pub(crate) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn into_tally(self) -> Tally {
        self.tally
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn offered(&self, due: Instant) {
        self.tally().offered(self.at(due));
    }

    /// Gives the microseconds since the try was due.
    pub(crate) fn answered(&self, status: u16, due: Instant, sent: Instant) -> u64 {
        let now = Instant::now();
        let http_us = micros(now.saturating_duration_since(due));
        self.tally().answered(&Answered {
            at: self.at(now),
            status,
            http_us,
            lag_us: micros(sent.saturating_duration_since(due)),
        });
        http_us
    }

    pub(crate) fn refused(&self, refusal: Refusal) {
        self.tally().refused(refusal);
    }

    pub(crate) fn first_told_to_come_back(&self) {
        self.tally().retry_after.refusals += 1;
    }

    /// Somebody who was told to come back was let in.
    pub(crate) fn let_in(&self, told: Told, due: Instant) {
        let late = due.saturating_duration_since(told.back_at);
        let mut tally = self.tally();
        tally.retry_after.first_retry_admitted += u64::from(told.tries == 2);
        tally.retry_after.admitted += 1;
        tally.retry_after.over_wait_ms += late.as_millis() as u64;
    }

    pub(crate) fn outcome_unknown(&self) {
        self.tally().outcome_unknown += 1;
    }

    /// A try without an answer.
    pub(crate) fn broken(&self, why: &anyhow::Error) {
        let mut tally = self.tally();
        tally.broken += 1;
        tally.broken_by.get_or_insert_with(|| format!("{why:#}"));
    }

    pub(crate) fn page_opened(&self, has_socket: bool) {
        let mut tally = self.tally();
        tally.sockets += 1;
        tally.sockets_failed += u64::from(!has_socket);
    }

    pub(crate) fn page_broken(&self) {
        self.tally().sockets_failed += 1;
    }

    pub(crate) fn accepted(&self, number: u64, ticket: Uuid) {
        self.tickets().insert(number, ticket);
    }

    /// Everybody's tickets so far.
    pub(crate) fn tickets(&self) -> MutexGuard<'_, HashMap<u64, Uuid>> {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn gave_up(&self) {
        self.tally().gave_up += 1;
    }

    pub(crate) fn told(&self, has_won: bool, due: Instant) {
        let now = Instant::now();
        let took_us = micros(now.saturating_duration_since(due));
        self.tally().told(self.at(now), has_won, took_us);
    }

    pub(crate) fn sampled(&self, sample: Sample) {
        self.tally().sampled(self.at(Instant::now()), sample);
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
