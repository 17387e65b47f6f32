//! Measures a stack under load, and judges it.
//!
//! | file | what it does |
//! |---|---|
//! | `config.rs` | what it can be told |
//! | `scenario/` | one file for each thing that is measured |
//! | `load.rs` | shoppers who buy as fast as they are answered |
//! | `shoppers.rs` | who they are, and what each sends |
//! | `client.rs` | one HTTP/1.1 connection, as cheap as can be |
//! | `cpu.rs` | what the processes burned meanwhile |
//! | `figures.rs` | medians and ratios |
//! | `report.rs` | the table, the JSON, and whether the run was as it should be |

mod client;
mod config;
mod cpu;
mod figures;
mod load;
mod report;
mod scenario;
mod shoppers;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::config::{Cli, Scenario};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("loadtest: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<ExitCode> {
    let Scenario::Ceiling(ceiling) = cli.scenario;
    let report = scenario::ceiling::run(&ceiling).await?;
    println!("{report}");
    if let Some(file) = &ceiling.json {
        std::fs::write(file, report.to_json()?)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(if report.is_valid() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
