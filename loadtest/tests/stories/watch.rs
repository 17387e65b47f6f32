use anyhow::{Context, Result};
use serde_json::Value;

use crate::run::{FAILED, INVALID, Told, loadtest, measure, then_audited, then_refused};

const CONNECTIONS: u64 = 200;

/// Runs it with these arguments, well.
async fn told_by(arguments: &[&str]) -> Result<Told> {
    let connections = CONNECTIONS.to_string();
    let common = ["watch", "--connections", &connections];
    let told = measure(&[&common, arguments].concat()).await?;
    assert_eq!(told.code, Some(0), "{told:?}");
    then_audited(&told);
    Ok(told)
}

#[tokio::test]
async fn a_small_crowd_waits_and_hears_every_result_once() -> Result<()> {
    let told = told_by(&[]).await?.json;
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

    // The auditor was told what everybody heard.
    assert_eq!(told["audit"]["won"], CONNECTIONS / 2, "{told:#}");
    assert_eq!(told["audit"]["lost_by"]["sold-out"], CONNECTIONS / 2);

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
    let connections = CONNECTIONS.to_string();
    let told = measure(&["watch", "--connections", &connections, "--burst"]).await?;
    then_audited(&told);
    let commits = &told.json["watch"]["commits"];
    assert_eq!(told.json["watch"]["missed"], 0, "{told:?}");
    // How many records a group begins with is the machine's; that it was one commit is what is claimed.
    let is_one = told.json["watch"]["largest_commit"] == CONNECTIONS;
    assert_eq!(is_one, commits == 1, "{told:?}");
    assert_eq!(
        told.code,
        Some(if is_one { 0 } else { INVALID }),
        "{told:?}"
    );
    assert_eq!(told.json["valid"], is_one, "{told:?}");
    Ok(())
}

#[tokio::test]
async fn crowds_that_no_notifier_holds_are_refused() -> Result<()> {
    let refused = ["0", "19001", "many"].map(|count| ("--connections", count));
    then_refused("watch", &refused).await
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_told_before_anything_is_measured() -> Result<()> {
    for scenario in ["ceiling", "watch", "drain", "failover", "calibrate"] {
        let command = &[scenario, "--json", "/nowhere/figures.json"];
        let output = loadtest(command).output().await?;
        assert_eq!(output.status.code(), Some(FAILED), "{scenario}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("/nowhere/figures.json"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    Ok(())
}
