//! The notifier: decided feed in, WebSocket out; decides nothing, stores nothing.

use std::process::ExitCode;

use clap::Parser;
use notifier::config::{Cli, Command};

#[global_allocator]
static HEAP: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let Command::Serve(config) = Cli::parse().command;
    match notifier::serve(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("notifier: {error:#}");
            ExitCode::FAILURE
        }
    }
}
