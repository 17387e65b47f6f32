//! Running the tool as a person does, and reading all it says.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use devstack::places::{Home, ScratchFolder};
use serde_json::Value;

use crate::ceiling::loadtest;

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

/// Runs it to its end with all its files.
pub(crate) async fn run(arguments: &[&str]) -> Result<Told> {
    run_until(arguments, "").await
}

/// Runs it; interrupts it as soon as it says `interrupted_at`, unless that is empty.
pub(crate) async fn run_until(arguments: &[&str], interrupted_at: &str) -> Result<Told> {
    use std::process::Stdio;
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

    let scratch = ScratchFolder::make(&Home::find()?.folder)?;
    let file = |name: &str| scratch.path().join(name);
    let mut command = loadtest(arguments);
    for name in ["json", "csv", "html"] {
        command.arg(format!("--{name}")).arg(file(name));
    }
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (mut out, err) = (
        child.stdout.take().context("no output")?,
        child.stderr.take(),
    );
    let table = tokio::spawn(async move {
        let mut table = String::new();
        out.read_to_string(&mut table).await.map(|_| table)
    });
    let (mut said, mut lines) = (
        String::new(),
        BufReader::new(err.context("no errors")?).lines(),
    );
    while let Some(line) = lines.next_line().await? {
        if !interrupted_at.is_empty() && line.contains(interrupted_at) {
            let id = rustix::process::Pid::from_raw(i32::try_from(child.id().context("gone")?)?);
            rustix::process::kill_process(id.context("no process")?, rustix::process::Signal::INT)?;
        }
        said += &line;
        said.push('\n');
    }
    let code = child.wait().await?.code();
    let read = |name: &str| std::fs::read_to_string(file(name)).unwrap_or_default();
    Ok(Told {
        code,
        table: table.await??,
        said,
        json: serde_json::from_str(&read("json")).unwrap_or_default(),
        csv: read("csv"),
        html: read("html"),
    })
}
