//! The ingress without a log, which `cargo loadtest ceiling` compares with the real one.

use clap::Parser;
use ingress::config::{Cli, Command};

#[global_allocator]
static HEAP: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Serve(config) => ingress::bare::serve(*config).await,
        Command::CreateOperator(_) | Command::OperatorToken(_) | Command::Openapi => {
            anyhow::bail!("it only serves")
        }
    }
}
