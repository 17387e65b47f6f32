//! The figures of `watch`.

use std::collections::HashMap;
use std::fmt;

use anyhow::Result;
use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

use super::measurement::{Judgement, Measurement};
use super::quantiles::Quantiles;
use crate::books::Audited;
use crate::figures::ratio;
use crate::memory::Resident;
use crate::scenario::watch::{Commits, commit_of};
use crate::watchers::{Heard, Waiting};

/// Results that take up to a minute, in microseconds, to three digits.
const LONGEST_US: u64 = 60_000_000;

/// What the design holds and reaches for: bytes of memory for each connection.
const BYTES_HELD: u64 = 16 * 1024;
const BYTES_REACHED: u64 = 8 * 1024;

/// The notifier without anybody, and with all.
pub(crate) struct Memory {
    pub(crate) before: Resident,
    pub(crate) with_all: Resident,
}

impl Memory {
    fn bytes_per(&self, connections: u64) -> f64 {
        let grown = self.with_all.now.saturating_sub(self.before.now);
        ratio(grown as f64, connections as f64)
    }
}

/// What everybody heard.
pub(crate) struct Results {
    pub(crate) won: u64,
    /// Without a result.
    missed: u64,
    /// Results that came once more.
    duplicates: u64,
    /// Connections that ended early.
    broken: u64,
    /// Results in the largest commit, and how many commits there were.
    largest_commit: u64,
    commits: usize,
    /// Microseconds from the begin of a commit to its result at the watcher.
    commit_to_receive_us: Histogram<u64>,
}

impl Results {
    pub(crate) fn of(heard: &[Heard], commits: &Commits) -> Result<Self> {
        let mut commit_to_receive_us = Histogram::new_with_bounds(1, LONGEST_US, 3)?;
        let mut sizes: HashMap<&str, u64> = HashMap::new();
        for one in heard {
            let Some(commit) = commit_of(commits, &one.ticket)? else {
                continue;
            };
            *sizes.entry(&commit.transaction).or_default() += 1;
            if let Some(at_us) = one.at_us {
                let took_us = u64::try_from(at_us - commit.began_us).unwrap_or(0);
                commit_to_receive_us.saturating_record(took_us);
            }
        }
        let count =
            |which: fn(&Heard) -> bool| heard.iter().filter(|one| which(one)).count() as u64;
        Ok(Self {
            won: count(|one| one.won),
            missed: count(|one| one.times == 0),
            duplicates: heard.iter().map(|one| one.times.saturating_sub(1)).sum(),
            broken: count(|one| one.broken.is_some()),
            largest_commit: sizes.values().copied().max().unwrap_or(0),
            commits: sizes.len(),
            commit_to_receive_us,
        })
    }

    fn quantiles(&self) -> Option<Quantiles> {
        Quantiles::of(&self.commit_to_receive_us)
    }
}

/// A whole run.
pub(crate) struct Report {
    pub(crate) connections: u64,
    /// Whether all results should come of one commit.
    pub(crate) burst: bool,
    pub(crate) stock: u64,
    pub(crate) waiting: Waiting,
    pub(crate) memory: Memory,
    pub(crate) results: Results,
    pub(crate) audited: Audited,
}

impl Measurement for Report {
    const SCENARIO: &'static str = "watch";

    /// Whether everybody waited and heard the right thing once.
    fn judgement(&self) -> Judgement {
        let (results, all) = (&self.results, self.connections);
        let mut judgement = Judgement::of([&self.audited]);
        for (count, what) in [
            (results.missed, "results missed"),
            (results.duplicates, "results told again"),
            (results.broken, "connections broken"),
        ] {
            judgement.broken_if(count > 0, format!("{count} {what}"));
        }
        let (won, stock) = (results.won, self.stock);
        judgement.broken_if(won != stock, format!("{won} were told “won” of {stock}"));
        let connected = self.waiting.connected as u64;
        judgement.invalid_if(connected != all, format!("{connected} connected of {all}"));
        let timed = results.commit_to_receive_us.len() + results.missed;
        judgement.invalid_if(timed != all, "not every result's commit is known");
        let is_split = self.burst && results.largest_commit != all;
        judgement.invalid_if(is_split, "a burst of more than one commit");
        judgement
    }

    fn figures(&self) -> Map<String, Value> {
        let (memory, results) = (&self.memory, &self.results);
        let watch = json!({
            "connections": self.waiting.connected,
            "connected_in_ms": self.waiting.took_ms,
            "bytes_per_connection": memory.bytes_per(self.connections).round(),
            "resident_bytes": {
                "before": memory.before.now,
                "with_all": memory.with_all.now,
                "peak": memory.with_all.peak,
            },
            "won": results.won,
            "missed": results.missed,
            "duplicates": results.duplicates,
            "broken": results.broken,
            "commits": results.commits,
            "largest_commit": results.largest_commit,
            "commit_to_receive_ms": results.quantiles(),
        });
        Map::from_iter([("watch".to_owned(), watch)])
    }
}

impl Report {
    fn lines(&self) -> [(&'static str, String); 11] {
        let (memory, results) = (&self.memory, &self.results);
        let connected_s = self.waiting.took_ms as f64 / 1_000.0;
        let kib = |bytes: f64| bytes / 1024.0;
        let ms = |figure: fn(Quantiles) -> f64| {
            let received = results.quantiles().map(figure);
            received.map_or("none".to_owned(), |ms| format!("{ms:.1} ms"))
        };
        let per_connection = format!(
            "{:.1} KiB   (hold {}, reach {})",
            kib(memory.bytes_per(self.connections)),
            BYTES_HELD / 1024,
            BYTES_REACHED / 1024
        );
        let resident = format!(
            "{:.0} KiB -> {:.0} KiB, peak {:.0} KiB",
            kib(memory.before.now as f64),
            kib(memory.with_all.now as f64),
            kib(memory.with_all.peak as f64)
        );
        let commits = format!(
            "{}, the largest with {}",
            results.commits, results.largest_commit
        );
        [
            ("connected", self.waiting.connected.to_string()),
            (
                "all connected and waiting after",
                format!("{connected_s:.1} s"),
            ),
            ("resident memory per connection", per_connection),
            ("resident memory of the notifier", resident),
            ("commits", commits),
            ("commit to receive p50", ms(|received| received.p50)),
            ("commit to receive p99", ms(|received| received.p99)),
            ("won", format!("{} of {}", results.won, self.stock)),
            ("missed results", results.missed.to_string()),
            ("duplicates", results.duplicates.to_string()),
            ("broken connections", results.broken.to_string()),
        ]
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        for (what, figure) in self.lines() {
            writeln!(f, "  {what:<34} {figure}")?;
        }
        writeln!(f, "\n  A commit's time is its begin, by Postgres.")?;
        write!(f, "{}", self.judgement())
    }
}

#[cfg(test)]
mod tests;
