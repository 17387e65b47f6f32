//! What the allocator can be told, and its defaults.

use std::num::NonZeroU32;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use sale::Partition;
use service::config::{Database, Nats, Secret, Serving, Telemetry};

/// As many independent logs as two to four cores can feed.
pub const PARTITIONS: u16 = 4;

/// One nats-server by default; three replicas need three.
pub const LOG_REPLICAS: usize = 1;

/// Room for about 20 million purchases a partition.
pub const LOG_MAX_BYTES: i64 = 2 * 1024 * 1024 * 1024;

/// How long decided records stay in the log: longer than anybody's interval between backups.
pub const REPLAY_HORIZON: &str = "7d";

/// A hundred years: more is a slip of the finger, and no date could name it.
const SPAN_S_MAX: u64 = 36_500 * 86_400;

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
    /// Go on with the stream that is there, after the one that was decided is lost
    AdoptStream(AdoptStream),
    /// Let a halted partition go on, once its cause is put right
    LiftHalt(LiftHalt),
    /// Tell every process that Postgres was put back to a backup
    Restored(Restored),
    /// Compete for partitions and decide what their logs hold, until stopped
    Serve(Serve),
    /// Decide everything that is still in the log once more, and compare with Postgres; exits with
    /// 0 when nothing differs, 3 when something does, 1 when it could not find out
    Replay(Replay),
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

/// Who steps in, why, and in which database.
#[derive(Debug, Clone, Args)]
pub struct Why {
    /// Why; kept beside what was done
    #[arg(long, value_parser = reason, help_heading = "Record")]
    pub reason: String,

    /// Who; kept beside what was done
    #[arg(long, env = "USER", help_heading = "Record")]
    pub by: String,

    /// How to reach Postgres, as the owner of the database.
    #[command(flatten)]
    pub database: Database,
    /// How the command logs.
    #[command(flatten)]
    pub telemetry: Telemetry,
}

/// Settings of `allocator adopt-stream`.
#[derive(Debug, Clone, Args)]
pub struct AdoptStream {
    /// Which partition; it must be halted
    #[arg(long)]
    pub partition: u16,

    /// Do not ask
    #[arg(long)]
    pub yes: bool,

    /// Who and why.
    #[command(flatten)]
    pub why: Why,
    /// How to reach NATS, as the user admin.
    #[command(flatten)]
    pub nats: Nats,
}

/// Settings of `allocator lift-halt`.
#[derive(Debug, Clone, Args)]
pub struct LiftHalt {
    /// Which partition
    #[arg(long)]
    pub partition: u16,

    /// Who and why.
    #[command(flatten)]
    pub why: Why,
}

/// Settings of `allocator restored`.
#[derive(Debug, Clone, Args)]
pub struct Restored {
    /// Who and why.
    #[command(flatten)]
    pub why: Why,
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

    /// How long decided records stay in the log, such as 7d, 36h or seconds; longer than the interval between backups
    #[arg(long, env, default_value = REPLAY_HORIZON, value_parser = span, help_heading = "Log")]
    pub replay_horizon: Duration,

    /// What every process is told.
    #[command(flatten)]
    pub serving: Serving,
}

fn reason(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 1_000 {
        return Err("a reason has 1 to 1000 characters");
    }
    Ok(text.to_owned())
}

/// `90`, `90s`, `15m`, `36h` or `7d`.
fn span(text: &str) -> Result<Duration, String> {
    let number = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let seconds = match &text[number.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        unit => return Err(format!("{unit:?} is none of s, m, h and d")),
    };
    let count: u64 = number
        .parse()
        .map_err(|_| format!("{number:?} is no whole number"))?;
    match count.checked_mul(seconds) {
        Some(0) => Err("nothing could ever be decided again".to_owned()),
        Some(seconds) if seconds <= SPAN_S_MAX => Ok(Duration::from_secs(seconds)),
        Some(_) | None => Err("that is longer than a hundred years".to_owned()),
    }
}

/// Settings of `allocator replay`.
#[derive(Debug, Clone, Args)]
pub struct Replay {
    /// Compare, and change nothing: there is no other way to replay
    #[arg(long, required = true)]
    pub check: bool,

    /// Only this partition; all of them if not said
    #[arg(long, value_parser = partition, help_heading = "Log")]
    pub partition: Option<Partition>,

    /// Every key that sealed a ticket of the log; an order's id is its ticket
    #[arg(long, env, hide_env_values = true, help_heading = "Tickets")]
    pub ticket_keys: Secret,

    /// How to reach NATS, as the user allocator.
    #[command(flatten)]
    pub nats: Nats,
    /// How to reach Postgres, as the allocator.
    #[command(flatten)]
    pub database: Database,
    /// How the command logs.
    #[command(flatten)]
    pub telemetry: Telemetry,
}

/// `3` as well as `03`: people write the one and streams are named by the other.
fn partition(value: &str) -> Result<Partition, String> {
    let number: u16 = value.parse().map_err(|_| "not a number".to_owned())?;
    Partition::try_from(number).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_seconds_or_has_a_unit() {
        for (text, seconds) in [
            ("90", 90),
            ("90s", 90),
            ("15m", 900),
            ("36h", 129_600),
            (REPLAY_HORIZON, 604_800),
        ] {
            assert_eq!(span(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in [
            "",
            "d",
            "0",
            "0d",
            "-1",
            "1w",
            "1.5h",
            "1 h",
            "40000d",
            "99999999999999999999",
        ] {
            assert!(span(text).is_err(), "{text}");
        }
    }

    fn given(flags: &[&str]) -> Result<Cli, clap::Error> {
        let required = [
            "allocator",
            "replay",
            "--ticket-keys",
            "",
            "--database-url",
            "postgres://",
        ];
        Cli::try_parse_from(required.iter().chain(flags))
    }

    #[test]
    fn a_replay_is_asked_for_as_a_check() {
        assert!(given(&[]).is_err());
        assert!(given(&["--check"]).is_ok());
    }

    #[test]
    fn a_partition_is_a_number_that_exists() {
        for number in ["3", "03"] {
            let cli = given(&["--check", "--partition", number]).unwrap();
            let Command::Replay(replay) = cli.command else {
                panic!("replay was parsed")
            };
            assert_eq!(replay.partition.map(Partition::get), Some(3));
        }
        assert!(given(&["--check", "--partition", "1024"]).is_err());
    }
}
