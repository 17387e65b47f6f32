//! The figures for programs. Their names stay; `docs/loadtest.md` explains them.

use std::collections::BTreeMap;

use anyhow::Result;
use devstack::audit::Findings;
use serde::Serialize;

use super::quantiles::Quantiles;
use super::summary::{
    accepted_per_s, began, inversion_p99_ms, mean_over_wait_ms, offered_per_s, orders_per_s,
};
use crate::run::{Claim, Refusals, Run, Slice, Tally, Timeline};

/// `null` stands for what was not measured or not judged.
#[derive(Serialize)]
struct Told<'a> {
    scenario: &'a str,
    valid: bool,
    verdict: &'static str,
    invalid: &'a [String],
    claims: Vec<ToldClaim<'a>>,
    target: &'a str,
    seed: u64,
    settings: BTreeMap<&'a str, &'a str>,
    began: String,
    took_s: f64,
    offered_per_s: f64,
    accepted_per_s: f64,
    orders_per_s: Option<f64>,
    offered: u64,
    stock: u64,
    orders: Option<u64>,
    won: u64,
    lost: u64,
    statuses: &'a BTreeMap<u16, u64>,
    http_ms: Option<Quantiles>,
    verdict_ms: Option<Quantiles>,
    lag_ms: Option<Quantiles>,
    retry_after: ToldRetryAfter,
    outcome_unknown: u64,
    unanswered: u64,
    gave_up: u64,
    refusals: ToldRefusals,
    inversion_ms: Option<f64>,
    audit: Option<&'a Findings>,
    /// Of other scenarios.
    ceiling: Option<()>,
    watch: Option<()>,
    timeline: ToldTimeline<'a>,
}

#[derive(Serialize)]
struct ToldClaim<'a> {
    what: &'a str,
    measured: &'a str,
    asked: &'a str,
    holds: bool,
}

#[derive(Serialize)]
struct ToldRetryAfter {
    refusals: u64,
    first_retry_admitted: u64,
    mean_over_wait_ms: Option<f64>,
}

#[derive(Serialize)]
struct ToldRefusals {
    kept: usize,
    dropped: u64,
}

#[derive(Serialize)]
struct ToldTimeline<'a> {
    width_s: f64,
    slices: Vec<ToldSlice<'a>>,
}

/// Counts are of the whole slice, no rates.
#[derive(Serialize)]
struct ToldSlice<'a> {
    at_s: f64,
    offered: u64,
    statuses: &'a BTreeMap<u16, u64>,
    won: u64,
    lost: u64,
    http_ms: Option<Quantiles>,
    verdict_ms: Option<Quantiles>,
    lag_max_ms: f64,
    backlog: Option<u64>,
    remaining: Option<u64>,
    resident_bytes: BTreeMap<&'a str, u64>,
}

/// One object, with a line break at its end.
pub(crate) fn json(run: &Run) -> Result<String> {
    Ok(format!("{}\n", serde_json::to_string_pretty(&told(run))?))
}

fn told(run: &Run) -> Told<'_> {
    let Run {
        tally, settings, ..
    } = run;
    Told {
        scenario: run.scenario,
        valid: run.invalid.is_empty(),
        verdict: run.verdict().word(),
        invalid: &run.invalid,
        claims: run.claims.iter().map(told_claim).collect(),
        target: &run.target,
        seed: run.seed,
        settings: settings
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect(),
        began: began(run),
        took_s: run.took.as_secs_f64(),
        offered_per_s: offered_per_s(run),
        accepted_per_s: accepted_per_s(run),
        orders_per_s: orders_per_s(run),
        offered: tally.offered,
        stock: run.stock,
        orders: run.orders,
        won: tally.won,
        lost: tally.lost,
        statuses: &tally.statuses,
        http_ms: Quantiles::of(&tally.http_us),
        verdict_ms: Quantiles::of(&tally.verdict_us),
        lag_ms: Quantiles::of(&tally.lag_us),
        retry_after: told_retry_after(tally),
        outcome_unknown: tally.outcome_unknown,
        unanswered: tally.broken,
        gave_up: tally.gave_up,
        refusals: told_refusals(&tally.refusals),
        inversion_ms: inversion_p99_ms(run),
        audit: run.audit.as_ref(),
        ceiling: None,
        watch: None,
        timeline: told_timeline(&tally.timeline),
    }
}

fn told_claim(claim: &Claim) -> ToldClaim<'_> {
    ToldClaim {
        what: claim.what,
        measured: &claim.measured,
        asked: &claim.asked,
        holds: claim.holds,
    }
}

fn told_retry_after(tally: &Tally) -> ToldRetryAfter {
    ToldRetryAfter {
        refusals: tally.retry_after.refusals,
        first_retry_admitted: tally.retry_after.first_retry_admitted,
        mean_over_wait_ms: mean_over_wait_ms(&tally.retry_after),
    }
}

fn told_refusals(refusals: &Refusals) -> ToldRefusals {
    ToldRefusals {
        kept: refusals.kept.len(),
        dropped: refusals.dropped,
    }
}

fn told_timeline(timeline: &Timeline) -> ToldTimeline<'_> {
    let width_s = timeline.width.as_secs_f64();
    let slices = timeline.slices.iter().enumerate();
    ToldTimeline {
        width_s,
        slices: slices
            .map(|(index, slice)| told_slice(index as f64 * width_s, slice))
            .collect(),
    }
}

fn told_slice(at_s: f64, slice: &Slice) -> ToldSlice<'_> {
    let resident = slice.sample.resident.iter();
    ToldSlice {
        at_s,
        offered: slice.offered,
        statuses: &slice.statuses,
        won: slice.won,
        lost: slice.lost,
        http_ms: Quantiles::of(&slice.http_us),
        verdict_ms: Quantiles::of(&slice.verdict_us),
        lag_max_ms: slice.lag_us as f64 / 1_000.0,
        backlog: slice.sample.backlog,
        remaining: slice.sample.remaining,
        resident_bytes: resident
            .map(|one| (one.process.as_str(), one.bytes))
            .collect(),
    }
}

#[cfg(test)]
mod tests;
