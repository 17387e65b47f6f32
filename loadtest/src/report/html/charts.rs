//! Which charts a run has.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::bars;
use super::lines::{Chart, Figures, Line};
use super::scale::Scale;
use crate::report::number::count;
use crate::report::quantiles::Quantiles;
use crate::run::{Run, Sample, Slice};

/// A limit further above than this would press the line to the ground.
const LIMIT_SHOWN_UP_TO: f64 = 3.0;

/// Answers that have a colour of their own; all others share one.
const CLASSES: [(u16, &str); 4] = [
    (202, "accepted"),
    (409, "conflict"),
    (429, "limited"),
    (503, "busy"),
];

/// Lines of memory that can be told apart.
const MEMORY_CLASSES: [&str; 8] = ["m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7"];

const MIB: f64 = (1 << 20) as f64;

/// All that there are figures for, and at the end what there is none of.
pub(super) fn all(run: &Run) -> String {
    let lines = [
        ("arrivals", Some(arrivals(run))),
        (
            "answer latency",
            latency(run, "http", "Answer latency", |slice| {
                Quantiles::of(&slice.http_us)
            }),
        ),
        (
            "verdict latency",
            latency(run, "verdict", "Verdict latency", |slice| {
                Quantiles::of(&slice.verdict_us)
            }),
        ),
        ("queue", queue(run)),
        ("stock left", stock(run)),
        ("memory", memory(run)),
    ];
    let missing = lines.iter().filter(|(_, chart)| chart.is_none());
    let missing: Vec<&str> = missing.map(|(name, _)| *name).collect();
    let mut drawn: String = lines
        .iter()
        .flat_map(|(_, chart)| chart)
        .map(Chart::draw)
        .collect();
    let tally = &run.tally;
    drawn.extend(bars::draw(
        "http-bars",
        "Answers by latency",
        &tally.http_us,
    ));
    drawn.extend(bars::draw(
        "verdict-bars",
        "Verdicts by latency",
        &tally.verdict_us,
    ));
    if !missing.is_empty() {
        drawn += &format!(
            "<p class=\"missing\">Not measured in this run: {}.</p>\n",
            missing.join(", ")
        );
    }
    drawn
}

fn slices(run: &Run) -> &[Slice] {
    &run.tally.timeline.slices
}

fn slice_length(run: &Run) -> Duration {
    run.tally.timeline.width
}

/// The largest figure of all lines.
fn most(lines: &[Line]) -> f64 {
    let figures = lines.iter().flat_map(|line| &line.points).flatten();
    figures.copied().fold(0.0, f64::max)
}

/// Shoppers who came, and what they were answered.
fn arrivals(run: &Run) -> Chart {
    let width_s = slice_length(run).as_secs_f64();
    let line = |name: String, class, counted: &dyn Fn(&Slice) -> u64| Line {
        name,
        class,
        is_filled: class == "offered",
        points: slices(run)
            .iter()
            .map(|slice| Some(counted(slice) as f64 / width_s))
            .collect(),
    };
    let mut lines = vec![line("offered".into(), "offered", &|slice| slice.offered)];
    for status in run.tally.statuses.keys() {
        let counted = |slice: &Slice| slice.count(*status);
        lines.push(line(status.to_string(), class_of(*status), &counted));
    }
    Chart {
        id: "arrivals",
        title: "Arrivals and answers",
        unit: "per second".into(),
        is_wide: true,
        figures: Figures::OfSlices,
        scale: Scale::linear(most(&lines), 1.0),
        slice: slice_length(run),
        lines,
        limit: None,
    }
}

fn class_of(status: u16) -> &'static str {
    let known: BTreeMap<u16, &str> = CLASSES.into();
    known.get(&status).copied().unwrap_or("other")
}

fn latency(
    run: &Run,
    id: &'static str,
    title: &'static str,
    of: fn(&Slice) -> Option<Quantiles>,
) -> Option<Chart> {
    let told: Vec<Option<Quantiles>> = slices(run).iter().map(of).collect();
    let line = |name: &str, class, which: fn(&Quantiles) -> f64| Line {
        name: name.into(),
        class,
        is_filled: false,
        points: told.iter().map(|told| told.as_ref().map(which)).collect(),
    };
    let lines = vec![
        line("p99", "p99", |told| told.p99),
        line("p90", "p90", |told| told.p90),
        line("p50", "p50", |told| told.p50),
    ];
    let figures = lines.iter().flat_map(|line| &line.points).flatten();
    let scale = Scale::of_latencies(figures.copied());
    told.iter().any(Option::is_some).then(|| Chart {
        id,
        title,
        unit: "milliseconds".into(),
        is_wide: false,
        figures: Figures::OfSlices,
        scale,
        slice: slice_length(run),
        lines,
        limit: None,
    })
}

fn sampled(run: &Run, name: &str, which: fn(&Sample) -> Option<u64>) -> Option<Line> {
    let points = slices(run).iter().map(|slice| which(&slice.sample));
    let points: Vec<Option<f64>> = points
        .map(|figure| figure.map(|figure| figure as f64))
        .collect();
    points.iter().any(Option::is_some).then(|| Line {
        name: name.into(),
        class: "accepted",
        is_filled: true,
        points,
    })
}

fn queue(run: &Run) -> Option<Chart> {
    let lines = vec![sampled(run, "queue", |sample| sample.backlog)?];
    let longest = most(&lines);
    let limit = run
        .backlog_max
        .filter(|limit| *limit as f64 <= longest * LIMIT_SHOWN_UP_TO);
    let unit = match (run.backlog_max, limit) {
        (Some(far), None) => format!("purchases that wait; {} may", count(far)),
        _ => "purchases that wait".to_owned(),
    };
    Some(Chart {
        id: "queue",
        title: "Queue",
        unit,
        is_wide: false,
        figures: Figures::OfMoments,
        scale: Scale::linear(longest.max(limit.unwrap_or(0) as f64), 1.0),
        slice: slice_length(run),
        lines,
        limit,
    })
}

fn stock(run: &Run) -> Option<Chart> {
    let lines = vec![sampled(run, "left", |sample| sample.remaining)?];
    Some(Chart {
        id: "stock",
        title: "Stock left",
        unit: format!("units of {}", count(run.stock)),
        is_wide: false,
        figures: Figures::OfMoments,
        scale: Scale::linear((run.stock as f64).max(most(&lines)), 1.0),
        slice: slice_length(run),
        lines,
        limit: None,
    })
}

fn memory(run: &Run) -> Option<Chart> {
    let residents = || slices(run).iter().map(|slice| &slice.sample.resident);
    let names: BTreeSet<&str> = residents()
        .flatten()
        .map(|one| one.process.as_str())
        .collect();
    let line = |(index, name): (usize, &str)| Line {
        name: name.to_owned(),
        class: MEMORY_CLASSES[index % MEMORY_CLASSES.len()],
        is_filled: false,
        points: residents()
            .map(|resident| {
                let found = resident.iter().find(|one| one.process == name)?;
                Some(found.bytes as f64 / MIB)
            })
            .collect(),
    };
    let lines: Vec<Line> = names.into_iter().enumerate().map(line).collect();
    (!lines.is_empty()).then(|| Chart {
        id: "memory",
        title: "Memory",
        unit: "MiB resident, by process".into(),
        is_wide: true,
        figures: Figures::OfMoments,
        scale: Scale::linear(most(&lines), 1.0),
        slice: slice_length(run),
        lines,
        limit: None,
    })
}

#[cfg(test)]
mod tests;
