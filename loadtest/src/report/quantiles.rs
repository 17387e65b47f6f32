//! Latencies in five figures.

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::figures::median;

/// Milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Quantiles {
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
}

impl Quantiles {
    /// Of microseconds; nothing of nothing.
    pub(crate) fn of(latencies_us: &Histogram<u64>) -> Option<Self> {
        let ms = |quantile| latencies_us.value_at_quantile(quantile) as f64 / 1_000.0;
        (!latencies_us.is_empty()).then(|| Self {
            p50: ms(0.5),
            p90: ms(0.9),
            p99: ms(0.99),
            p999: ms(0.999),
            max: latencies_us.max() as f64 / 1_000.0,
        })
    }

    /// Figure by figure the median of several; nothing of nothing.
    pub(crate) fn median(several: &[Self]) -> Option<Self> {
        let of = |figure: fn(&Self) -> f64| median(several.iter().map(figure));
        (!several.is_empty()).then(|| Self {
            p50: of(|one| one.p50),
            p90: of(|one| one.p90),
            p99: of(|one| one.p99),
            p999: of(|one| one.p999),
            max: of(|one| one.max),
        })
    }

    /// In the order of the columns that show them.
    pub(crate) fn all(&self) -> [f64; 5] {
        [self.p50, self.p90, self.p99, self.p999, self.max]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_in_milliseconds() {
        let mut latencies_us = Histogram::new_with_bounds(1, 60_000_000, 3).unwrap();
        for ms in 1..=1_000 {
            latencies_us.record(ms * 1_000).unwrap();
        }
        let told = Quantiles::of(&latencies_us).unwrap().all();
        for (told, expected) in told.into_iter().zip([500.0, 900.0, 990.0, 999.0, 1_000.0]) {
            // Histograms keep three digits.
            assert!(
                (told / expected - 1.0).abs() < 0.002,
                "{told} for {expected}"
            );
        }
    }

    #[test]
    fn one_slow_round_does_not_move_the_median_of_any_figure() {
        let round = |ms: f64| Quantiles {
            p50: ms,
            p90: ms + 1.0,
            p99: ms + 2.0,
            p999: ms + 3.0,
            max: ms + 4.0,
        };
        let median = Quantiles::median(&[round(1.0), round(900.0), round(2.0)]);
        assert_eq!(median, Some(round(2.0)));
        assert_eq!(Quantiles::median(&[]), None);
    }

    #[test]
    fn nothing_measured_has_no_quantiles() {
        let nothing = Histogram::new_with_bounds(1, 60_000_000, 3).unwrap();
        assert_eq!(Quantiles::of(&nothing), None);
    }
}
