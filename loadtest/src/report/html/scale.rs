//! What stands along an axis.

use std::time::Duration;

/// From this ratio of the largest to the smallest on, a linear axis would hide the small ones.
const LOG_FROM: f64 = 30.0;

/// Lines across a chart: enough to read a value by, few enough to look past.
const STEPS: f64 = 4.0;
const TICKS_MAX: usize = 7;

/// Steps of a time axis, in seconds.
const TIME_STEPS_S: [u64; 16] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800,
];
const TIME_STEPS: u64 = 8;

/// An axis of values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    pub(super) ticks: Vec<f64>,
    pub(super) is_log: bool,
}

impl Scale {
    /// From 0 to a round figure at or above the largest; whole figures have no smaller step than 1.
    pub(super) fn linear(most: f64, least_step: f64) -> Self {
        let step = round_up(most / STEPS).max(least_step);
        let steps = (most / step).ceil().max(1.0) as u32;
        let ticks: Vec<f64> = (0..=steps).map(|tick| f64::from(tick) * step).collect();
        Self {
            low: 0.0,
            high: f64::from(steps) * step,
            ticks,
            is_log: false,
        }
    }

    /// Linear, or logarithmic where the range asks for it.
    pub(super) fn of_latencies(figures: impl Iterator<Item = f64> + Clone) -> Self {
        let most = figures.clone().fold(0.0, f64::max);
        let least = figures.filter(|figure| *figure > 0.0).fold(most, f64::min);
        if least > 0.0 && most / least >= LOG_FROM {
            Self::log(least, most)
        } else {
            Self::linear(most, 0.0)
        }
    }

    /// Between the round figures around two.
    pub(super) fn log(least: f64, most: f64) -> Self {
        let (low, high) = (round_down(least), round_up(most).max(round_up(least)));
        let mut ticks: Vec<f64> = rounds(low, high, &[1.0, 2.0, 5.0]);
        if ticks.len() > TICKS_MAX {
            ticks = rounds(low, high, &[1.0]);
        }
        Self {
            low,
            high: high.max(low * 2.0),
            ticks,
            is_log: true,
        }
    }

    /// 0 at the beginning of the axis, 1 at its end; what is beyond stands there.
    pub(super) fn share(&self, value: f64) -> f64 {
        let share = if self.is_log {
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        share.clamp(0.0, 1.0)
    }
}

/// 1, 2 or 5 times a power of ten, at or above it.
fn round_up(figure: f64) -> f64 {
    let power = power_of_ten(figure);
    let mut rounds = [1.0, 2.0, 5.0, 10.0].map(|round| round * power).into_iter();
    // A sum of tenths is a little more than its figure.
    rounds
        .find(|round| *round >= figure * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}

/// 1, 2 or 5 times a power of ten, at or below it.
fn round_down(figure: f64) -> f64 {
    let power = power_of_ten(figure);
    let mut rounds = [5.0, 2.0].map(|round| round * power).into_iter();
    rounds.find(|round| *round <= figure).unwrap_or(power)
}

fn power_of_ten(figure: f64) -> f64 {
    match figure {
        some if some > 0.0 => 10_f64.powi(some.log10().floor() as i32),
        _ => 1.0,
    }
}

/// Those times each power of ten that are within.
fn rounds(low: f64, high: f64, times: &[f64]) -> Vec<f64> {
    let powers = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let all = powers.flat_map(|power| times.iter().map(move |time| time * 10_f64.powi(power)));
    let tolerance = 1e-9;
    all.filter(|round| *round >= low * (1.0 - tolerance) && *round <= high * (1.0 + tolerance))
        .collect()
}

/// Moments to name along an axis of time, in seconds, with their names.
pub(super) fn moments(length: Duration) -> Vec<(u64, String)> {
    let length_s = length.as_secs().max(1);
    let fits = |step: &&u64| length_s / **step <= TIME_STEPS;
    let longest = length_s.div_ceil(TIME_STEPS);
    let step = TIME_STEPS_S.iter().find(fits).copied().unwrap_or(longest);
    let name = |at_s: u64| match step {
        0..60 => format!("{at_s} s"),
        60..3_600 => format!("{} min", at_s / 60),
        _ => format!("{} h", at_s / 3_600),
    };
    let all = (0..=length_s / step).map(|turn| turn * step);
    all.map(|at_s| (at_s, name(at_s))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_axis_ends_at_a_round_figure() {
        assert_eq!(
            Scale::linear(2_480.0, 1.0).ticks,
            [0.0, 1_000.0, 2_000.0, 3_000.0]
        );
        assert_eq!(
            Scale::linear(0.8, 0.0).ticks,
            [0.0, 0.2, 0.4, 0.6000000000000001, 0.8]
        );
        assert_eq!(Scale::linear(1.0, 1.0).ticks, [0.0, 1.0]);
        assert_eq!(Scale::linear(0.0, 1.0).ticks, [0.0, 1.0]);
    }

    #[test]
    fn shares_are_of_the_axis() {
        let scale = Scale::linear(4.0, 1.0);
        assert_eq!(
            [0.0, 1.0, 4.0, 9.0].map(|value| scale.share(value)),
            [0.0, 0.25, 1.0, 1.0]
        );
        let scale = Scale::log(1.0, 100.0);
        let shares = [1.0, 10.0, 100.0].map(|value| (scale.share(value) * 100.0).round());
        assert_eq!(shares, [0.0, 50.0, 100.0]);
    }

    #[test]
    fn a_wide_range_is_shown_in_powers() {
        let scale = |figures: [f64; 3]| Scale::of_latencies(figures.into_iter());
        assert!(!scale([4.0, 20.0, 100.0]).is_log);
        assert!(!scale([0.0, 0.0, 0.0]).is_log);
        assert_eq!(
            scale([4.0, 20.0, 150.0]).ticks,
            [2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0]
        );
        assert_eq!(
            scale([0.3, 20.0, 4_000.0]).ticks,
            [1.0, 10.0, 100.0, 1_000.0]
        );
    }

    #[test]
    fn a_time_axis_names_a_few_moments() {
        let names = |length_s| -> Vec<String> {
            let moments = moments(Duration::from_secs(length_s));
            moments.into_iter().map(|(_, name)| name).collect()
        };
        assert_eq!(names(0), ["0 s", "1 s"]);
        assert_eq!(
            names(30),
            ["0 s", "5 s", "10 s", "15 s", "20 s", "25 s", "30 s"]
        );
        assert_eq!(names(600).last().unwrap(), "10 min");
        assert_eq!(names(36_000).last().unwrap(), "10 h");
        assert!(
            (1..500_000)
                .step_by(997)
                .all(|length_s| names(length_s).len() <= 9)
        );
    }
}
