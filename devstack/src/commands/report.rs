//! What `cargo demo --once` prints.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use anyhow::Result;
use devstack::audit::{Findings, History, Quiet};
use hdrhistogram::Histogram;

/// Waits of up to a minute, in microseconds, to three digits.
const LONGEST_US: u64 = 60_000_000;

/// How long shoppers waited from ticket to result.
pub(crate) struct Waits(Histogram<u64>);

impl Waits {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1, LONGEST_US, 3)?))
    }

    pub(crate) fn record(&mut self, wait: Duration) {
        let wait_us = u64::try_from(wait.as_micros()).unwrap_or(LONGEST_US);
        self.0.saturating_record(wait_us);
    }

    fn quantile_ms(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1_000.0
    }
}

/// One sale, counted.
pub(crate) struct Report<'a> {
    pub(crate) history: &'a History,
    pub(crate) quiet: &'a Quiet,
    pub(crate) findings: &'a Findings,
    pub(crate) waits: &'a Waits,
    /// From the first purchase to the last result.
    pub(crate) took: Duration,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            history,
            quiet,
            findings,
            waits,
            took,
        } = self;
        writeln!(f)?;
        row(f, "units", history.stock)?;
        row(f, "shoppers", history.attempts.len())?;
        row(f, "accepted (202)", findings.accepted)?;
        rows(f, "refused", &findings.refused)?;
        row(f, "without a certain answer", findings.unknown)?;
        row(f, "won", findings.won)?;
        rows(f, "lost", &findings.lost)?;
        row(f, "orders in Postgres", history.orders.len())?;
        write!(f, "{findings}")?;
        let (p50_ms, p99_ms) = (waits.quantile_ms(0.5), waits.quantile_ms(0.99));
        row(f, "ticket to result p50", format!("{p50_ms:.1} ms"))?;
        row(f, "ticket to result p99", format!("{p99_ms:.1} ms"))?;
        row(
            f,
            "first purchase to last result",
            format!("{} ms", took.as_millis()),
        )?;
        if !quiet.is_quiet() {
            writeln!(f, "\n  {quiet}")?;
        }
        let verdict = if quiet.is_quiet() && findings.is_clean() {
            "Every invariant holds."
        } else {
            "An invariant is broken."
        };
        write!(f, "\n  {verdict}")
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, value: impl fmt::Display) -> fmt::Result {
    writeln!(f, "  {name:<30} {value:>10}")
}

fn rows(f: &mut fmt::Formatter<'_>, name: &str, counts: &BTreeMap<String, usize>) -> fmt::Result {
    if counts.is_empty() {
        return row(f, name, 0);
    }
    counts
        .iter()
        .try_for_each(|(what, count)| row(f, &format!("{name}: {what}"), count))
}
