//! One page about a run: charts, and the figures behind them. It needs no script and no network to be read.

mod bars;
mod charts;
mod frame;
mod lines;
mod scale;
mod tables;
mod text;

use super::number::{count, figure, span};
use super::quantiles::Quantiles;
use super::summary;
use crate::run::{Run, Verdict};
use text::Text;

const STYLE: &str = include_str!("html/page.css");

/// The whole file.
pub(crate) fn page(run: &Run) -> String {
    format!(
        include_str!("html/page.html"),
        style = STYLE,
        scenario = Text(run.scenario),
        target = Text(&run.target),
        began = began(run),
        took = span(run.took),
        verdict = verdict(run),
        key = key_figures(run),
        claims = tables::claims(run),
        charts = charts::all(run),
        answers = tables::answers(run),
        audit = tables::audit(run),
        latencies = tables::latencies(run),
        settings = tables::settings(run),
        behind = tables::behind_the_charts(run),
    )
}

fn began(run: &Run) -> String {
    let began = summary::began(run).replace('T', " ").replace('Z', " UTC");
    Text(began).to_string()
}

/// What it came to, and why it means nothing if so.
fn verdict(run: &Run) -> String {
    let promises = summary::promises(run);
    let (class, first, then) = match run.verdict() {
        Verdict::Good => ("good", "✓ Valid.".to_owned(), promises),
        Verdict::Broken => ("broken", format!("✕ {promises}"), String::new()),
        Verdict::Invalid => ("invalid", "! Invalid.".to_owned(), promises),
    };
    let (first, then, why) = (Text(first), Text(then), why_invalid(run));
    format!("<div class=\"verdict {class}\"><strong>{first}</strong> {then}{why}</div>")
}

fn why_invalid(run: &Run) -> String {
    let reasons = run.invalid.iter();
    let reasons: String = reasons
        .map(|reason| format!("<li>{}</li>", Text(reason)))
        .collect();
    match reasons.as_str() {
        "" => String::new(),
        reasons => format!("\n<p>The figures mean nothing:</p>\n<ul>{reasons}</ul>"),
    }
}

/// What is looked at first: what, how much of which unit, and what else.
fn key_figures(run: &Run) -> String {
    let tally = &run.tally;
    let orders_per_s = summary::orders_per_s(run).map(figure);
    let in_all = |all: u64| format!("{} in all", count(all));
    let p99 = |told: Option<Quantiles>| told.map(|told| figure(told.p99));
    let p50 = |told: Option<Quantiles>| {
        told.map_or(String::new(), |told| format!("p50 {} ms", figure(told.p50)))
    };
    let (http, verdict) = (
        Quantiles::of(&tally.http_us),
        Quantiles::of(&tally.verdict_us),
    );
    let (offered, accepted) = (summary::offered_per_s(run), summary::accepted_per_s(run));
    let unanswered = format!("{} without an answer", count(tally.broken));
    [
        (
            "Offered",
            Some(figure(offered)),
            "/s",
            in_all(tally.offered),
        ),
        (
            "Accepted",
            Some(figure(accepted)),
            "/s",
            in_all(tally.count(202)),
        ),
        (
            "Orders",
            orders_per_s,
            "/s",
            run.orders.map_or(String::new(), in_all),
        ),
        ("Answer p99", p99(http), "ms", p50(http)),
        ("Verdict p99", p99(verdict), "ms", p50(verdict)),
        (
            "Outcome unknown",
            Some(count(tally.outcome_unknown)),
            "",
            unanswered,
        ),
    ]
    .map(|(name, value, unit, more)| match value {
        Some(value) => key_figure(
            name,
            &format!("{value} <span class=\"unit\">{unit}</span>"),
            &more,
        ),
        None => key_figure(name, "–", "not known"),
    })
    .concat()
}

fn key_figure(name: &str, value: &str, more: &str) -> String {
    format!("<div><dt>{name}</dt><dd>{value}</dd><dd>{more}</dd></div>\n")
}

#[cfg(test)]
mod tests;
