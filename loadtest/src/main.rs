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
//! | `books.rs` | what Postgres and the log hold of a measurement's sales, and what the auditor says of it |
//! | `proof.rs` | the log decided once more |
//! | `room.rs` | whether there are files and ports for a crowd |
//! | `figures.rs` | medians and ratios |
//! | `report/` | the table, the files, the page, and whether the run was as it should be |

mod arrivals;
mod books;
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
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::config::{Cli, Scenario};
use crate::report::{Files, Interrupted, JsonFile, Measurement, Table};
use crate::run::{Run, Verdict};

/// A promise was broken.
const BROKEN: u8 = 1;

/// It could not begin, or not go on. clap says the same of arguments that it refuses.
const FAILED: u8 = 2;

/// The figures mean nothing: the load came late, answers were odd, or our client is not to be believed.
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
    use crate::scenario::*;
    let verdict = match cli.scenario {
        Scenario::Burst(burst) => crowd(&burst.files, burst::run(&burst)).await,
        Scenario::SameShopper(same) => crowd(&same.files, same_shopper::run(&same)).await,
        Scenario::Ramp(ramp) => crowd(&ramp.files, ramp::run(&ramp)).await,
        Scenario::Overload(over) => crowd(&over.files, overload::run(&over)).await,
        Scenario::Soak(soak) => crowd(&soak.files, soak::run(&soak)).await,
        Scenario::MultiSale(sales) => crowd(&sales.files, multi_sale::run(&sales)).await,
        Scenario::Ceiling(ceiling) => measured(&ceiling.file, ceiling::run(&ceiling)).await,
        Scenario::Watch(watch) => measured(&watch.file, watch::run(&watch)).await,
        Scenario::Drain(drain) => measured(&drain.file, drain::run(&drain)).await,
        Scenario::Failover(kills) => measured(&kills.file, failover::run(&kills)).await,
        Scenario::Calibrate(both) => measured(&both.file, calibrate::run(&both)).await,
        Scenario::Watchers => watchers::work().await.map(|()| Verdict::Good),
    };
    Ok(ExitCode::from(code(verdict?)))
}

fn code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Good => 0,
        Verdict::Broken => BROKEN,
        Verdict::Invalid => INVALID,
    }
}

/// Runs a crowd, and tells what it has shown everywhere it shall be told.
async fn crowd(files: &Files, run: impl Future<Output = Result<Run>>) -> Result<Verdict> {
    files.check()?;
    let run = Box::pin(run).await?;
    let written = files.write(&run);
    print(&Table(&run))?;
    written?;
    Ok(run.verdict())
}

/// The same of a measurement, which has no figures before its end.
async fn measured<M: Measurement>(
    file: &JsonFile,
    run: impl Future<Output = Result<M>>,
) -> Result<Verdict> {
    file.check()?;
    let mut run = Box::pin(run);
    tokio::select! {
        report = &mut run => tell(file, &report?),
        pressed = tokio::signal::ctrl_c() => {
            pressed?;
            let verdict = tell(file, &Interrupted::<M>::default())?;
            // Who ends what a private stack has started is the reaper, as after any other death.
            std::process::exit(code(verdict).into())
        }
    }
}

fn tell(file: &JsonFile, report: &impl Measurement) -> Result<Verdict> {
    let written = file.write(report);
    print(report)?;
    written?;
    Ok(report.judgement().verdict())
}

/// To the standard output. That nobody reads it any more is no fault of the run.
fn print(table: &impl Display) -> Result<()> {
    let mut to = std::io::stdout().lock();
    match writeln!(to, "{table}").and_then(|()| to.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("cannot write the table")
        }
        _ => Ok(()),
    }
}
