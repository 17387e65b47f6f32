//! What the scenarios that send shoppers can be told.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::value_parser;

use crate::report::Files;

/// Shoppers of a run: each is a session, a task and an answer to remember, some 2 KiB together.
const SHOPPERS_MAX: u64 = 1_000_000;

/// More than one machine sends.
const PER_S_MAX: f64 = 100_000.0;

/// The most units that a sale may have.
const STOCK_MAX: u32 = 10_000_000;

/// Which stack, and which shoppers.
#[derive(Debug, Args)]
pub(crate) struct Against {
    #[command(flatten)]
    pub(crate) replicas: Replicas,

    /// Load the ingress or balancer at this http:// URL instead of a private stack. It should run with
    /// RATE_LIMITS=off: a load from one machine is one address
    #[arg(long, value_name = "URL", conflicts_with_all = ["ingress", "allocators", "notifiers", "partitions"])]
    pub(crate) target: Option<String>,

    /// The target's Postgres, for the audit: postgres://firstcome_auditor:password@host/database. Arguments can be seen by
    /// everybody on this machine: a URL with a password belongs into the variable
    #[arg(
        long,
        value_name = "URL",
        env = "LOADTEST_DATABASE_URL",
        hide_env_values = true
    )]
    pub(crate) database_url: Option<String>,

    /// The target's NATS, for the audit's look at the log: nats://auditor:password@host:port
    #[arg(
        long,
        value_name = "URL",
        env = "LOADTEST_NATS_URL",
        hide_env_values = true
    )]
    pub(crate) nats_url: Option<String>,

    /// A file with an operator's token, to open sales at the target (`ingress operator-token`)
    #[arg(long, value_name = "FILE", requires = "target")]
    pub(crate) operator_token_file: Option<PathBuf>,

    /// Load this sale of the target instead of new ones; may be repeated
    #[arg(long, value_name = "ID", requires = "target")]
    pub(crate) sale: Vec<String>,

    /// A file with shoppers' tokens, one a line, for a target that lets no guests in
    #[arg(long, value_name = "FILE", requires = "target")]
    pub(crate) sessions: Option<PathBuf>,

    /// The same seed gives the same arrivals
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// How many of a hundred shoppers wait at a WebSocket; the others poll
    #[arg(long, value_name = "PERCENT", default_value_t = 20, value_parser = value_parser!(u64).range(0..=100))]
    pub(crate) sockets: u64,
}

/// What a private stack is made of.
#[derive(Debug, Args)]
pub(crate) struct Replicas {
    /// Ingresses of the private stack
    #[arg(long, default_value_t = 1, value_parser = count)]
    pub(crate) ingress: usize,

    /// Its allocators
    #[arg(long, default_value_t = 1, value_parser = count)]
    pub(crate) allocators: usize,

    /// Its notifiers
    #[arg(long, default_value_t = 1, value_parser = count)]
    pub(crate) notifiers: usize,

    /// Its partitions
    #[arg(long, default_value_t = 4, value_parser = value_parser!(u16).range(1..=64))]
    pub(crate) partitions: u16,
}

impl fmt::Display for Replicas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let many = |count: usize, name| match count {
            1 => format!("1 {name}"),
            count => format!("{count} {name}s"),
        };
        let ingress = match self.ingress {
            1 => "1 ingress".to_owned(),
            count => format!("{count} ingresses"),
        };
        let (allocators, notifiers) = (
            many(self.allocators, "allocator"),
            many(self.notifiers, "notifier"),
        );
        let partitions = many(self.partitions.into(), "partition");
        write!(
            f,
            "a private stack: {ingress}, {allocators}, {notifiers}, {partitions}"
        )
    }
}

/// Settings of `loadtest burst`.
#[derive(Debug, Args)]
pub(crate) struct Burst {
    /// Shoppers, each for one unit
    #[arg(long, default_value_t = 20_000, value_parser = value_parser!(u64).range(1..=SHOPPERS_MAX))]
    pub(crate) shoppers: u64,

    /// Within so many seconds
    #[arg(long, default_value = "5", value_parser = seconds)]
    pub(crate) within: Duration,

    /// Units; a tenth of the shoppers if not said
    #[arg(long, value_parser = value_parser!(u32).range(1..=i64::from(STOCK_MAX)))]
    pub(crate) stock: Option<u32>,

    #[command(flatten)]
    pub(crate) against: Against,
    #[command(flatten)]
    pub(crate) files: Files,
}

/// Settings of `loadtest same-shopper`.
#[derive(Debug, Args)]
pub(crate) struct SameShopper {
    /// Purchases a second
    #[arg(long, default_value_t = 300.0, value_parser = per_s)]
    pub(crate) rate: f64,

    /// For so many seconds
    #[arg(long, default_value = "10", value_parser = seconds)]
    pub(crate) lasts: Duration,

    /// Units the shopper may have
    #[arg(long, default_value_t = 2, value_parser = value_parser!(u16).range(1..=100))]
    pub(crate) unit_limit: u16,

    #[command(flatten)]
    pub(crate) against: Against,
    #[command(flatten)]
    pub(crate) files: Files,
}

/// Settings of `loadtest ramp`.
#[derive(Debug, Args)]
pub(crate) struct Ramp {
    /// The rates, in shoppers a second, that it goes to one after the other, from 0 on
    #[arg(long, value_delimiter = ',', default_values_t = [100.0, 500.0, 1_000.0, 0.0], value_parser = rate_or_zero)]
    pub(crate) rates: Vec<f64>,

    /// Seconds from each rate to the next
    #[arg(long, default_value = "10", value_parser = seconds)]
    pub(crate) stage: Duration,

    #[command(flatten)]
    pub(crate) against: Against,
    #[command(flatten)]
    pub(crate) files: Files,
}

/// Settings of `loadtest overload`.
#[derive(Debug, Args)]
pub(crate) struct Overload {
    /// Purchases a second that the drain takes: the private stack's is held to it, a target's must be known
    #[arg(long, default_value_t = 1_000.0, value_parser = per_s)]
    pub(crate) drain: f64,

    /// How many times the drain the spike is
    #[arg(long, default_value_t = 5.0, value_parser = factor)]
    pub(crate) spike: f64,

    /// For so many seconds
    #[arg(long, default_value = "10", value_parser = seconds)]
    pub(crate) spike_lasts: Duration,

    /// How many times the drain comes after it
    #[arg(long, default_value_t = 0.3, value_parser = factor)]
    pub(crate) after: f64,

    /// For so many seconds
    #[arg(long, default_value = "4", value_parser = seconds)]
    pub(crate) after_lasts: Duration,

    /// Milliseconds that the target lets somebody queue at the most: its QUEUE_WAIT_MAX_MS. Nobody waits for a verdict longer
    /// than a minute
    #[arg(long, default_value_t = 5_000, value_parser = value_parser!(u64).range(1..=50_000))]
    pub(crate) wait_max_ms: u64,

    #[command(flatten)]
    pub(crate) against: Against,
    #[command(flatten)]
    pub(crate) files: Files,
}

/// Settings of `loadtest soak`.
#[derive(Debug, Args)]
pub(crate) struct Soak {
    /// For so many minutes
    #[arg(long, default_value_t = 0.75, value_parser = minutes)]
    pub(crate) minutes: f64,

    /// Shoppers a second
    #[arg(long, default_value_t = 500.0, value_parser = per_s)]
    pub(crate) rate: f64,

    #[command(flatten)]
    pub(crate) against: Against,
    #[command(flatten)]
    pub(crate) files: Files,
}

/// Settings of `loadtest multi-sale`.
#[derive(Debug, Args)]
pub(crate) struct MultiSale {
    /// Sales, spread over the partitions
    #[arg(long, default_value_t = 40, value_parser = value_parser!(u64).range(2..=100))]
    pub(crate) sales: u64,

    /// Shoppers a second, each in one of the sales
    #[arg(long, default_value_t = 2_000.0, value_parser = per_s)]
    pub(crate) rate: f64,

    /// For so many seconds
    #[arg(long, default_value = "10", value_parser = seconds)]
    pub(crate) lasts: Duration,

    #[command(flatten)]
    pub(crate) against: Against,
    #[command(flatten)]
    pub(crate) files: Files,
}

fn count(text: &str) -> Result<usize, String> {
    within(text, 1.0, 16.0).map(|count| count as usize)
}

fn seconds(text: &str) -> Result<Duration, String> {
    within(text, 0.1, 36_000.0).map(Duration::from_secs_f64)
}

fn minutes(text: &str) -> Result<f64, String> {
    within(text, 0.01, 600.0)
}

fn per_s(text: &str) -> Result<f64, String> {
    within(text, 0.1, PER_S_MAX)
}

fn rate_or_zero(text: &str) -> Result<f64, String> {
    within(text, 0.0, PER_S_MAX)
}

fn factor(text: &str) -> Result<f64, String> {
    within(text, 0.01, 100.0)
}

fn within(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (least..=most).contains(&number) {
        return Ok(number);
    }
    Err(format!("must be from {least} to {most}"))
}
