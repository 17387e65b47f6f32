//! What the notifier can be told, and its defaults.

use std::net::SocketAddr;

use clap::{Args, Parser, Subcommand};
use service::config::{Secret, Serving};

use crate::origin::Origins;

/// Loopback: who wants to be reached from elsewhere says so.
pub const LISTEN_ADDR: &str = "127.0.0.1:8081";

/// The page as an ingress on this machine serves it.
pub const ALLOWED_ORIGINS: &str = "http://localhost:8080";

/// Below the 20,000 files a process may commonly open, which leaves room for clients and logs.
pub const CONNECTIONS_MAX: u32 = 16_384;

/// An address may be many shoppers: a household, an office, a carrier's gateway. A sixteenth of all
/// connections is room for them, and leaves the rest to others.
pub const CONNECTIONS_PER_ADDRESS_MAX: u32 = 1_024;

/// Pushes what becomes of tickets and sales to browsers, over WebSockets
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the notifier can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve GET /v1/live until stopped
    Serve(Serve),
}

/// Settings of `notifier serve`.
#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// Where WebSockets come in; port 0 takes a free one
    #[arg(long, env, default_value = LISTEN_ADDR, help_heading = "WebSockets")]
    pub listen_addr: SocketAddr,

    /// Pages that may connect, as `https://shop.example`, separated by commas; `*` is for a demo
    #[arg(long, env, default_value = ALLOWED_ORIGINS, help_heading = "WebSockets")]
    pub allowed_origins: Origins,

    /// Most WebSockets at a time; at the limit a new one is refused with 503
    #[arg(long, env, default_value_t = CONNECTIONS_MAX, value_parser = clap::value_parser!(u32).range(1..=1_000_000), help_heading = "WebSockets")]
    pub connections_max: u32,

    /// Most WebSockets at a time from one address, or from one /64 of IPv6; further ones get 429
    #[arg(long, env, default_value_t = CONNECTIONS_PER_ADDRESS_MAX, value_parser = clap::value_parser!(u32).range(1..=1_000_000), help_heading = "WebSockets")]
    pub connections_per_address_max: u32,

    /// Balancers in front, each of which appends to X-Forwarded-For; 0 believes nobody
    #[arg(long, env, default_value_t = 0, help_heading = "WebSockets")]
    pub trusted_hops: u8,

    /// Keys that seal tickets, 64 hex digits each, separated by commas: the ingress's
    #[arg(long, env, hide_env_values = true, help_heading = "Tickets")]
    pub ticket_keys: Secret,

    /// What every process is told.
    #[command(flatten)]
    pub serving: Serving,
}
