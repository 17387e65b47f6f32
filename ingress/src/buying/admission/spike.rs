//! A crowd on paper: what the queue promises, and whether the promises hold.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use super::queue::{Load, Queue};
use super::slots::Who;
use super::told_ms;

const WAIT_MAX: Duration = Duration::from_secs(5);
const DRAIN_PER_S: f64 = 500.0;
const SECONDS: u64 = 120;

/// A spike of 10 s, then a trickle.
struct Crowd {
    spike_times: f64,
    trickle_times: f64,
    /// What replicas believe of the drain, of what it is.
    estimate: f64,
    /// Of ten who are refused, how many never come back.
    gone_of_ten: u64,
    replicas: usize,
}

#[derive(Debug, Default)]
struct Outcome {
    accepted: u64,
    refused_once: u64,
    came_back: u64,
    admitted_at_first_retry: u64,
    longest_wait: Duration,
    /// Of every second between the first refusal and the last retry, the least that was drained.
    least_drained: f64,
}

impl Crowd {
    fn usual() -> Self {
        Self {
            spike_times: 5.0,
            trickle_times: 0.3,
            estimate: 1.0,
            gone_of_ten: 0,
            replicas: 1,
        }
    }

    /// Plays it in steps of a millisecond.
    fn play(&self) -> Outcome {
        let start = Instant::now();
        let mut queues: Vec<Queue> = (0..self.replicas).map(|_| Queue::new(WAIT_MAX)).collect();
        let mut returning: BinaryHeap<Reverse<(u64, Who, u32)>> = BinaryHeap::new();
        let (mut backlog, mut arriving, mut next) = (0.0_f64, 0.0_f64, 0);
        let (mut drained, mut busy_from) = (0.0_f64, None);
        let mut outcome = Outcome {
            least_drained: f64::MAX,
            ..Outcome::default()
        };
        for ms in 0..SECONDS * 1_000 {
            let now = start + Duration::from_millis(ms);
            let times = if ms < 10_000 {
                self.spike_times
            } else {
                self.trickle_times
            };
            arriving += DRAIN_PER_S * times / 1_000.0;
            let mut here = Vec::new();
            while arriving >= 1.0 {
                arriving -= 1.0;
                here.push((next, 0));
                next += 1;
            }
            while let Some(Reverse((_, who, tries))) =
                returning.peek().copied().filter(|r| r.0.0 <= ms)
            {
                returning.pop();
                here.push((who, tries));
            }
            for (who, tries) in here {
                outcome.came_back += u64::from(tries == 1);
                let replica = (who % self.replicas as u64) as usize;
                let wait = Duration::from_secs_f64(backlog / (DRAIN_PER_S * self.estimate));
                let drain_per_s = DRAIN_PER_S * self.estimate / self.replicas as f64;
                match queues[replica].enter(who, Load { wait, drain_per_s }, now) {
                    Ok(()) => {
                        backlog += 1.0;
                        outcome.accepted += 1;
                        outcome.longest_wait = outcome
                            .longest_wait
                            .max(Duration::from_secs_f64(backlog / DRAIN_PER_S));
                        outcome.admitted_at_first_retry += u64::from(tries == 1);
                    }
                    Err(stay_away) => {
                        busy_from.get_or_insert(ms);
                        if tries == 0 && who % 10 < self.gone_of_ten {
                            continue;
                        }
                        outcome.refused_once += u64::from(tries == 0);
                        let back = ms + told_ms(stay_away);
                        returning.push(Reverse((back, who, tries + 1)));
                    }
                }
            }
            let out = backlog.min(DRAIN_PER_S / 1_000.0);
            backlog -= out;
            drained += out;
            if ms % 1_000 == 999 {
                if busy_from.is_some_and(|from| from < ms - 999) && !returning.is_empty() {
                    outcome.least_drained = outcome.least_drained.min(drained / DRAIN_PER_S);
                }
                drained = 0.0;
            }
        }
        outcome
    }
}

impl Outcome {
    fn kept(&self) -> f64 {
        self.admitted_at_first_retry as f64 / self.came_back as f64
    }
}

#[test]
fn who_comes_back_as_told_gets_in_and_the_drain_never_idles() {
    let outcome = Crowd::usual().play();
    assert!(outcome.refused_once > 10_000, "{outcome:?}");
    assert!(outcome.kept() > 0.99, "{outcome:?}");
    assert!(outcome.least_drained > 0.99, "{outcome:?}");
    assert!(
        outcome.longest_wait <= WAIT_MAX + Duration::from_millis(100),
        "{outcome:?}"
    );
}

#[test]
fn promises_survive_a_drain_that_was_estimated_wrongly() {
    for estimate in [0.8, 1.15] {
        let outcome = Crowd {
            estimate,
            ..Crowd::usual()
        }
        .play();
        assert!(outcome.kept() > 0.95, "{estimate}: {outcome:?}");
        assert!(outcome.least_drained > 0.8, "{estimate}: {outcome:?}");
    }
}

#[test]
fn those_who_never_come_back_do_not_idle_the_drain() {
    for gone_of_ten in [3, 9] {
        let outcome = Crowd {
            gone_of_ten,
            // Newcomers enough to take the places of those who stay away.
            trickle_times: 1.2,
            ..Crowd::usual()
        }
        .play();
        assert!(outcome.kept() > 0.95, "{gone_of_ten}: {outcome:?}");
        assert!(outcome.least_drained > 0.8, "{gone_of_ten}: {outcome:?}");
    }
}

#[test]
fn replicas_promise_their_share_of_the_drain() {
    let outcome = Crowd {
        replicas: 4,
        ..Crowd::usual()
    }
    .play();
    assert!(outcome.kept() > 0.99, "{outcome:?}");
    assert!(outcome.least_drained > 0.99, "{outcome:?}");
}

#[test]
fn below_the_limit_nobody_is_refused() {
    let outcome = Crowd {
        spike_times: 1.4,
        ..Crowd::usual()
    }
    .play();
    assert_eq!(outcome.refused_once, 0, "{outcome:?}");
    assert!(outcome.accepted > 20_000, "{outcome:?}");
}
