//! Running the tool as a person does, and reading all it says.

use std::collections::BTreeMap;
use std::process::Stdio;

use anyhow::{Context, Result};
use devstack::places::{Home, ScratchFolder};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

/// A promise was broken.
pub(crate) const BROKEN: i32 = 1;

/// It could not begin.
pub(crate) const FAILED: i32 = 2;

/// The exit code of a run whose figures mean nothing.
pub(crate) const INVALID: i32 = 3;

/// What a run has said.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) code: Option<i32>,
    pub(crate) table: String,
    pub(crate) said: String,
    pub(crate) json: Value,
    pub(crate) csv: String,
    pub(crate) html: String,
}

impl Told {
    /// How many rows there are of each status.
    pub(crate) fn csv_statuses(&self) -> Result<BTreeMap<String, u64>> {
        let mut lines = self.csv.lines();
        let names = lines.next().context("an empty file")?.split(',');
        let column = names.into_iter().position(|name| name == "status");
        let column = column.context("no status")?;
        let mut statuses = BTreeMap::new();
        for line in lines {
            let status = line.split(',').nth(column).context("a short row")?;
            *statuses.entry(status.to_owned()).or_default() += 1;
        }
        Ok(statuses)
    }
}

/// The tool itself.
pub(crate) fn loadtest(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadtest"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Runs a crowd to its end with all its files.
pub(crate) async fn run(arguments: &[&str]) -> Result<Told> {
    run_until(arguments, "").await
}

/// Runs a crowd; interrupts it as soon as it says `interrupted_at`, unless that is empty.
pub(crate) async fn run_until(arguments: &[&str], interrupted_at: &str) -> Result<Told> {
    told(arguments, &["json", "csv", "html"], interrupted_at).await
}

/// Runs a measurement to its end; it has one file.
pub(crate) async fn measure(arguments: &[&str]) -> Result<Told> {
    measure_until(arguments, "").await
}

/// Runs a measurement; interrupts it as soon as it says `interrupted_at`, unless that is empty.
pub(crate) async fn measure_until(arguments: &[&str], interrupted_at: &str) -> Result<Told> {
    told(arguments, &["json"], interrupted_at).await
}

/// The same, to its end, while nobody reads the table any more.
pub(crate) async fn measure_unread(arguments: &[&str]) -> Result<Told> {
    let scratch = ScratchFolder::make(&Home::find()?.folder)?;
    let mut child = with_files(arguments, &["json"], &scratch).spawn()?;
    drop(child.stdout.take());
    ended(child, &scratch, "").await
}

async fn told(arguments: &[&str], files: &[&str], interrupted_at: &str) -> Result<Told> {
    let scratch = ScratchFolder::make(&Home::find()?.folder)?;
    let child = with_files(arguments, files, &scratch).spawn()?;
    ended(child, &scratch, interrupted_at).await
}

fn with_files(arguments: &[&str], files: &[&str], scratch: &ScratchFolder) -> Command {
    let mut command = loadtest(arguments);
    for name in files {
        let file = scratch.path().join(name);
        command.arg(format!("--{name}")).arg(file);
    }
    command
}

/// Reads all it says until its end.
async fn ended(mut child: Child, scratch: &ScratchFolder, interrupted_at: &str) -> Result<Told> {
    let table = tokio::spawn(all(child.stdout.take()));
    let mut said = String::new();
    let mut lines = BufReader::new(child.stderr.take().context("no errors")?).lines();
    while let Some(line) = lines.next_line().await? {
        if !interrupted_at.is_empty() && line.contains(interrupted_at) {
            interrupt(&child)?;
        }
        said += &line;
        said.push('\n');
    }
    let code = child.wait().await?.code();
    let read = |name| std::fs::read_to_string(scratch.path().join(name)).unwrap_or_default();
    Ok(Told {
        code,
        table: table.await??,
        said,
        json: serde_json::from_str(&read("json")).unwrap_or_default(),
        csv: read("csv"),
        html: read("html"),
    })
}

async fn all(output: Option<ChildStdout>) -> Result<String> {
    let mut table = String::new();
    if let Some(mut output) = output {
        output.read_to_string(&mut table).await?;
    }
    Ok(table)
}

fn interrupt(child: &Child) -> Result<()> {
    let id = rustix::process::Pid::from_raw(i32::try_from(child.id().context("gone")?)?);
    let id = id.context("no process")?;
    Ok(rustix::process::kill_process(
        id,
        rustix::process::Signal::INT,
    )?)
}

/// Every one of these options is refused by name, before anything is started.
pub(crate) async fn then_refused(scenario: &str, options: &[(&str, &str)]) -> Result<()> {
    for (name, value) in options {
        let output = loadtest(&[scenario, name, value]).output().await?;
        assert_eq!(output.status.code(), Some(FAILED), "{name} {value}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(name), "{said}");
    }
    Ok(())
}

/// The auditor has read the log and Postgres, and found nothing.
pub(crate) fn then_audited(told: &Told) {
    let audit = &told.json["audit"];
    for fault in [
        "oversold",
        "lost",
        "out_of_order",
        "contradictions",
        "phantom",
    ] {
        assert_eq!(audit[fault], 0, "{fault}: {:#}", told.json);
    }
    assert!(told.table.contains("audit: "), "{}", told.table);
}
