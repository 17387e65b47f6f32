use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result};
use devstack::places::{Home, ScratchFolder};
use serde_json::Value;
use tokio::process::Command;

const CONNECTIONS: u64 = 8;

pub(crate) fn loadtest(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadtest"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

fn count(told: &Value, name: &str) -> Result<u64> {
    let count = told.pointer(name).and_then(Value::as_u64);
    count.with_context(|| format!("no {name} in {told:#}"))
}

fn figure(told: &Value, name: &str) -> Result<f64> {
    let figure = told["ceiling"][name].as_f64();
    figure.with_context(|| format!("no {name} in {told:#}"))
}

#[tokio::test]
async fn a_small_ceiling_counts_every_answer_and_every_order() -> Result<()> {
    let scratch = ScratchFolder::make(&Home::find()?.folder)?;
    let file: PathBuf = scratch.path().join("ceiling.json");
    let connections = CONNECTIONS.to_string();
    let file_name = file.to_str().context("a path that is not text")?;
    let arguments = ["ceiling", "--seconds", "1", "--rounds", "1"];
    let more = ["--connections", &connections, "--json", file_name];

    let output = loadtest(&[arguments.as_slice(), &more].concat())
        .output()
        .await?;

    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", output.status);
    let told: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
    assert_eq!(told["scenario"], "ceiling");
    assert_eq!(told["valid"], true, "{told:#}");

    // Everybody was answered, and only as they should have been.
    for (stage, status) in [("bare", "202"), ("durable", "202"), ("sold_out", "409")] {
        let statuses = told["stages"][stage]["statuses"].as_object();
        let statuses = statuses.with_context(|| format!("no {stage} in {told:#}"))?;
        assert_eq!(statuses.keys().collect::<Vec<_>>(), [status], "{stage}");
        assert!(count(&told, &format!("/stages/{stage}/statuses/{status}"))? >= CONNECTIONS);
    }

    // The ingress without a log made no orders, the real one an order of each.
    let durable = count(&told, "/stages/durable/statuses/202")?;
    assert_eq!(count(&told, "/accepted")?, durable);
    assert_eq!(count(&told, "/orders")?, durable);

    // The figures are those of one run.
    let bare = figure(&told, "bare_202_per_s")?;
    for (ratio, rate) in [
        ("durable_ratio", "durable_202_per_s"),
        ("orders_ratio", "orders_per_s"),
        ("sold_out_ratio", "sold_out_per_s"),
        ("publish_ratio", "publish_per_s"),
        ("insert_ratio", "insert_per_s"),
    ] {
        assert!(figure(&told, rate)? > 0.0, "{rate}: {told:#}");
        let difference = figure(&told, ratio)? - figure(&told, rate)? / bare;
        assert!(difference.abs() < 1e-9, "{ratio}: {told:#}");
    }
    Ok(())
}

#[tokio::test]
async fn settings_that_mean_nothing_are_refused() -> Result<()> {
    for (name, value) in [
        ("--seconds", "0"),
        ("--seconds", "61"),
        ("--rounds", "0"),
        ("--connections", "0"),
        ("--connections", "many"),
    ] {
        let output = loadtest(&["ceiling", name, value]).output().await?;
        assert_eq!(output.status.code(), Some(2), "{name} {value}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(name), "{said}");
    }
    Ok(())
}
