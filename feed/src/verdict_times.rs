//! How long verdicts took lately: from a record's acknowledgement until this process knew its decision.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How far back "lately" reaches: long enough for a steady percentile, short enough to show a change.
const LATELY_S: u64 = 10;

/// Leading bits of a time that are kept, so that times differ by at most a sixteenth from what was
/// measured and a window holds a few dozen of them, whatever the load.
const KEPT_BITS: u32 = 4;

/// The verdicts of one sale's purchases, as this process saw them.
#[derive(Debug)]
pub struct VerdictTimes {
    begun: Instant,
    seconds: Mutex<VecDeque<Second>>,
}

/// The verdicts that became known within one second.
#[derive(Debug)]
struct Second {
    number: u64,
    purchases_at_us: BTreeMap<u64, u64>,
}

impl VerdictTimes {
    /// None yet.
    pub fn new(begun: Instant) -> Self {
        Self {
            begun,
            seconds: Mutex::default(),
        }
    }

    /// That many purchases of one record were decided, this long after they were logged.
    pub fn record(&self, now: Instant, took: Duration, purchases: u32) {
        if purchases == 0 {
            return;
        }
        let number = self.second(now);
        let mut seconds = self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        if seconds.back().is_none_or(|last| last.number < number) {
            seconds.push_back(Second {
                number,
                purchases_at_us: BTreeMap::new(),
            });
            expire(&mut seconds, number);
        }
        if let Some(second) = seconds.back_mut() {
            let us = rounded(took.as_micros() as u64);
            *second.purchases_at_us.entry(us).or_default() += u64::from(purchases);
        }
    }

    /// The last 10 s: microseconds, rounded, and how many purchases took so long.
    pub fn lately(&self, now: Instant) -> BTreeMap<u64, u64> {
        let mut seconds = self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        expire(&mut seconds, self.second(now));
        let mut lately = BTreeMap::new();
        for (us, purchases) in seconds.iter().flat_map(|second| &second.purchases_at_us) {
            *lately.entry(*us).or_default() += purchases;
        }
        lately
    }

    fn second(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.begun).as_secs()
    }
}

fn expire(seconds: &mut VecDeque<Second>, now: u64) {
    while (seconds.front()).is_some_and(|first| first.number + LATELY_S <= now) {
        seconds.pop_front();
    }
}

/// The middle of all times that begin with the same bits.
const fn rounded(us: u64) -> u64 {
    let dropped = (u64::BITS - us.leading_zeros()).saturating_sub(KEPT_BITS);
    let first = us >> dropped << dropped;
    first + ((1 << dropped) >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_time_is_rounded_by_a_sixteenth_at_most() {
        let times = (0..40).flat_map(|bits| [1_u64 << bits, (1 << bits) + 1, (2 << bits) - 1]);
        for us in times.chain([0, 4_999, 5_000_000]) {
            let off = rounded(us).abs_diff(us);
            assert!(off * 16 <= us, "{us} became {}", rounded(us));
        }
        let several: std::collections::BTreeSet<u64> = (8_000..16_000).map(rounded).collect();
        assert!((8..=10).contains(&several.len()), "{several:?}");
    }

    #[test]
    fn verdicts_of_the_last_ten_seconds_count_and_older_ones_do_not() {
        let begun = Instant::now();
        let at = |ms| begun + MS * ms;
        let times = VerdictTimes::new(begun);
        times.record(at(100), MS, 3);
        times.record(at(900), MS, 4);
        times.record(at(5_000), MS * 8, 1);
        let (short, long) = (rounded(1_000), rounded(8_000));
        assert_eq!(times.lately(at(9_999)), [(short, 7), (long, 1)].into());
        assert_eq!(times.lately(at(10_000)), [(long, 1)].into());
        assert_eq!(times.lately(at(15_000)), [].into());
    }

    #[test]
    fn what_is_recorded_makes_room_by_itself() {
        let begun = Instant::now();
        let times = VerdictTimes::new(begun);
        for second in 0..100 {
            times.record(begun + Duration::from_secs(second), MS, 1);
        }
        assert_eq!(times.seconds.lock().unwrap().len() as u64, LATELY_S);
    }

    #[test]
    fn commands_have_no_purchases_and_leave_no_trace() {
        let begun = Instant::now();
        let times = VerdictTimes::new(begun);
        times.record(begun, MS, 0);
        assert_eq!(times.lately(begun), [].into());
    }
}
