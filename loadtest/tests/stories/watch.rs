use std::path::PathBuf;

use anyhow::{Context, Result};
use devstack::places::{Home, ScratchFolder};
use serde_json::Value;

use crate::ceiling::loadtest;

const CONNECTIONS: u64 = 200;

/// Runs it with these arguments; gives the figures.
async fn told_by(arguments: &[&str]) -> Result<Value> {
    let scratch = ScratchFolder::make(&Home::find()?.folder)?;
    let file: PathBuf = scratch.path().join("watch.json");
    let connections = CONNECTIONS.to_string();
    let file_name = file.to_str().context("a path that is not text")?;
    let common = ["watch", "--connections", &connections, "--json", file_name];
    let output = loadtest(&[&common, arguments].concat()).output().await?;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", output.status);
    Ok(serde_json::from_slice(&std::fs::read(&file)?)?)
}

#[tokio::test]
async fn a_small_crowd_waits_and_hears_every_result_once() -> Result<()> {
    let told = told_by(&[]).await?;
    assert_eq!(told["scenario"], "watch");
    assert_eq!(told["valid"], true, "{told:#}");
    let watch = &told["watch"];
    for (name, count) in [
        ("connections", CONNECTIONS),
        ("won", CONNECTIONS / 2),
        ("missed", 0),
        ("duplicates", 0),
        ("broken", 0),
    ] {
        assert_eq!(watch[name], count, "{name}: {told:#}");
    }

    // A connection costs something, and a result takes its time: the figures were taken, not made up.
    let figure = |name: &str| watch.pointer(name).and_then(Value::as_f64);
    for name in ["/bytes_per_connection", "/commit_to_receive_ms/p50"] {
        assert!(figure(name).context("no figure")? > 0.0, "{name}: {told:#}");
    }
    let (p50, p99) = (
        figure("/commit_to_receive_ms/p50"),
        figure("/commit_to_receive_ms/p99"),
    );
    assert!(p50 <= p99, "{told:#}");
    Ok(())
}

#[tokio::test]
async fn a_burst_is_one_commit() -> Result<()> {
    let told = told_by(&["--burst"]).await?;
    assert_eq!(told["valid"], true, "{told:#}");
    assert_eq!(told["watch"]["largest_commit"], CONNECTIONS, "{told:#}");
    Ok(())
}

#[tokio::test]
async fn crowds_that_no_notifier_holds_are_refused() -> Result<()> {
    for connections in ["0", "19001", "many"] {
        let output = loadtest(&["watch", "--connections", connections])
            .output()
            .await?;
        assert_eq!(output.status.code(), Some(2), "{connections}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("--connections"), "{said}");
    }
    Ok(())
}
