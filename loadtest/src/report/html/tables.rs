//! The figures behind the charts, and all that has none.

use std::collections::BTreeSet;

use hdrhistogram::Histogram;

use super::bars;
use super::text::Text;
use crate::report::number::{count, figure, percent};
use crate::report::quantiles::Quantiles;
use crate::report::summary;
use crate::run::{Run, Slice};

const QUANTILES: [&str; 5] = ["p50", "p90", "p99", "p99.9", "max"];

/// Words or figures, which stand on the right of their columns.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    Words,
    Figures,
}

/// The first cell of a row names it. Everything is escaped here.
fn table(of: Of, head: &[&str], rows: &[Vec<String>]) -> String {
    let class = if of == Of::Figures {
        "figures"
    } else {
        "words"
    };
    let head: String = head
        .iter()
        .map(|name| format!("<th scope=\"col\">{}</th>", Text(name)))
        .collect();
    let rows: String = rows.iter().map(|cells| row(cells)).collect();
    format!(
        "<div class=\"sheet\"><table class=\"{class}\"><thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n"
    )
}

fn row(cells: &[String]) -> String {
    let cells = cells.iter().enumerate().map(|(index, cell)| match index {
        0 => format!("<th scope=\"row\">{}</th>", Text(cell)),
        _ => format!("<td>{}</td>", Text(cell)),
    });
    format!("<tr>{}</tr>\n", cells.collect::<String>())
}

/// A heading and what belongs under it; nothing under nothing.
fn section(title: &str, content: &str) -> String {
    match content {
        "" => String::new(),
        content => format!("<section>\n<h2>{title}</h2>\n{content}</section>\n"),
    }
}

/// What the scenario asked for.
pub(super) fn claims(run: &Run) -> String {
    let rows: Vec<Vec<String>> = run
        .claims
        .iter()
        .map(|claim| {
            let holds = if claim.holds {
                "✓ holds"
            } else {
                "✕ broken"
            };
            vec![
                claim.what.into(),
                claim.measured.clone(),
                claim.asked.clone(),
                holds.into(),
            ]
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let head = ["", "measured", "asked for", ""];
    section("What it was held to", &table(Of::Words, &head, &rows))
}

/// What the auditor found.
pub(super) fn audit(run: &Run) -> String {
    let Some(faults) = summary::faults(run) else {
        return section(
            "Audit",
            "<p>Not audited: there was no database to ask.</p>\n",
        );
    };
    let rows = faults
        .into_iter()
        .map(|(what, found)| vec![what.to_owned(), summary::found(found)]);
    let rows: Vec<Vec<String>> = rows.collect();
    let table = table(Of::Figures, &["fault", "found"], &rows);
    let why = summary::not_judged(run).map(|why| format!("<p>Not judged: {}.</p>\n", Text(why)));
    section("Audit", &format!("{table}{}", why.collect::<String>()))
}

pub(super) fn answers(run: &Run) -> String {
    let tally = &run.tally;
    let all: u64 = tally.statuses.values().sum();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (status, answers) in &tally.statuses {
        let share = percent(*answers, all);
        rows.push(vec![status.to_string(), count(*answers), share]);
    }
    for (name, counted) in [
        ("outcome unknown, of these", tally.outcome_unknown),
        ("tries without an answer", tally.broken),
        ("shoppers who gave up", tally.gave_up),
    ] {
        rows.push(vec![name.into(), count(counted), String::new()]);
    }
    section(
        "Answers",
        &table(Of::Figures, &["status", "answers", "share"], &rows),
    )
}

pub(super) fn latencies(run: &Run) -> String {
    let tally = &run.tally;
    let row = |(name, latencies_us): (&str, &Histogram<u64>)| {
        let mut row = vec![name.to_owned()];
        row.extend(quantiles(Quantiles::of(latencies_us)));
        row
    };
    let rows = [
        ("answer", &tally.http_us),
        ("verdict", &tally.verdict_us),
        ("generator’s lag", &tally.lag_us),
    ]
    .map(row);
    let mut head = vec!["milliseconds"];
    head.extend(QUANTILES);
    section("Latencies", &table(Of::Figures, &head, &rows))
}

fn quantiles(told: Option<Quantiles>) -> [String; 5] {
    match told {
        Some(told) => told.all().map(figure),
        None => [(); 5].map(|()| "–".to_owned()),
    }
}

/// Retry-After, the order of the log, and what the run was told.
pub(super) fn settings(run: &Run) -> String {
    let inversion = summary::inversion_p99_ms(run).map_or("not judged".to_owned(), |ms| {
        format!("p99 {} ms from the order of arrival", figure(ms))
    });
    let mut rows = vec![
        vec![
            "Retry-After".to_owned(),
            summary::honesty(&run.tally.retry_after),
        ],
        vec!["order of the log".to_owned(), inversion],
        vec!["seed".to_owned(), run.seed.to_string()],
    ];
    let told = run.settings.iter();
    rows.extend(told.map(|(name, value)| vec![(*name).to_owned(), value.clone()]));
    section("The run", &table(Of::Words, &["", ""], &rows))
}

/// Slice after slice, and bin after bin.
pub(super) fn behind_the_charts(run: &Run) -> String {
    let slices = folded("Every moment", &moments(run));
    let bins = folded("Latencies, bin by bin", &histograms(run));
    section("The figures behind the charts", &format!("{slices}{bins}"))
}

fn folded(title: &str, content: &str) -> String {
    format!("<details><summary>{title}</summary>\n{content}</details>\n")
}

fn moments(run: &Run) -> String {
    let statuses: Vec<u16> = run.tally.statuses.keys().copied().collect();
    let named: Vec<String> = statuses.iter().map(u16::to_string).collect();
    let residents = run
        .tally
        .timeline
        .slices
        .iter()
        .flat_map(|slice| &slice.sample.resident);
    let processes: BTreeSet<&str> = residents.map(|one| one.process.as_str()).collect();
    let memory: Vec<String> = processes.iter().map(|name| format!("{name} MiB")).collect();
    let mut head = vec!["from s", "offered"];
    head.extend(named.iter().map(String::as_str));
    head.extend([
        "won",
        "lost",
        "answer p50 ms",
        "p90",
        "p99",
        "verdict p50 ms",
        "p90",
        "p99",
    ]);
    head.extend(["lag ms, at most", "queue", "stock left"]);
    head.extend(memory.iter().map(String::as_str));
    let width_s = run.tally.timeline.width.as_secs();
    let slices = run.tally.timeline.slices.iter();
    let rows = slices.zip(0..).map(|(slice, index)| {
        let mut row = counts(index * width_s, slice, &statuses);
        row.extend(standing(slice, &processes));
        row
    });
    table(Of::Figures, &head, &rows.collect::<Vec<_>>())
}

fn counts(from_s: u64, slice: &Slice, statuses: &[u16]) -> Vec<String> {
    let mut row = vec![count(from_s), count(slice.offered)];
    row.extend(statuses.iter().map(|status| count(slice.count(*status))));
    row.extend([count(slice.won), count(slice.lost)]);
    for latencies_us in [&slice.http_us, &slice.verdict_us] {
        row.extend(quantiles(Quantiles::of(latencies_us)).into_iter().take(3));
    }
    row
}

fn standing(slice: &Slice, processes: &BTreeSet<&str>) -> Vec<String> {
    let known = |figure: Option<u64>| figure.map_or("–".to_owned(), count);
    let sample = &slice.sample;
    let lag = figure(slice.lag_us as f64 / 1_000.0);
    let mut row = vec![lag, known(sample.backlog), known(sample.remaining)];
    row.extend(processes.iter().map(|name| {
        let mut residents = sample.resident.iter();
        known(
            residents
                .find(|one| one.process == *name)
                .map(|one| one.bytes >> 20),
        )
    }));
    row
}

fn histograms(run: &Run) -> String {
    let tally = &run.tally;
    let of = |name: &str, latencies_us| {
        let bins = bars::bins(latencies_us).into_iter();
        let rows = bins.map(|bin| {
            let range = format!("{} to {}", figure(bin.from_ms), figure(bin.to_ms));
            vec![range, count(bin.count)]
        });
        table(
            Of::Figures,
            &["milliseconds", name],
            &rows.collect::<Vec<_>>(),
        )
    };
    let answers = of("answers", &tally.http_us);
    format!(
        "<div class=\"beside\">{answers}{}</div>\n",
        of("verdicts", &tally.verdict_us)
    )
}

#[cfg(test)]
mod tests;
