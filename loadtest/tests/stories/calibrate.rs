use anyhow::{Context, Result};
use devstack::install::is_on_path;
use devstack::places::{Home, ScratchFolder};

use crate::run::{FAILED, INVALID, loadtest, measure, then_refused};

const SETTINGS: [&str; 6] = ["--connections", "8", "--seconds", "1", "--rounds", "1"];

#[tokio::test]
async fn two_clients_are_compared_by_purchases_and_by_reads() -> Result<()> {
    if !is_on_path("wrk") {
        // `cargo verify` says so where people see it.
        eprintln!("left out: wrk is not installed");
        return Ok(());
    }
    let run = measure(&[&["calibrate"], SETTINGS.as_slice()].concat()).await?;
    let (said, told) = (run.table, run.json);
    assert_eq!(told["scenario"], "calibrate");
    assert!(told["audit"].is_null(), "nothing is sold: {told:#}");

    // Whether they agree on this machine, now and in this build, is not the point; that it is told by figures is.
    let mut differ = false;
    for what in ["purchases", "reads"] {
        let figures = &told["calibrate"][what];
        let figure = |name: &str| figures[name].as_f64();
        let ours = figure("ours_per_s").context("no rate of ours")?;
        let wrks = figure("wrk_per_s").context("no rate of wrk's")?;
        let ratio = figure("ratio").context("no ratio")?;
        assert!(ours > 0.0 && wrks > 0.0, "{told:#}");
        assert!((ratio - ours / wrks).abs() < 1e-9, "{told:#}");
        differ |= (ratio - 1.0).abs() > 0.15;
    }
    assert_eq!(told["agrees"], !differ, "{told:#}");
    assert_eq!(told["valid"], !differ, "{told:#}");
    let code = if differ { INVALID } else { 0 };
    assert_eq!(run.code, Some(code), "{said}");
    assert_eq!(said.contains("DIFFER"), differ, "{said}");
    Ok(())
}

#[tokio::test]
async fn without_wrk_it_is_said_how_to_install_it() -> Result<()> {
    let empty = ScratchFolder::make(&Home::find()?.folder)?;
    let mut command = loadtest(&["calibrate"]);
    let output = command.env("PATH", empty.path()).output().await?;
    assert_eq!(output.status.code(), Some(FAILED));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("apt install wrk"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    Ok(())
}

#[tokio::test]
async fn comparisons_that_mean_nothing_are_refused() -> Result<()> {
    let refused = [
        ("--connections", "0"),
        ("--connections", "8001"),
        ("--seconds", "0"),
        ("--rounds", "none"),
    ];
    then_refused("calibrate", &refused).await
}
