//! Backpressure of one partition: who may still queue, and when the others shall come back.
//! Decides from what it is told; no clock, no IO.
//!
//! While the expected wait is below the limit everybody may queue. Above it the queue is **busy**:
//! each refusal books a slot on the drain, so that those who come back as told find room. Until the
//! last slot has passed, newcomers are only let in where the queue would run dry otherwise:
//! they would take the room that was promised.

use std::time::{Duration, Instant};

use super::slots::{Slots, Who};

/// Shortest wait that is ever asked for: less is a hammer.
const RETRY_AFTER_MIN: Duration = Duration::from_secs(1);

/// Of what is drained, how much is promised: the drain may turn out slower than it was measured.
const PROMISED: f64 = 0.9;

/// What somebody who arrives finds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// How long they would wait for their decision.
    pub(crate) wait: Duration,
    /// Purchases a second that are decided for this replica's shoppers.
    pub(crate) drain_per_s: f64,
}

/// The queue before one partition, as one replica sees it.
#[derive(Debug)]
pub(crate) struct Queue {
    wait_max: Duration,
    is_busy: bool,
    slots: Slots,
}

impl Queue {
    pub(crate) fn new(wait_max: Duration) -> Self {
        Self {
            wait_max,
            is_busy: false,
            slots: Slots::default(),
        }
    }

    /// Lets somebody queue, or says how long to stay away.
    pub(crate) fn enter(&mut self, who: Who, load: Load, now: Instant) -> Result<(), Duration> {
        self.slots.expire(now);
        self.settle(load, now);
        if load.wait <= self.wait_allowed(who, now) {
            return Ok(());
        }
        self.is_busy = true;
        Err(self.promise(who, load, now))
    }

    /// Slots that are booked and not used up.
    pub(crate) fn booked(&self) -> usize {
        self.slots.len()
    }

    /// Busy ends when everybody had the chance to come back, and half of the wait is gone.
    fn settle(&mut self, load: Load, now: Instant) {
        let all_came = self.slots.last().is_none_or(|last| last < now);
        if all_came && load.wait <= self.half_full() {
            self.is_busy = false;
        }
    }

    fn wait_allowed(&self, who: Who, now: Instant) -> Duration {
        let is_due = self.slots.of(who).is_some_and(|due| due <= now);
        if is_due || !self.is_busy {
            self.wait_max
        } else {
            self.running_dry()
        }
    }

    fn promise(&mut self, who: Who, load: Load, now: Instant) -> Duration {
        let standing = self.slots.of(who).filter(|due| now < *due);
        let booked = standing.or_else(|| {
            let away = RETRY_AFTER_MIN.max(load.wait.saturating_sub(self.half_full()));
            // A wait without end is beyond every calendar: nothing can be promised.
            let earliest = now.checked_add(away)?;
            let spacing = Duration::from_secs_f64(1.0 / (load.drain_per_s * PROMISED).max(1.0));
            self.slots.book(who, now, earliest, spacing)
        });
        match booked {
            Some(due) => due.saturating_duration_since(now),
            None => Slots::unbooked(who),
        }
    }

    /// Where those who come back find the queue: room above for what was estimated wrongly, and
    /// work below for those who do not come.
    fn half_full(&self) -> Duration {
        self.wait_max / 2
    }

    fn running_dry(&self) -> Duration {
        self.wait_max / 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Load = Load {
        wait: Duration::from_secs(6),
        drain_per_s: 10.0,
    };

    fn queue() -> (Queue, Instant) {
        (Queue::new(Duration::from_secs(5)), Instant::now())
    }

    #[test]
    fn who_returns_early_keeps_the_slot_they_have() {
        let (mut queue, start) = queue();
        let first = queue.enter(1, FULL, start).unwrap_err();
        let second = queue.enter(2, FULL, start).unwrap_err();
        assert!(first < second, "in order: {first:?}, {second:?}");
        let early = start + Duration::from_secs(1);
        let again = queue.enter(1, FULL, early).unwrap_err();
        assert_eq!(again, first - Duration::from_secs(1));
        assert_eq!(queue.booked(), 2);
    }

    #[test]
    fn newcomers_wait_behind_those_who_were_promised_room() {
        let (mut queue, start) = queue();
        let promised = queue.enter(1, FULL, start).unwrap_err();
        let half = Load {
            wait: Duration::from_millis(2_500),
            ..FULL
        };
        let due = start + promised;
        let newcomer = queue.enter(2, half, due).unwrap_err();
        assert!(newcomer >= RETRY_AFTER_MIN);
        assert_eq!(queue.enter(1, half, due), Ok(()));
    }

    #[test]
    fn a_queue_that_runs_dry_takes_anybody() {
        let (mut queue, start) = queue();
        queue.enter(1, FULL, start).unwrap_err();
        let dry = Load {
            wait: Duration::from_secs(1),
            ..FULL
        };
        assert_eq!(queue.enter(2, dry, start), Ok(()));
        assert!(queue.is_busy, "the slot is still to come");
    }

    #[test]
    fn a_slot_nobody_uses_is_forgotten() {
        let (mut queue, start) = queue();
        let due = start + queue.enter(1, FULL, start).unwrap_err();
        let later = due + Duration::from_secs(16);
        let half = Load {
            wait: Duration::from_millis(2_500),
            ..FULL
        };
        assert_eq!(queue.enter(2, half, later), Ok(()));
        assert_eq!((queue.booked(), queue.is_busy), (0, false));
    }

    #[test]
    fn what_cannot_be_promised_is_spread() {
        let (mut queue, start) = queue();
        for wait in [Duration::from_secs(400), Duration::MAX] {
            let slow = Load { wait, ..FULL };
            let told: Vec<Duration> = [1, 77_777]
                .map(|who| queue.enter(who, slow, start).unwrap_err())
                .into();
            assert_ne!(told[0], told[1]);
            assert!(
                told.iter()
                    .all(|wait| (150..=300).contains(&wait.as_secs())),
                "{told:?}"
            );
            assert_eq!(queue.booked(), 0);
        }
    }

    #[test]
    fn no_wait_at_all_lets_only_those_in_who_find_nobody() {
        let mut queue = Queue::new(Duration::ZERO);
        let start = Instant::now();
        let nobody = Load {
            wait: Duration::ZERO,
            ..FULL
        };
        assert_eq!(queue.enter(1, nobody, start), Ok(()));
        let due = start + queue.enter(2, FULL, start).unwrap_err();
        assert_eq!(queue.enter(2, nobody, due), Ok(()));
    }
}
