//! The figures of `drain`.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::measurement::{Judgement, Measurement};
use crate::books::Audited;
use crate::figures::{per_s, ratio};
use crate::memory::Resident;
use crate::parts::Done;
use crate::proof::Replay;

/// What the design holds and reaches for: orders to a plain insert, decisions a second when sold out, bytes a winner.
const RATIO: (f64, f64) = (0.5, 0.8);
const SOLD_OUT_PER_S: (u64, u64) = (200_000, 400_000);
const BYTES_PER_WINNER: (u64, u64) = (128, 64);

/// The allocator's memory.
pub(crate) struct Memory {
    pub(crate) idle: Resident,
    /// What the winners take, with buffers and tables that grew on the way.
    pub(crate) after_drain: Resident,
    /// What they take when they are loaded at once.
    pub(crate) after_restart: Resident,
}

/// One log, drained.
pub(crate) struct Run {
    pub(crate) stock: u64,
    pub(crate) purchases: u64,
    pub(crate) orders: u64,
    pub(crate) drained: Duration,
    /// The same orders inserted plainly, where everybody got one.
    pub(crate) insert: Option<Done>,
    pub(crate) memory: Memory,
    pub(crate) restart: Duration,
    pub(crate) replay: Replay,
    pub(crate) audited: Audited,
}

impl Run {
    fn due(&self) -> u64 {
        self.purchases.min(self.stock)
    }

    fn is_ample(&self) -> bool {
        self.stock >= self.purchases
    }

    fn decisions_per_s(&self) -> f64 {
        per_s(self.purchases, self.drained)
    }

    fn orders_per_s(&self) -> f64 {
        per_s(self.orders, self.drained)
    }

    fn orders_ratio(&self) -> Option<f64> {
        let insert = self.insert.as_ref()?;
        Some(ratio(self.orders_per_s(), insert.per_s()))
    }

    /// What memory grew by from idle to the restart; few winners are lost in what else grows.
    fn bytes_per_winner(&self) -> Option<f64> {
        let Memory {
            idle,
            after_restart,
            ..
        } = &self.memory;
        let grown = after_restart.now.saturating_sub(idle.now);
        self.is_ample()
            .then(|| ratio(grown as f64, self.orders as f64))
    }

    fn to_json(&self) -> Value {
        let memory = &self.memory;
        json!({
            "stock": self.stock,
            "orders": self.orders,
            "drained_s": self.drained.as_secs_f64(),
            "decisions_per_s": self.decisions_per_s(),
            "orders_per_s": self.orders_per_s(),
            "insert_per_s": self.insert.as_ref().map(Done::per_s),
            "orders_to_insert_ratio": self.orders_ratio(),
            "bytes_per_winner": self.bytes_per_winner().map(f64::round),
            "resident_bytes": {
                "idle": memory.idle.now,
                "after_drain": memory.after_drain.now,
                "after_restart": memory.after_restart.now,
                "peak_of_drain": memory.after_drain.peak,
                "peak_of_restart": memory.after_restart.peak,
            },
            "restart_s": self.restart.as_secs_f64(),
            "replay_s": self.replay.took.as_secs_f64(),
            "replay_agrees": self.replay.agrees,
        })
    }

    fn lines(&self) -> Vec<(&'static str, String)> {
        let s = |duration: Duration| format!("{:.2} s", duration.as_secs_f64());
        let memory = &self.memory;
        let mut lines = vec![
            ("drained in", s(self.drained)),
            ("decisions/s", self.decisions()),
            ("orders", self.orders.to_string()),
            ("orders/s", format!("{:.0}", self.orders_per_s())),
        ];
        if let (Some(insert), Some(ratio)) = (&self.insert, self.orders_ratio()) {
            let (hold, reach) = RATIO;
            let ratio = format!("{ratio:.2}   (hold {hold}, reach {reach})");
            lines.push(("plain bulk insert/s", format!("{:.0}", insert.per_s())));
            lines.push(("orders ÷ plain bulk insert", ratio));
        }
        lines.extend([
            ("resident when idle", mib(memory.idle.now)),
            ("resident after the drain", peaked(&memory.after_drain)),
            ("resident after a restart", peaked(&memory.after_restart)),
        ]);
        if let Some(bytes) = self.bytes_per_winner() {
            let (hold, reach) = BYTES_PER_WINNER;
            let bytes = format!("{bytes:.0} B   (hold {hold}, reach {reach})");
            lines.push(("  grown, per winner", bytes));
        }
        lines.push(("restart until it decides", s(self.restart)));
        lines.push(("replay --check", self.replayed()));
        lines
    }

    /// What the design says about them is about a sale that is sold out.
    fn decisions(&self) -> String {
        let rate = format!("{:.0}", self.decisions_per_s());
        let (hold, reach) = SOLD_OUT_PER_S;
        match self.is_ample() {
            true => rate,
            false => format!("{rate}   (hold {hold}, reach {reach})"),
        }
    }

    fn replayed(&self) -> String {
        let found = match self.replay.agrees {
            true => "no differences",
            false => "DIFFERS, see above",
        };
        format!("{:.2} s, {found}", self.replay.took.as_secs_f64())
    }
}

fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes / (1024 * 1024))
}

fn peaked(resident: &Resident) -> String {
    format!("{}, at most {}", mib(resident.now), mib(resident.peak))
}

/// All runs.
pub(crate) struct Report {
    pub(crate) purchases: u64,
    pub(crate) runs: Vec<Run>,
}

impl Measurement for Report {
    const SCENARIO: &'static str = "drain";

    /// Whether every log was decided as it must be, and could be proven.
    fn judgement(&self) -> Judgement {
        let mut judgement = Judgement::of(self.runs.iter().map(|run| &run.audited));
        judgement.invalid_if(self.runs.is_empty(), "nothing was drained");
        for run in &self.runs {
            let (orders, due, units) = (run.orders, run.due(), run.stock);
            let wrong = format!("{orders} orders instead of {due}, with {units} units");
            judgement.broken_if(orders != due, wrong);
            let unproven = format!("the replay of the log differs, with {units} units");
            judgement.broken_if(!run.replay.agrees, unproven);
        }
        judgement
    }

    fn figures(&self) -> Map<String, Value> {
        let drain: Vec<Value> = self.runs.iter().map(Run::to_json).collect();
        Map::from_iter([
            ("purchases".to_owned(), self.purchases.into()),
            ("drain".to_owned(), drain.into()),
        ])
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for run in &self.runs {
            writeln!(f, "\n  {} purchases, {} units\n", self.purchases, run.stock)?;
            for (what, figure) in run.lines() {
                writeln!(f, "  {what:<28} {figure}")?;
            }
        }
        write!(f, "{}", self.judgement())
    }
}

#[cfg(test)]
mod tests;
