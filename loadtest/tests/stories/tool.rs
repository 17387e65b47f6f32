//! The tool as a person runs it.

use std::path::PathBuf;
use std::process::Output;

use anyhow::{Context, Result};
use devstack::places::{Home, ScratchFolder};
use serde_json::Value;

use crate::ceiling::loadtest;

/// What came of a run, and the figures it wrote.
pub(crate) async fn run(arguments: &[&str]) -> Result<(Output, Value)> {
    let scratch = ScratchFolder::make(&Home::find()?.folder)?;
    let file: PathBuf = scratch.path().join("figures.json");
    let name = file.to_str().context("a path that is not text")?;
    let output = loadtest(&[arguments, &["--json", name]].concat())
        .output()
        .await?;
    let said = String::from_utf8_lossy(&output.stderr);
    let written = std::fs::read(&file).with_context(|| format!("no figures: {said}"))?;
    Ok((output, serde_json::from_slice(&written)?))
}

/// Every one of these options is refused by name, before anything is started.
pub(crate) async fn then_refused(scenario: &str, options: &[(&str, &str)]) -> Result<()> {
    for (name, value) in options {
        let output = loadtest(&[scenario, name, value]).output().await?;
        assert_eq!(output.status.code(), Some(2), "{name} {value}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(name), "{said}");
    }
    Ok(())
}
