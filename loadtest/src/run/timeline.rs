//! The run in slices of time.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

/// A slice is a second, or longer in a run of more than so many: what a chart can show, and what memory can hold.
const SLICES_MAX: u64 = 600;

/// Ten minutes: longer than any shopper of ours waits.
const LONGEST_US: u64 = 600_000_000;

/// A chart shows no third.
const DIGITS: u8 = 2;

/// A run, slice after slice.
pub(crate) struct Timeline {
    /// How long a slice is.
    pub(crate) width: Duration,
    /// From the first arrival on; what comes later than reckoned with adds slices.
    pub(crate) slices: Vec<Slice>,
}

/// What happened within a slice.
pub(crate) struct Slice {
    /// Shoppers whose first try was due.
    pub(crate) offered: u64,
    /// Answers to purchases, repeated ones as well, by status.
    pub(crate) statuses: BTreeMap<u16, u64>,
    /// Verdicts that reached their shoppers.
    pub(crate) won: u64,
    pub(crate) lost: u64,
    /// Microseconds from the moment a try was due to its answer, for answers of this slice.
    pub(crate) http_us: Histogram<u64>,
    /// Microseconds from the moment the accepted try was due to the verdict, for verdicts of this slice.
    pub(crate) verdict_us: Histogram<u64>,
    /// How late tries were sent: the most of this slice, in microseconds.
    pub(crate) lag_us: u64,
    /// What the target said of itself, last in this slice.
    pub(crate) sample: Sample,
}

/// What the target says of itself; nothing of what was not to be had.
#[derive(Clone, Default)]
pub(crate) struct Sample {
    /// Purchases that wait for their decision, in all partitions together.
    pub(crate) backlog: Option<u64>,
    /// Units left in all sales of the run together.
    pub(crate) remaining: Option<u64>,
    /// Memory of the processes of a private stack.
    pub(crate) resident: Vec<Resident>,
}

/// A process in memory.
#[derive(Clone)]
pub(crate) struct Resident {
    /// Such as `ingress-0`.
    pub(crate) process: String,
    pub(crate) bytes: u64,
}

impl Timeline {
    /// For a run that should take so long.
    pub(crate) fn of(expected: Duration) -> Self {
        let width_s = expected.as_secs().div_ceil(SLICES_MAX).max(1);
        Self {
            width: Duration::from_secs(width_s),
            slices: Vec::new(),
        }
    }

    /// The slice of a moment, counted from the run's begin.
    pub(crate) fn at(&mut self, moment: Duration) -> &mut Slice {
        let index = (moment.as_secs_f64() / self.width.as_secs_f64()) as usize;
        while self.slices.len() <= index {
            self.slices.push(Slice::empty());
        }
        &mut self.slices[index]
    }
}

impl Slice {
    pub(crate) fn empty() -> Self {
        Self {
            offered: 0,
            statuses: BTreeMap::new(),
            won: 0,
            lost: 0,
            http_us: latencies(DIGITS),
            verdict_us: latencies(DIGITS),
            lag_us: 0,
            sample: Sample::default(),
        }
    }

    /// Answers with this status.
    pub(crate) fn count(&self, status: u16) -> u64 {
        self.statuses.get(&status).copied().unwrap_or_default()
    }
}

/// For microseconds, to so many digits.
pub(super) fn latencies(digits: u8) -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_US, digits).expect("a range that histograms can have")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_has_wider_slices_and_not_more() {
        for (minutes, width_s) in [(1, 1), (10, 1), (11, 2), (600, 60)] {
            let timeline = Timeline::of(Duration::from_secs(minutes * 60));
            assert_eq!(timeline.width.as_secs(), width_s, "{minutes} minutes");
        }
    }

    #[test]
    fn a_moment_belongs_to_the_slice_it_is_in() {
        let mut timeline = Timeline::of(Duration::from_secs(60));
        timeline.at(Duration::from_millis(2_999)).offered += 1;
        timeline.at(Duration::from_millis(3_000)).offered += 2;
        let offered: Vec<u64> = timeline.slices.iter().map(|slice| slice.offered).collect();
        assert_eq!(offered, [0, 0, 1, 2]);
    }
}
