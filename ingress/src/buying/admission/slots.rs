//! Promises to come back: who was refused, and when there will be room for them.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// Promises kept at a time in one partition: 10 MB of memory. Beyond it nothing is promised.
const SLOTS_MAX: usize = 200_000;

/// How far ahead slots are booked: nobody waits longer in front of a page.
const BOOKED_AHEAD_MAX: Duration = Duration::from_secs(300);

/// How long a slot waits for its shopper: clocks of pages in the background tick once a minute at
/// worst, but most come within a second.
const KEPT_AFTER_DUE: Duration = Duration::from_secs(15);

/// A shopper in a sale, hashed.
pub(crate) type Who = u64;

/// The booked slots of one partition, in the order of their booking and so of their due time.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    due: HashMap<Who, Instant>,
    order: VecDeque<(Instant, Who)>,
}

impl Slots {
    /// Forgets slots whose shopper did not come.
    pub(crate) fn expire(&mut self, now: Instant) {
        while let Some((due, who)) = self.order.front() {
            if now < *due + KEPT_AFTER_DUE {
                return;
            }
            // A later slot of the same shopper stays.
            if self.due.get(who) == Some(due) {
                self.due.remove(who);
            }
            self.order.pop_front();
        }
    }

    /// When this shopper's slot is due, if there is one.
    pub(crate) fn of(&self, who: Who) -> Option<Instant> {
        self.due.get(&who).copied()
    }

    /// When the last slot is due; `None` when nobody holds one.
    pub(crate) fn last(&self) -> Option<Instant> {
        self.order.back().map(|(due, _)| *due)
    }

    pub(crate) fn len(&self) -> usize {
        self.due.len()
    }

    /// Books the next slot: not before `earliest`, and `spacing` after the one before.
    /// `None` when there is nothing to promise any more.
    pub(crate) fn book(
        &mut self,
        who: Who,
        now: Instant,
        earliest: Instant,
        spacing: Duration,
    ) -> Option<Instant> {
        let after_last = self.last().map_or(earliest, |last| last + spacing);
        let due = after_last.max(earliest);
        if self.order.len() >= SLOTS_MAX || due > now + BOOKED_AHEAD_MAX {
            return None;
        }
        self.due.insert(who, due);
        self.order.push_back((due, who));
        Some(due)
    }

    /// When to come back for somebody who cannot be promised anything: after most of those who
    /// were, and not all at once.
    pub(crate) const fn unbooked(who: Who) -> Duration {
        let half_ms = BOOKED_AHEAD_MAX.as_millis() as u64 / 2;
        Duration::from_millis(half_ms + who % half_ms)
    }
}
