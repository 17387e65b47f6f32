//! When shoppers arrive. The schedule is made before the run and does not wait for anybody: a slow target meets the
//! same crowd as a fast one.

use std::time::Duration;

use anyhow::{Result, ensure};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Each is remembered with what they saw, some 300 bytes, until the auditor has read it; half of the most units that a
/// sale may have.
const ARRIVALS_MAX: f64 = 5_000_000.0;

/// A stretch of time in which the rate goes evenly from one value to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stage {
    pub(crate) lasts: Duration,
    /// Shoppers a second.
    pub(crate) from_per_s: f64,
    pub(crate) to_per_s: f64,
}

impl Stage {
    pub(crate) fn constant(per_s: f64, lasts: Duration) -> Self {
        Self {
            lasts,
            from_per_s: per_s,
            to_per_s: per_s,
        }
    }

    /// Shoppers in the whole of it, on average.
    fn shoppers(&self) -> f64 {
        (self.from_per_s + self.to_per_s) / 2.0 * self.lasts.as_secs_f64()
    }

    /// Seconds until so many have come, on average.
    fn seconds_until(&self, shoppers: f64) -> f64 {
        let growth = (self.to_per_s - self.from_per_s) / self.lasts.as_secs_f64();
        if growth.abs() < f64::EPSILON {
            return shoppers / self.from_per_s;
        }
        let root = (self.from_per_s.powi(2) + 2.0 * growth * shoppers).max(0.0);
        (root.sqrt() - self.from_per_s) / growth
    }
}

/// People who know nothing of each other: a Poisson process, whose rate follows the stages.
pub(crate) fn strangers(stages: &[Stage], seed: u64) -> Result<Vec<Duration>> {
    let expected: f64 = stages.iter().map(Stage::shoppers).sum();
    ensure!(
        expected <= ARRIVALS_MAX,
        "{expected:.0} shoppers are more than can be remembered, which is {ARRIVALS_MAX:.0}: lower the rate or the time"
    );
    let mut random = StdRng::seed_from_u64(seed);
    let mut arrivals = Vec::new();
    let (mut begin, mut before, mut next) = (Duration::ZERO, 0.0, gap(&mut random));
    for stage in stages {
        while next < before + stage.shoppers() {
            let after = stage.seconds_until(next - before);
            arrivals.push(begin + Duration::from_secs_f64(after).min(stage.lasts));
            next += gap(&mut random);
        }
        before += stage.shoppers();
        begin += stage.lasts;
    }
    Ok(arrivals)
}

/// From one to the next, where one comes on average.
fn gap(random: &mut StdRng) -> f64 {
    let uniform: f64 = random.random();
    -(1.0 - uniform).ln()
}

/// Exactly so many within a time, each at any moment of it.
pub(crate) fn within(count: u64, time: Duration, seed: u64) -> Vec<Duration> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut arrivals: Vec<Duration> = (0..count)
        .map(|_| time.mul_f64(random.random::<f64>()))
        .collect();
    arrivals.sort_unstable();
    arrivals
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn ramp() -> Vec<Stage> {
        let up = Stage {
            lasts: 10 * SECOND,
            from_per_s: 0.0,
            to_per_s: 1_000.0,
        };
        let down = Stage {
            from_per_s: 1_000.0,
            to_per_s: 0.0,
            ..up
        };
        vec![up, Stage::constant(1_000.0, 5 * SECOND), down]
    }

    fn between(arrivals: &[Duration], from_s: u32, to_s: u32) -> usize {
        let within = |at: &&Duration| **at >= from_s * SECOND && **at < to_s * SECOND;
        arrivals.iter().filter(within).count()
    }

    #[test]
    fn the_rate_follows_the_stages() {
        let arrivals = strangers(&ramp(), 1).unwrap();
        assert!(arrivals.is_sorted());
        // Counts of a Poisson process are within five times their root of the mean, but once in a million.
        for (from_s, to_s, mean) in [
            (0, 5, 1_250),
            (5, 10, 3_750),
            (10, 15, 5_000),
            (20, 25, 1_250),
        ] {
            let (count, root) = (between(&arrivals, from_s, to_s), f64::from(mean).sqrt());
            let off = (count as f64 - f64::from(mean)).abs();
            assert!(off < 5.0 * root, "{count} in {from_s} to {to_s} s");
        }
        assert!(*arrivals.last().unwrap() <= 25 * SECOND);
    }

    #[test]
    fn a_seed_is_one_schedule() {
        let stages = [Stage::constant(100.0, SECOND)];
        assert_eq!(
            strangers(&stages, 7).unwrap(),
            strangers(&stages, 7).unwrap()
        );
        assert_ne!(
            strangers(&stages, 7).unwrap(),
            strangers(&stages, 8).unwrap()
        );
        assert_eq!(within(50, SECOND, 7), within(50, SECOND, 7));
        assert_ne!(within(50, SECOND, 7), within(50, SECOND, 8));
    }

    #[test]
    fn strangers_are_not_evenly_spaced() {
        let arrivals = strangers(&[Stage::constant(1_000.0, 10 * SECOND)], 3).unwrap();
        let gaps: Vec<f64> = arrivals
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).as_secs_f64())
            .collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let short = gaps.iter().filter(|gap| **gap < mean).count();
        // Of exponential gaps 63 % are shorter than the mean one.
        let share = short as f64 / gaps.len() as f64;
        assert!((0.60..0.66).contains(&share), "{share}");
    }

    #[test]
    fn exactly_so_many_come_within_the_time() {
        let arrivals = within(1_000, SECOND, 1);
        assert_eq!(arrivals.len(), 1_000);
        assert!(arrivals.is_sorted() && arrivals[999] < SECOND);
        assert!((400..600).contains(&between(
            &arrivals.iter().map(|at| *at * 2).collect::<Vec<_>>(),
            0,
            1
        )));
    }

    #[test]
    fn more_than_can_be_remembered_is_refused_before_it_is_made() {
        let stages = [Stage::constant(100_000.0, 36_000 * SECOND)];
        let refused = strangers(&stages, 1).unwrap_err().to_string();
        assert!(refused.contains("lower the rate"), "{refused}");
    }

    #[test]
    fn nobody_comes_where_the_rate_is_zero() {
        let stages = [Stage::constant(0.0, SECOND), Stage::constant(50.0, SECOND)];
        let arrivals = strangers(&stages, 1).unwrap();
        assert!(!arrivals.is_empty() && arrivals[0] >= SECOND);
        assert!(strangers(&[], 1).unwrap().is_empty());
    }
}
