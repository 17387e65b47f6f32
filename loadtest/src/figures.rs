//! The arithmetic of figures.

use std::time::Duration;

/// So many in so long.
pub(crate) fn per_s(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// A part of the whole; 0 when there is no whole.
pub(crate) fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// The middle one; of an even number the mean of the middle two; 0 of none.
pub(crate) fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => figures[middle],
        _ => (figures[middle - 1] + figures[middle]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_count_in_its_time() {
        assert_eq!(per_s(500, Duration::from_millis(250)), 2_000.0);
    }

    #[test]
    fn a_ratio_to_nothing_is_nothing() {
        assert_eq!((ratio(1.0, 4.0), ratio(1.0, 0.0)), (0.25, 0.0));
    }

    #[test]
    fn one_slow_round_does_not_move_the_median() {
        assert_eq!(median([70.0, 1.0, 71.0]), 70.0);
        assert_eq!(median([4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!((median([7.0]), median([])), (7.0, 0.0));
    }
}
