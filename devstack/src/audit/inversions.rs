//! By how much the order of the log differs from the order in which the doors took purchases in.

use std::fmt;

use hdrhistogram::Histogram;
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::log::Log;

/// Two digits: nobody needs to know it better than to a hundredth.
const DIGITS: u8 = 2;

/// An hour, in milliseconds. Longer ones count as this long.
const LONGEST_MS: u64 = 3_600_000;

/// For each purchase: how much later somebody before it in the log was taken in, in milliseconds; 0 for
/// whoever has all earlier ones before them. The clocks are those of the doors.
#[derive(Clone, PartialEq)]
pub struct Inversions(Histogram<u64>);

impl Inversions {
    pub(super) fn of(log: &Log) -> Self {
        let mut inversions = Self::default();
        let mut latest_ms = i64::MIN;
        for (_, purchase) in log.purchases() {
            latest_ms = latest_ms.max(purchase.received_at_ms);
            inversions.record(latest_ms.abs_diff(purchase.received_at_ms));
        }
        inversions
    }

    fn record(&mut self, by_ms: u64) {
        self.0.saturating_record(by_ms);
    }

    /// By so much or less in this share of the purchases, which is between 0 and 1.
    pub fn quantile_ms(&self, quantile: f64) -> u64 {
        self.0.value_at_quantile(quantile)
    }

    /// By so much at most.
    pub fn max_ms(&self) -> u64 {
        self.0.max()
    }

    /// Purchases looked at.
    pub fn purchases(&self) -> u64 {
        self.0.len()
    }

    pub(super) fn plus(mut self, other: &Self) -> Self {
        // Equal bounds: it cannot fail.
        let _ = self.0.add(&other.0);
        self
    }
}

impl Default for Inversions {
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST_MS, DIGITS);
        Self(histogram.expect("the bounds are constants"))
    }
}

impl fmt::Display for Inversions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (p50, p99) = (self.quantile_ms(0.5), self.quantile_ms(0.99));
        write!(f, "p50 {p50} ms, p99 {p99} ms, max {} ms", self.max_ms())
    }
}

impl fmt::Debug for Inversions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Inversions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut quantiles = serializer.serialize_struct("Inversions", 3)?;
        quantiles.serialize_field("p50", &self.quantile_ms(0.5))?;
        quantiles.serialize_field("p99", &self.quantile_ms(0.99))?;
        quantiles.serialize_field("max", &self.max_ms())?;
        quantiles.end()
    }
}
