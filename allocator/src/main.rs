//! The allocator: log in, Postgres out, decided feed out; the only writer of orders.

use std::process::ExitCode;

use allocator::config::{Cli, Command};
use clap::Parser;

/// `replay --check` found differences; 1 is "could not find out", 2 is clap's "not understood".
const DIFFERS: u8 = 3;

#[global_allocator]
static HEAP: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Setup(config) => allocator::setup(config).await,
        Command::AdoptStream(config) => allocator::adopt_stream(config).await,
        Command::LiftHalt(config) => allocator::lift_halt(config).await,
        Command::Restored(config) => allocator::restored(config).await,
        Command::Serve(config) => allocator::serve(config).await,
        Command::Replay(config) => match allocator::replay(config).await {
            Ok(false) => return ExitCode::from(DIFFERS),
            checked => checked.map(|_| ()),
        },
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("allocator: {error:#}");
            ExitCode::FAILURE
        }
    }
}
