//! Settings that several processes share, as clap groups to flatten into a process's `Config`.
//!
//! Every setting is a flag and an environment variable of the same name. Secrets hide their values
//! in `--help` and print as `[redacted]`.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use async_nats::ServerAddr;
use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

/// Everything of ours from `info` up. async-nats is silent because [`crate::nats`] tells the same
/// events once, in readable words.
pub const LOG_FILTER: &str = "info,async_nats=off";

/// Loopback, so that metrics and health are never public by accident.
pub const HEALTH_ADDR: &str = "127.0.0.1:9000";

/// Where nats-server listens unless told otherwise.
pub const NATS_URL: &str = "nats://127.0.0.1:4222";

/// Long enough for a purchase to be logged and decided, and shorter than the 30 s most platforms
/// allow between SIGTERM and SIGKILL.
pub const DRAIN_S: u64 = 10;

/// No balancer in front by default, so nobody needs time to notice.
pub const DRAIN_DELAY_MS: u64 = 0;

/// How the process logs.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Telemetry {
    /// Form of the log on stderr: `auto` is text on a terminal and JSON lines elsewhere
    #[arg(long, env, value_enum, default_value_t = LogFormat::Auto, help_heading = "Operating")]
    pub log_format: LogFormat,

    /// What is logged, e.g. `info,allocator=debug`
    #[arg(long, env, default_value = LOG_FILTER, value_parser = filter, help_heading = "Operating")]
    pub log_filter: String,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            log_format: LogFormat::Auto,
            log_filter: LOG_FILTER.to_owned(),
        }
    }
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, JSON lines elsewhere.
    Auto,
    /// One readable line per event.
    Text,
    /// One JSON object per line.
    Json,
}

/// Where the process answers `/livez`, `/readyz` and `/metrics`.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Health {
    /// Address of /livez, /readyz and /metrics; port 0 takes a free one
    #[arg(long, env, default_value = HEALTH_ADDR, help_heading = "Operating")]
    pub health_addr: SocketAddr,
}

/// How to reach NATS.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Nats {
    /// NATS servers, separated by commas
    #[arg(long, env, value_delimiter = ',', default_value = NATS_URL, value_parser = nats_url, help_heading = "NATS")]
    pub nats_url: Vec<String>,

    /// User of this process at NATS
    #[arg(long, env, help_heading = "NATS")]
    pub nats_user: Option<String>,

    /// Password of that user
    #[arg(long, env, hide_env_values = true, help_heading = "NATS")]
    pub nats_password: Option<Secret>,

    /// PEM file with the authority that signed the servers' certificates; demands TLS
    #[arg(long, env, help_heading = "NATS")]
    pub nats_ca_file: Option<PathBuf>,
}

impl Default for Nats {
    fn default() -> Self {
        Self {
            nats_url: vec![NATS_URL.to_owned()],
            nats_user: None,
            nats_password: None,
            nats_ca_file: None,
        }
    }
}

/// How to reach Postgres.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Database {
    /// Postgres, as `postgres://user:password@host/database`
    #[arg(long, env, hide_env_values = true, help_heading = "Postgres")]
    pub database_url: Secret,
}

/// How the process stops, see [`crate::shutdown`].
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Drain {
    /// Seconds that work under way may take after SIGTERM
    #[arg(long, env, default_value_t = DRAIN_S, help_heading = "Operating")]
    pub drain_s: u64,

    /// Milliseconds between becoming unready and refusing new work, for balancers to notice
    #[arg(long, env, default_value_t = DRAIN_DELAY_MS, help_heading = "Operating")]
    pub drain_delay_ms: u64,
}

impl Drain {
    /// How long work under way may take.
    pub fn limit(&self) -> Duration {
        Duration::from_secs(self.drain_s)
    }

    /// How long the process is unready before it refuses new work.
    pub fn delay(&self) -> Duration {
        Duration::from_millis(self.drain_delay_ms)
    }
}

impl Default for Drain {
    fn default() -> Self {
        Self {
            drain_s: DRAIN_S,
            drain_delay_ms: DRAIN_DELAY_MS,
        }
    }
}

/// What every serving process is told: how to reach its servers, and how to run.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Serving {
    /// How to reach NATS.
    #[command(flatten)]
    pub nats: Nats,
    /// How to reach Postgres.
    #[command(flatten)]
    pub database: Database,
    /// Where the process tells how it is.
    #[command(flatten)]
    pub health: Health,
    /// How the process stops.
    #[command(flatten)]
    pub drain: Drain,
    /// How the process logs.
    #[command(flatten)]
    pub telemetry: Telemetry,
}

/// A value that must not reach a log, an error or `--help`: it prints as `[redacted]`.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// The value itself. Keep the call next to its use, so that reviewers see where secrets go.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        Ok(Self::from(value))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

fn filter(value: &str) -> Result<String, String> {
    match EnvFilter::builder().parse(value) {
        Ok(_) => Ok(value.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Refuses URLs with a password in them: this setting is printed in logs and `--help`.
fn nats_url(value: &str) -> Result<String, String> {
    let url: ServerAddr = value
        .parse()
        .map_err(|error: std::io::Error| error.to_string())?;
    if url.has_user_pass() {
        return Err("user and password belong in NATS_USER and NATS_PASSWORD".to_owned());
    }
    Ok(value.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Config {
        #[command(flatten)]
        telemetry: Telemetry,
        #[command(flatten)]
        health: Health,
        #[command(flatten)]
        nats: Nats,
        #[command(flatten)]
        database: Database,
        #[command(flatten)]
        drain: Drain,
    }

    fn given(flags: &[&str]) -> Result<Config, clap::Error> {
        let required = ["test", "--database-url", "postgres://u:hunter2@h/d"];
        Config::try_parse_from(required.iter().chain(flags))
    }

    #[test]
    fn defaults_are_the_documented_ones() {
        let config = given(&[]).unwrap();
        assert_eq!(config.telemetry.log_format, LogFormat::Auto);
        assert_eq!(config.health.health_addr.to_string(), HEALTH_ADDR);
        assert_eq!(config.nats.nats_url, [NATS_URL]);
        assert_eq!(config.drain.limit(), Duration::from_secs(DRAIN_S));
    }

    #[test]
    fn secrets_never_print() {
        let config = given(&["--nats-password", "hunter2"]).unwrap();
        let printed = format!("{config:?} {}", config.database.database_url);
        assert!(!printed.contains("hunter2"), "{printed}");
        assert!(printed.contains("[redacted]"));
        assert!(config.database.database_url.expose().contains("hunter2"));
    }

    #[test]
    fn several_servers_are_a_list() {
        let config = given(&["--nats-url", "nats://a:4222,tls://b:4223"]).unwrap();
        assert_eq!(config.nats.nats_url, ["nats://a:4222", "tls://b:4223"]);
    }

    #[test]
    fn a_password_in_the_url_is_refused() {
        let error = given(&["--nats-url", "nats://u:p@a:4222"]).unwrap_err();
        assert!(error.to_string().contains("NATS_PASSWORD"), "{error}");
    }

    #[test]
    fn a_filter_with_a_mistake_is_refused() {
        assert!(given(&["--log-filter", "allocator=loud"]).is_err());
    }
}
