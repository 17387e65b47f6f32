//! What the ingress can be told, and its defaults.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, value_parser};
use service::config::{Database, Secret, Serving};

/// Loopback: what faces the internet is a balancer.
const LISTEN_ADDR: &str = "127.0.0.1:8080";

/// Longer than this and shoppers reload, which makes it longer still.
const QUEUE_WAIT_MAX_MS: u64 = 5_000;

/// More than a person can click, and a script gains nothing by more: the limit of a sale decides.
const RATE_PER_SHOPPER_PER_S: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");

/// An office or a mobile network shares an address; a script behind one does not matter to a
/// replica that takes tens of thousands.
const RATE_PER_ADDRESS_PER_S: NonZeroU32 = NonZeroU32::new(500).expect("not zero");

/// About what a replica can write to the log on two cores. More processors take more.
const RATE_PURCHASES_PER_S: NonZeroU32 = NonZeroU32::new(50_000).expect("not zero");

/// Everybody in an office, in the minute before a sale; each attempt costs a processor some 20 ms.
const RATE_SIGN_INS_PER_ADDRESS_PER_MIN: NonZeroU32 = NonZeroU32::new(60).expect("not zero");

/// More than a person mistypes, far less than a dictionary.
const RATE_SIGN_INS_PER_ACCOUNT_PER_MIN: NonZeroU32 = NonZeroU32::new(10).expect("not zero");

/// Highest rate of any limit: more than a replica can answer. Switch limits off instead.
pub const RATE_MAX: u32 = 1_000_000;

/// As long as a shift.
const OPERATOR_TOKEN_HOURS: u32 = 12;

/// A year: what is trusted for longer should be looked at first.
const OPERATOR_TOKEN_HOURS_MAX: i64 = 366 * 24;

/// Accepts purchases over HTTP, writes them to the log and answers with a ticket
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the ingress can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the HTTP API and the web page until stopped
    Serve(Box<Serve>),
    /// Make an account with the role operator; its password is read from standard input
    CreateOperator(CreateOperator),
    /// Print a bearer token with the role operator, for automation
    OperatorToken(OperatorToken),
    /// Print the description of the API (OpenAPI 3.1)
    Openapi,
}

/// Settings of `ingress serve`.
#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// Address of the HTTP API; port 0 takes a free one
    #[arg(long, env, default_value = LISTEN_ADDR, help_heading = "HTTP")]
    pub listen_addr: SocketAddr,

    /// Folder of the built web page; without it only the API is served
    #[arg(long, env, help_heading = "HTTP")]
    pub web_dir: Option<PathBuf>,

    /// Public WebSocket address of the notifier, as browsers reach it
    #[arg(
        long,
        env,
        default_value = "ws://127.0.0.1:8081/v1/live",
        help_heading = "HTTP"
    )]
    pub live_url: String,

    /// Keys that seal tickets, 64 hex digits each, separated by commas; the first seals new ones
    #[arg(long, env, hide_env_values = true, help_heading = "Secrets")]
    pub ticket_keys: Secret,

    /// Keys that sign sessions, 64 hex digits each, separated by commas; the first signs new ones
    #[arg(long, env, hide_env_values = true, help_heading = "Secrets")]
    pub session_keys: Secret,

    /// Give everybody who asks a session without an account; for demonstrations
    #[arg(long, env, action = ArgAction::Set, default_value_t = false, help_heading = "Shoppers")]
    pub guest_sessions: bool,

    /// Whether browsers send the session's cookie over TLS alone; false where the page is served over plain HTTP
    #[arg(long, env, action = ArgAction::Set, default_value_t = true, help_heading = "Shoppers")]
    pub cookie_secure: bool,

    /// Milliseconds a purchase may have to wait for its decision before new ones get 503
    #[arg(long, env, default_value_t = QUEUE_WAIT_MAX_MS, help_heading = "Limits")]
    pub queue_wait_max_ms: u64,

    /// Balancers in front, each of which appends to X-Forwarded-For; 0 believes nobody
    #[arg(long, env, default_value_t = 0, help_heading = "HTTP")]
    pub trusted_hops: u8,

    /// How often somebody may ask.
    #[command(flatten)]
    pub rates: Rates,

    /// What every process is told.
    #[command(flatten)]
    pub serving: Serving,
}

/// Settings of `ingress create-operator`. The password is none of them: arguments and environment are seen by others.
#[derive(Debug, Clone, Args)]
pub struct CreateOperator {
    /// Whom to make an operator; also their name in the audit trail
    #[arg(long)]
    pub email: String,

    /// Make an operator of the account that is there, and leave its password alone
    #[arg(long)]
    pub promote: bool,

    /// How to reach Postgres.
    #[command(flatten)]
    pub database: Database,
}

/// How often somebody may ask this replica. Each replica counts for itself.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Rates {
    /// Whether anything below is limited; off for load tests
    #[arg(long, env, default_value = "on", value_parser = on_or_off, action = ArgAction::Set, help_heading = "Limits")]
    pub rate_limits: bool,

    /// Purchases a second one shopper may send to this replica, in bursts of twice as many
    #[arg(long, env, default_value_t = RATE_PER_SHOPPER_PER_S, value_parser = rate, help_heading = "Limits")]
    pub rate_per_shopper_per_s: NonZeroU32,

    /// Requests a second from one address (of IPv6 a /64), in bursts of twice as many
    #[arg(long, env, default_value_t = RATE_PER_ADDRESS_PER_S, value_parser = rate, help_heading = "Limits")]
    pub rate_per_address_per_s: NonZeroU32,

    /// Purchases a second of all shoppers together, in bursts of twice as many
    #[arg(long, env, default_value_t = RATE_PURCHASES_PER_S, value_parser = rate, help_heading = "Limits")]
    pub rate_purchases_per_s: NonZeroU32,

    /// Attempts a minute to sign in, or to make accounts, from one address
    #[arg(long, env, default_value_t = RATE_SIGN_INS_PER_ADDRESS_PER_MIN, value_parser = rate, help_heading = "Limits")]
    pub rate_sign_ins_per_address_per_min: NonZeroU32,

    /// Attempts a minute to sign in to one account from one address, and from all together ten times as many
    #[arg(long, env, default_value_t = RATE_SIGN_INS_PER_ACCOUNT_PER_MIN, value_parser = rate, help_heading = "Limits")]
    pub rate_sign_ins_per_account_per_min: NonZeroU32,
}

/// Settings of `ingress operator-token`.
#[derive(Debug, Clone, Args)]
pub struct OperatorToken {
    /// Keys that sign sessions, 64 hex digits each, separated by commas; the first is used
    #[arg(long, env, hide_env_values = true)]
    pub session_keys: Secret,

    /// Hours until the token expires
    #[arg(long, default_value_t = OPERATOR_TOKEN_HOURS, value_parser = value_parser!(u32).range(..=OPERATOR_TOKEN_HOURS_MAX))]
    pub hours: u32,

    /// Who it is for; appears in the audit trail
    #[arg(long, default_value = "operator")]
    pub name: String,
}

fn rate(value: &str) -> Result<NonZeroU32, String> {
    match value.parse::<NonZeroU32>() {
        Ok(rate) if rate.get() <= RATE_MAX => Ok(rate),
        Ok(_) | Err(_) => Err(format!("must be a number from 1 to {RATE_MAX}")),
    }
}

fn on_or_off(value: &str) -> Result<bool, String> {
    match value {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("must be on or off".into()),
    }
}
