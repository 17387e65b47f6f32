//! The figures of `ceiling`.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::measurement::{Judgement, Measurement};
use super::quantiles::Quantiles;
use crate::books::Audited;
use crate::cpu::Seconds;
use crate::figures::{median, per_s, ratio};
use crate::load::Answers;
use crate::parts::Done;

/// What a column of processor time counts: seconds for so many purchases.
const CPU_PURCHASES: f64 = 10_000.0;

/// One kind of request for some seconds.
pub(crate) struct Stage {
    /// Answers a second with the status that was expected.
    per_s: f64,
    /// Nothing when nobody was answered.
    http_ms: Option<Quantiles>,
    expected: u16,
    statuses: BTreeMap<u16, u64>,
    /// Seconds of processor time for 10,000 answers, by process.
    cpu_s: Seconds,
}

impl Stage {
    pub(crate) fn of(answers: &Answers, expected: u16, before: &Seconds, after: &Seconds) -> Self {
        let all: u64 = answers.statuses.values().sum();
        let used = before.iter().zip(after);
        let per_purchase = |seconds: f64| ratio(seconds * CPU_PURCHASES, all as f64);
        Self {
            per_s: per_s(answers.count(expected), answers.took),
            http_ms: Quantiles::of(&answers.latency_us),
            expected,
            statuses: answers.statuses.clone(),
            cpu_s: used
                .map(|((name, before), (_, after))| (*name, per_purchase(after - before)))
                .collect(),
        }
    }

    fn is_as_expected(&self) -> bool {
        self.statuses.keys().eq([&self.expected])
    }
}

/// What became of the purchases of the durable stage.
pub(crate) struct Orders {
    accepted: u64,
    ordered: u64,
    /// Orders a second, from the first request to the last order.
    per_s: f64,
}

impl Orders {
    pub(crate) fn of(accepted: u64, ordered: u64, took: Duration) -> Self {
        Self {
            accepted,
            ordered,
            per_s: per_s(ordered, took),
        }
    }
}

/// Everything once.
pub(crate) struct Round {
    pub(crate) bare: Stage,
    pub(crate) durable: Stage,
    pub(crate) orders: Orders,
    pub(crate) sold_out: Stage,
    /// JetStream alone, in purchases.
    pub(crate) publish: Done,
    /// Postgres alone, in orders.
    pub(crate) insert: Done,
}

/// Reads one figure of a round.
type Figure = fn(&Round) -> f64;

/// Reads one stage of a round.
type Which = fn(&Round) -> &Stage;

const STAGES: [(&str, Which); 3] = [
    ("bare", |round| &round.bare),
    ("durable", |round| &round.durable),
    ("sold_out", |round| &round.sold_out),
];

/// A line of the table: what, its rate, its latencies, and which ratio the design holds and reaches for.
struct Line {
    name: &'static str,
    per_s: Figure,
    stage: Option<Which>,
    design: Option<(f64, f64)>,
}

const LINES: [Line; 6] = [
    Line {
        name: "bare 202",
        per_s: |round| round.bare.per_s,
        stage: Some(STAGES[0].1),
        design: None,
    },
    Line {
        name: "durable 202",
        per_s: |round| round.durable.per_s,
        stage: Some(STAGES[1].1),
        design: Some((0.5, 0.8)),
    },
    Line {
        name: "orders until drained",
        per_s: |round| round.orders.per_s,
        stage: None,
        design: Some((0.4, 0.6)),
    },
    Line {
        name: "sold-out refusals",
        per_s: |round| round.sold_out.per_s,
        stage: Some(STAGES[2].1),
        design: Some((0.8, 0.95)),
    },
    Line {
        name: "JetStream alone",
        per_s: |round| round.publish.per_s(),
        stage: None,
        design: None,
    },
    Line {
        name: "plain bulk insert",
        per_s: |round| round.insert.per_s(),
        stage: None,
        design: None,
    },
];

/// A whole run.
pub(crate) struct Report {
    pub(crate) connections: u64,
    pub(crate) seconds: u64,
    pub(crate) rounds: Vec<Round>,
    /// Of the sales of all rounds.
    pub(crate) audited: Audited,
}

impl Report {
    fn http_ms(&self, which: Which) -> Option<Quantiles> {
        let rounds = self.rounds.iter().filter_map(|round| which(round).http_ms);
        Quantiles::median(&rounds.collect::<Vec<_>>())
    }

    /// In all rounds: purchases of the durable stage, and orders of them.
    fn accepted_and_ordered(&self) -> (u64, u64) {
        let sum = |count: fn(&Orders) -> u64| -> u64 {
            self.rounds.iter().map(|round| count(&round.orders)).sum()
        };
        (sum(|orders| orders.accepted), sum(|orders| orders.ordered))
    }

    fn median(&self, figure: impl Fn(&Round) -> f64) -> f64 {
        median(self.rounds.iter().map(figure))
    }

    /// To the bare ingress of the same round: a machine that is slow for a while is so for both.
    fn ratio(&self, figure: Figure) -> f64 {
        self.median(|round| ratio(figure(round), round.bare.per_s))
    }

    fn statuses(&self, which: Which) -> BTreeMap<u16, u64> {
        let mut all = BTreeMap::new();
        for (status, count) in self.rounds.iter().flat_map(|round| &which(round).statuses) {
            *all.entry(*status).or_default() += count;
        }
        all
    }

    fn cpu_s(&self, which: Which) -> Seconds {
        let names = self.rounds.first().map(|round| &which(round).cpu_s);
        let names = names.into_iter().flatten().enumerate();
        let used = |index: usize| self.median(|round| which(round).cpu_s[index].1);
        names
            .map(|(index, (name, _))| (*name, used(index)))
            .collect()
    }

    fn stages(&self) -> BTreeMap<&'static str, Value> {
        let stage = |(name, which): (&'static str, Which)| {
            let told = json!({
                "statuses": self.statuses(which),
                "http_ms": self.http_ms(which),
                "cpu_s_per_10k": self.cpu_s(which).into_iter().collect::<BTreeMap<_, _>>(),
            });
            (name, told)
        };
        STAGES.map(stage).into_iter().collect()
    }

    fn ceiling(&self) -> Value {
        let [bare, durable, orders, sold_out, publish, insert] =
            LINES.map(|line| (line.per_s, self.median(line.per_s)));
        json!({
            "bare_202_per_s": bare.1,
            "durable_202_per_s": durable.1,
            "durable_ratio": self.ratio(durable.0),
            "orders_per_s": orders.1,
            "orders_ratio": self.ratio(orders.0),
            "sold_out_per_s": sold_out.1,
            "sold_out_ratio": self.ratio(sold_out.0),
            "publish_per_s": publish.1,
            "publish_ratio": self.ratio(publish.0),
            "insert_per_s": insert.1,
            "insert_ratio": self.ratio(insert.0),
        })
    }
}

impl Measurement for Report {
    const SCENARIO: &'static str = "ceiling";

    /// Whether every answer was as expected and every accepted purchase became an order.
    fn judgement(&self) -> Judgement {
        let mut judgement = Judgement::of([&self.audited]);
        judgement.invalid_if(self.rounds.is_empty(), "nothing was measured");
        for (name, which) in STAGES {
            let is_odd = |round: &Round| !which(round).is_as_expected();
            let why = format!("answers that were not expected, {name}");
            judgement.invalid_if(self.rounds.iter().any(is_odd), why);
        }
        let differs = |round: &Round| round.orders.accepted != round.orders.ordered;
        let (accepted, ordered) = self.accepted_and_ordered();
        judgement.broken_if(
            self.rounds.iter().any(differs),
            format!("{ordered} orders of {accepted} accepted purchases"),
        );
        judgement
    }

    fn figures(&self) -> Map<String, Value> {
        let (accepted, ordered) = self.accepted_and_ordered();
        Map::from_iter([
            ("connections".to_owned(), self.connections.into()),
            ("seconds".to_owned(), self.seconds.into()),
            ("rounds".to_owned(), self.rounds.len().into()),
            ("accepted".to_owned(), accepted.into()),
            ("orders".to_owned(), ordered.into()),
            ("stages".to_owned(), json!(self.stages())),
            ("ceiling".to_owned(), self.ceiling()),
        ])
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            connections,
            seconds,
            rounds,
            ..
        } = self;
        let rounds = rounds.len();
        writeln!(
            f,
            "\n  {connections} connections, {seconds} s each, medians of {rounds} rounds\n"
        )?;
        writeln!(
            f,
            "  {:<22} {:>9} {:>7} {:>14} {:>9} {:>9}",
            "", "per s", "ratio", "hold / reach", "p50 ms", "p99 ms"
        )?;
        LINES.iter().try_for_each(|line| self.line(f, line))?;
        writeln!(
            f,
            "\n  JetStream alone: purchases in full records, one under way at a time. Plain bulk insert: the same orders."
        )?;
        self.statuses_and_cpu(f)?;
        let (accepted, ordered) = self.accepted_and_ordered();
        writeln!(f, "\n  {accepted} accepted, {ordered} orders")?;
        write!(f, "{}", self.judgement())
    }
}

impl Report {
    fn line(&self, f: &mut fmt::Formatter<'_>, line: &Line) -> fmt::Result {
        let (rate, share) = (self.median(line.per_s), self.ratio(line.per_s));
        let design = line
            .design
            .map_or(String::new(), |(hold, reach)| format!("{hold} / {reach}"));
        write!(
            f,
            "  {:<22} {rate:>9.0} {share:>7.2} {design:>14}",
            line.name
        )?;
        if let Some(ms) = line.stage.and_then(|stage| self.http_ms(stage)) {
            write!(f, " {:>9.1} {:>9.1}", ms.p50, ms.p99)?;
        }
        writeln!(f)
    }

    fn statuses_and_cpu(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        for line in &LINES {
            let Some(stage) = line.stage else { continue };
            write!(f, "  {:<22}", line.name)?;
            for (status, count) in self.statuses(stage) {
                write!(f, " {status}: {count}")?;
            }
            write!(f, "\n  {:<22} CPU s per 10,000:", "")?;
            for (name, seconds) in self.cpu_s(stage) {
                write!(f, "  {name} {seconds:.3}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
