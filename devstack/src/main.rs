//! `cargo demo`, `cargo verify` and what they share.

mod commands;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use commands::{demo, hold, queries, verify};

/// A complete private stack: nats-server, Postgres, and the three processes.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the whole product here, with a sale open
    Demo(demo::Arguments),
    /// Runs every test: queries, Rust, web, browser
    Verify(verify::Arguments),
    /// Refreshes what the compiler knows of the SQL (.sqlx)
    Queries(queries::Arguments),
    /// Starts servers, says where they are, and waits for standard input to end; for tests of devstack
    #[command(hide = true)]
    Hold(hold::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("devstack: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Verify(arguments) => verify::run(arguments).await,
        Command::Queries(arguments) => queries::run(arguments).await,
        Command::Hold(arguments) => hold::run(arguments).await,
    }
}
