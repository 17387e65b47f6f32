//! Measures a stack under load, and judges it.
//!
//! | file | what it does |
//! |---|---|
//! | `config.rs` | what it can be told |
//! | `scenario/` | one file for each thing that is measured |
//! | `load.rs` | shoppers who buy as fast as they are answered |
//! | `shoppers.rs` | who they are, and what each sends |
//! | `crew.rs` | a crowd of watchers, in processes of their own |
//! | `watchers.rs` | what such a process does: WebSockets that wait for results |
//! | `client.rs` | one HTTP/1.1 connection, as cheap as can be |
//! | `wrk.rs` | somebody else's, to check ours against |
//! | `log.rs` | purchases written into the log past the ingress |
//! | `parts.rs` | what JetStream and Postgres do alone |
//! | `proof.rs` | the log decided once more |
//! | `room.rs` | whether there are files and ports for a crowd |
//! | `cpu.rs` | what the processes burned meanwhile |
//! | `memory.rs` | what a process holds in memory |
//! | `figures.rs` | medians and ratios |
//! | `report.rs` | the table, the JSON, and whether the run was as it should be |

mod client;
mod config;
mod cpu;
mod crew;
mod figures;
mod load;
mod log;
mod memory;
mod parts;
mod proof;
mod report;
mod room;
mod scenario;
mod shoppers;
mod watchers;
mod wrk;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::config::{Cli, Scenario};

/// What `calibrate` ends with when our client is not to be believed.
const CLIENTS_DIFFER: u8 = 3;

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
    let is_valid = match cli.scenario {
        Scenario::Ceiling(ceiling) => {
            let report = scenario::ceiling::run(&ceiling).await?;
            println!("{report}");
            write(ceiling.json.as_deref(), || report.to_json())?;
            report.is_valid()
        }
        Scenario::Watch(watch) => {
            let report = scenario::watch::run(&watch).await?;
            println!("{report}");
            write(watch.json.as_deref(), || report.to_json())?;
            report.is_valid()
        }
        Scenario::Drain(drain) => {
            let report = scenario::drain::run(&drain).await?;
            println!("{report}");
            write(drain.json.as_deref(), || report.to_json())?;
            report.is_valid()
        }
        Scenario::Failover(failover) => {
            let report = scenario::failover::run(&failover).await?;
            println!("{report}");
            write(failover.json.as_deref(), || report.to_json())?;
            report.is_valid()
        }
        Scenario::Calibrate(calibrate) => {
            let report = scenario::calibrate::run(&calibrate).await?;
            println!("{report}");
            write(calibrate.json.as_deref(), || report.to_json())?;
            if report.is_valid() && !report.agrees() {
                return Ok(ExitCode::from(CLIENTS_DIFFER));
            }
            report.is_valid()
        }
        Scenario::Watchers => {
            watchers::work().await?;
            true
        }
    };
    Ok(if is_valid {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn write(file: Option<&Path>, json: impl FnOnce() -> Result<String>) -> Result<()> {
    let Some(file) = file else { return Ok(()) };
    std::fs::write(file, json()?).with_context(|| format!("cannot write {}", file.display()))
}
