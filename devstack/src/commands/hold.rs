//! `devstack hold`: servers that end because their owner ends, in the way a test wants.

use std::io::Read;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};
use devstack::{Role, Servers, Tenant};
use serde_json::json;

/// nats-server prints its version before it is ready.
const VERSION_LIMIT: Duration = Duration::from_secs(5);

/// Arguments of `devstack hold`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// What to do when standard input ends.
    #[arg(long, default_value = "return")]
    then: End,
}

#[derive(Clone, Copy, ValueEnum)]
enum End {
    /// Drop everything in order.
    Return,
    /// Panic, with the servers in a static as tests have them.
    Panic,
}

/// Starts servers, prints one line of JSON about them, and waits.
pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let servers = match arguments.then {
        End::Return => Servers::own().await?,
        End::Panic => Servers::shared().await?,
    };
    let tenant = Tenant::lease(&servers).await?;
    let facts = json!({
        "pids": [servers.nats()?.pid(), servers.postgres()?.pid()],
        "folders": servers.folders(),
        "nats_url": tenant.nats_url(),
        "nats_version": servers.nats()?.wait_for_log("Version: ", VERSION_LIMIT).await?,
        "database_url": tenant.database_url(Role::Setup),
    });
    println!("{facts}");
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    match arguments.then {
        End::Return => Ok(ExitCode::SUCCESS),
        End::Panic => panic!("as the test asked"),
    }
}
