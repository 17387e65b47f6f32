//! The ingress: HTTP in, log out.

use std::process::ExitCode;

use clap::Parser;
use ingress::config::{Cli, Command};

#[global_allocator]
static HEAP: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(config) => ingress::serve(*config).await,
        Command::CreateOperator(config) => ingress::create_operator(&config).await,
        Command::OperatorToken(config) => ingress::operator_token(&config),
        Command::Openapi => ingress::print_description(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ingress: {error:#}");
            ExitCode::FAILURE
        }
    }
}
