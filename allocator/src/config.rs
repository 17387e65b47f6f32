//! What the allocator can be told, and its defaults.

use std::num::NonZeroU32;

use clap::{Args, Parser, Subcommand};
use service::config::{Database, Nats, Secret, Serving, Telemetry};

/// As many independent logs as two to four cores can feed.
pub const PARTITIONS: u16 = 4;

/// One nats-server by default; three replicas need three.
pub const LOG_REPLICAS: usize = 1;

/// Room for about 20 million purchases a partition.
pub const LOG_MAX_BYTES: i64 = 2 * 1024 * 1024 * 1024;

/// Assigns stock strictly in log order and writes the orders to Postgres
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the allocator can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring Postgres and JetStream to the shape this version needs; safe to repeat
    Setup(Setup),
    /// Compete for partitions and decide what their logs hold, until stopped
    Serve(Serve),
}

/// Settings of `allocator setup`.
#[derive(Debug, Clone, Args)]
pub struct Setup {
    /// Independent logs; can be raised later, never lowered
    #[arg(long, env, default_value_t = PARTITIONS, value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "Log")]
    pub partitions: u16,

    /// Copies of each log; 3 needs a cluster of three nats-servers
    #[arg(long, env, default_value_t = LOG_REPLICAS, help_heading = "Log")]
    pub log_replicas: usize,

    /// Most bytes one partition's log may hold; when it is full, purchases are refused with 503
    #[arg(long, env, default_value_t = LOG_MAX_BYTES, value_parser = clap::value_parser!(i64).range(1024 * 1024..), help_heading = "Log")]
    pub log_max_bytes: i64,

    /// How to reach NATS, as the user admin.
    #[command(flatten)]
    pub nats: Nats,
    /// How to reach Postgres, as the owner of the database.
    #[command(flatten)]
    pub database: Database,
    /// How the command logs.
    #[command(flatten)]
    pub telemetry: Telemetry,
}

/// Settings of `allocator serve`.
#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// Keys that seal tickets, 64 hex digits each, separated by commas; an order's id is its ticket
    #[arg(long, env, hide_env_values = true, help_heading = "Tickets")]
    pub ticket_keys: Secret,

    /// Most purchases a second decided in one partition, to protect Postgres; as many as it can if absent
    #[arg(long, env, help_heading = "Limits")]
    pub max_decisions_per_s: Option<NonZeroU32>,

    /// Start even though Postgres may lose committed orders (fsync or synchronous_commit off)
    #[arg(long, env, help_heading = "Postgres")]
    pub allow_unsafe_postgres: bool,

    /// What every process is told.
    #[command(flatten)]
    pub serving: Serving,
}
