//! What can be told on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Each is a task and two sockets; a process may commonly open 20,000 files, and both ends are on this machine.
const CONNECTIONS_MAX: u64 = 8_000;

/// A sale has at most 10,000,000 units, and a run needs one for each purchase.
const SECONDS_MAX: u64 = 60;

/// Measures a stack under load, and judges it
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
    /// What durability, orders and the sold-out gate cost, as ratios to an ingress without a log
    Ceiling(Ceiling),
}

/// Settings of `loadtest ceiling`.
#[derive(Debug, Args)]
pub(crate) struct Ceiling {
    /// Shoppers who buy at the same time, each over a connection of its own
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u64).range(1..=CONNECTIONS_MAX))]
    pub(crate) connections: u64,

    /// Seconds of each measurement
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=SECONDS_MAX))]
    pub(crate) seconds: u64,

    /// How often everything is measured, one after the other; what is told are medians
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=99))]
    pub(crate) rounds: u64,

    /// Write the figures to this file as well
    #[arg(long)]
    pub(crate) json: Option<PathBuf>,
}
