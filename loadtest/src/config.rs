//! What can be told on the command line.

mod crowd;

pub(crate) use crowd::{Against, Burst, MultiSale, Overload, Ramp, Replicas, SameShopper, Soak};

use clap::{Args, Parser, Subcommand};

use crate::report::JsonFile;

/// Each is a task and two sockets; a process may commonly open 20,000 files, and both ends are on this machine.
const CONNECTIONS_MAX: u64 = 8_000;

/// A sale has at most 10,000,000 units, and a run needs one for each purchase.
const SECONDS_MAX: u64 = 60;

/// What one notifier can hold: a process may commonly open 20,000 files, and needs some for itself.
const WATCHERS_MAX: u64 = 19_000;

/// What the design holds.
const WATCHERS: u64 = 16_000;

/// Fits one commit, which takes 8,192 purchases.
const WATCHERS_OF_A_BURST: u64 = 5_000;

/// The most units that a sale may have, less the one that comes before.
const PURCHASES_MAX: u32 = 9_999_999;

/// The scarce sale of `drain`: sold out within the first records, so that nearly every decision is a loser's.
const SCARCE: u32 = 1_000;

/// Measures a stack under load, and judges it
///
/// Without --target it starts a private stack for the run. It ends with 0 when every promise held, 1 when one was
/// broken, 2 when it could not begin, and 3 when the run shows nothing, such as when this machine was too slow to send
/// the load.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Cli {
    /// What to measure.
    #[command(subcommand)]
    pub(crate) scenario: Scenario,
}

/// What can be measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Scenario {
    /// Everybody within seconds, each for one unit
    Burst(Burst),

    /// One shopper who hammers, half of the time with the same key
    SameShopper(SameShopper),

    /// From nobody to a crowd and back: 0 → 100 → 500 → 1,000 → 0 shoppers a second
    Ramp(Ramp),

    /// A spike far above what the drain can take, then less: who was refused comes back when told to
    Overload(Overload),

    /// A steady load for minutes, and memory meanwhile
    Soak(Soak),

    /// Many sales over many partitions at once
    MultiSale(MultiSale),

    /// What durability, orders and the sold-out gate cost, as ratios to an ingress without a log
    ///
    /// Beside them what JetStream does alone, in full records, and Postgres, in plain inserts of the same orders.
    /// Ends with 1 when an accepted purchase has no order or the audit finds a fault, with 3 when an answer was not as
    /// expected.
    Ceiling(Ceiling),

    /// What a crowd of live WebSockets costs a notifier, and how soon everybody has their result
    ///
    /// Ends with 1 when somebody missed their result, or had it twice or wrong, or the audit finds a fault; with 3 when
    /// a burst was more than one commit.
    Watch(Watch),

    /// How fast one allocator drains a full log into orders, and what it keeps in memory
    ///
    /// Once with stock for everybody, beside a plain bulk insert of the same orders, and once with 1,000 units. After each
    /// the allocator starts again on what it has, and the log is decided once more and compared. Ends with 1 when an order
    /// is missing or too many, or the comparison or the audit finds a fault.
    Drain(Drain),

    /// How long a partition stands still when its allocator is killed with -9
    ///
    /// From each kill to the first decision of the standby, under a light load. Ends with 1 when a purchase that was
    /// logged meanwhile has no order, the log decided once more differs, or the audit finds a fault.
    Failover(Failover),

    /// Whether the client of these measurements can be believed: it and wrk against the same ingress
    ///
    /// Both send purchases and reads of a sale to an ingress without a log, in turns. Needs wrk on PATH. Ends with 3 when
    /// the rates differ by more than 15 % or an answer was not as expected.
    Calibrate(Calibrate),

    /// A part of the crowd, in a process of its own: `watch` starts it
    #[command(hide = true)]
    Watchers,
}

/// Settings of `loadtest ceiling`.
#[derive(Debug, Args)]
pub(crate) struct Ceiling {
    /// Shoppers who buy at the same time, each over a connection of its own
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u64).range(1..=CONNECTIONS_MAX))]
    pub(crate) connections: u64,

    /// Seconds of each measurement
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=SECONDS_MAX))]
    pub(crate) seconds: u64,

    /// How often everything is measured, one after the other; what is told are medians
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=99))]
    pub(crate) rounds: u64,

    #[command(flatten)]
    pub(crate) file: JsonFile,
}

/// Settings of `loadtest watch`.
#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// WebSockets, each watching a ticket of its own; 16000, or 5000 with --burst
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=WATCHERS_MAX))]
    pub(crate) connections: Option<u64>,

    /// Every result in one commit; a run in which they were not is invalid
    #[arg(long)]
    pub(crate) burst: bool,

    #[command(flatten)]
    pub(crate) file: JsonFile,
}

impl Watch {
    pub(crate) fn connections(&self) -> u64 {
        let all = if self.burst {
            WATCHERS_OF_A_BURST
        } else {
            WATCHERS
        };
        self.connections.unwrap_or(all)
    }
}

/// Settings of `loadtest drain`.
#[derive(Debug, Args)]
pub(crate) struct Drain {
    /// Purchases in the log, each of another shopper
    #[arg(long, default_value_t = 250_000, value_parser = clap::value_parser!(u32).range(1..=i64::from(PURCHASES_MAX)))]
    pub(crate) purchases: u32,

    /// Units to sell; once as many as purchases and once 1000 if not said
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(PURCHASES_MAX)))]
    pub(crate) stock: Option<u32>,

    #[command(flatten)]
    pub(crate) file: JsonFile,
}

impl Drain {
    pub(crate) fn stocks(&self) -> Vec<u32> {
        match self.stock {
            Some(stock) => vec![stock],
            None => vec![self.purchases, SCARCE],
        }
    }
}

/// Settings of `loadtest failover`.
#[derive(Debug, Args)]
pub(crate) struct Failover {
    /// How often the owner is killed
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=999))]
    pub(crate) kills: u64,

    #[command(flatten)]
    pub(crate) file: JsonFile,
}

/// Settings of `loadtest calibrate`.
#[derive(Debug, Args)]
pub(crate) struct Calibrate {
    /// Connections of each client, as many as those of `ceiling`
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u64).range(1..=CONNECTIONS_MAX))]
    pub(crate) connections: u64,

    /// Seconds of each measurement
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=SECONDS_MAX))]
    pub(crate) seconds: u64,

    /// How often everything is measured, one after the other; what is told are medians
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=99))]
    pub(crate) rounds: u64,

    #[command(flatten)]
    pub(crate) file: JsonFile,
}
