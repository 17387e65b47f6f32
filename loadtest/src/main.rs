//! Measures a stack under load, and judges it.
//!
//! | file | what it does |
//! |---|---|
//! | `config.rs` | what it can be told |
//! | `scenario/` | one file for each thing that is measured |
//! | `target.rs` | what is loaded: a private stack, or one that runs |
//! | `arrivals.rs` | when shoppers come: a schedule that waits for nobody |
//! | `crowd/` | shoppers who come on schedule, and what they saw, judged |
//! | `load.rs` | shoppers who buy as fast as they are answered |
//! | `shoppers.rs`, `request.rs` | who they are, and what each sends |
//! | `client.rs`, `door.rs`, `socket.rs` | one HTTP/1.1 connection, as cheap as can be; many of them; a WebSocket |
//! | `crew.rs`, `watchers.rs` | a crowd of WebSockets, in processes of their own; what such a process does |
//! | `cpu.rs`, `memory.rs` | what the processes burned meanwhile, and what they hold |
//! | `run.rs` | what is known of a crowd's run |
//! | `wrk.rs` | somebody else's, to check ours against |
//! | `log.rs` | purchases written into the log past the ingress |
//! | `parts.rs` | what JetStream and Postgres do alone |
//! | `proof.rs` | the log decided once more |
//! | `room.rs` | whether there are files and ports for a crowd |
//! | `figures.rs` | medians and ratios |
//! | `report/` | the table, the files, the page, and whether the run was as it should be |

mod arrivals;
mod client;
mod config;
mod cpu;
mod crew;
mod crowd;
mod door;
mod figures;
mod load;
mod log;
mod memory;
mod parts;
mod proof;
mod report;
mod request;
mod room;
mod run;
mod scenario;
mod shoppers;
mod socket;
mod target;
mod watchers;
mod wrk;

use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::config::{Cli, Scenario};
use crate::report::{Files, Table};
use crate::run::{Run, Verdict};

/// A promise was broken, or a run of `ceiling` or `watch` was not as it should be.
const BROKEN: u8 = 1;

/// It could not begin, or not go on. clap says the same of arguments that it refuses.
const FAILED: u8 = 2;

/// The figures mean nothing: the load came late, or our client is not to be believed.
const INVALID: u8 = 3;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("loadtest: {error:#}");
            ExitCode::from(FAILED)
        }
    }
}

async fn run(cli: Cli) -> Result<ExitCode> {
    let is_valid = match cli.scenario {
        Scenario::Burst(burst) => return told(&burst.files, scenario::burst::run(&burst)).await,
        Scenario::SameShopper(same) => {
            return told(&same.files, scenario::same_shopper::run(&same)).await;
        }
        Scenario::Ramp(ramp) => return told(&ramp.files, scenario::ramp::run(&ramp)).await,
        Scenario::Overload(over) => return told(&over.files, scenario::overload::run(&over)).await,
        Scenario::Soak(soak) => return told(&soak.files, scenario::soak::run(&soak)).await,
        Scenario::MultiSale(sales) => {
            return told(&sales.files, scenario::multi_sale::run(&sales)).await;
        }
        Scenario::Ceiling(ceiling) => {
            let report = scenario::ceiling::run(&ceiling).await?;
            tell(&report, ceiling.json.as_deref(), || report.to_json())?;
            report.is_valid()
        }
        Scenario::Watch(watch) => {
            let report = scenario::watch::run(&watch).await?;
            tell(&report, watch.json.as_deref(), || report.to_json())?;
            report.is_valid()
        }
        Scenario::Drain(drain) => {
            let report = scenario::drain::run(&drain).await?;
            tell(&report, drain.json.as_deref(), || report.to_json())?;
            report.is_valid()
        }
        Scenario::Failover(failover) => {
            let report = scenario::failover::run(&failover).await?;
            tell(&report, failover.json.as_deref(), || report.to_json())?;
            report.is_valid()
        }
        Scenario::Calibrate(calibrate) => {
            let report = scenario::calibrate::run(&calibrate).await?;
            tell(&report, calibrate.json.as_deref(), || report.to_json())?;
            if report.is_valid() && !report.agrees() {
                return Ok(ExitCode::from(INVALID));
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
        ExitCode::from(BROKEN)
    })
}

/// Tells what a crowd's run has shown, everywhere it shall be told.
async fn told(files: &Files, run: impl Future<Output = Result<Run>>) -> Result<ExitCode> {
    files.check()?;
    let run = Box::pin(run).await?;
    println!("{}", Table(&run));
    files.write(&run)?;
    Ok(match run.verdict() {
        Verdict::Good => ExitCode::SUCCESS,
        Verdict::Broken => ExitCode::from(BROKEN),
        Verdict::Invalid => ExitCode::from(INVALID),
    })
}

/// Tells the figures of a measurement, in a file as well if there shall be one.
fn tell(
    report: &impl Display,
    file: Option<&Path>,
    json: impl FnOnce() -> Result<String>,
) -> Result<()> {
    println!("{report}");
    let Some(file) = file else { return Ok(()) };
    std::fs::write(file, json()?).with_context(|| format!("cannot write {}", file.display()))
}
