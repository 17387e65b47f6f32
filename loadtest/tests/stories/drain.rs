use anyhow::{Context, Result};
use serde_json::Value;

use crate::run::{INVALID, measure, measure_unread, measure_until, then_audited, then_refused};

const PURCHASES: u64 = 3_000;

fn figure(run: &Value, name: &str) -> Result<f64> {
    let figure = run[name].as_f64();
    figure.with_context(|| format!("no {name} in {run:#}"))
}

#[tokio::test]
async fn a_small_log_is_drained_with_ample_and_with_scarce_stock() -> Result<()> {
    let run = measure(&["drain", "--purchases", &PURCHASES.to_string()]).await?;
    assert_eq!(run.code, Some(0), "{run:?}");
    then_audited(&run);
    let (said, told) = (run.table, run.json);
    assert_eq!(told["scenario"], "drain");
    assert_eq!(told["valid"], true, "{told:#}");

    // Everybody has an order, or as many as there were units; and the log proves it.
    let runs = told["drain"].as_array().context("no runs")?;
    let [ample, scarce] = runs.as_slice() else {
        panic!("not two runs: {told:#}")
    };
    assert_eq!(ample["orders"], PURCHASES, "{told:#}");
    assert_eq!(scarce["orders"], 1_000, "{told:#}");
    for run in runs {
        assert_eq!(run["replay_agrees"], true, "{run:#}");
        // A rate and a time are of the same drain.
        let decided = figure(run, "decisions_per_s")? * figure(run, "drained_s")?;
        assert!((decided - PURCHASES as f64).abs() < 1.0, "{run:#}");
        for name in ["restart_s", "replay_s"] {
            assert!(figure(run, name)? > 0.0, "{name}: {run:#}");
        }
    }

    // The same rows were inserted plainly.
    let ratio = figure(ample, "orders_per_s")? / figure(ample, "insert_per_s")?;
    let difference = figure(ample, "orders_to_insert_ratio")? - ratio;
    assert!(difference.abs() < 1e-9, "{ample:#}");
    for line in [
        "3000 purchases, 1000 units",
        "grown, per winner",
        "no differences",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    Ok(())
}

#[tokio::test]
async fn a_measurement_that_is_interrupted_says_so_where_its_figures_would_be() -> Result<()> {
    let told = measure_until(&["drain"], "filling the log").await?;
    assert_eq!(told.code, Some(INVALID), "{told:?}");
    assert!(
        told.table.contains("INVALID: it was interrupted"),
        "{told:?}"
    );
    assert_eq!(told.json["scenario"], "drain", "{told:?}");
    assert_eq!(told.json["valid"], false, "{told:?}");
    assert_eq!(told.json["drain"], Value::Null, "{told:?}");
    Ok(())
}

#[tokio::test]
async fn the_figures_are_kept_when_nobody_reads_the_table() -> Result<()> {
    let told = measure_unread(&["drain", "--purchases", "10", "--stock", "3"]).await?;
    assert_eq!(told.code, Some(0), "{told:?}");
    assert_eq!(told.json["verdict"], "good", "{told:?}");
    assert!(!told.said.contains("panicked"), "{}", told.said);
    Ok(())
}

#[tokio::test]
async fn logs_that_mean_nothing_are_refused() -> Result<()> {
    let refused = [
        ("--purchases", "0"),
        ("--purchases", "10000000"),
        ("--stock", "0"),
        ("--stock", "many"),
    ];
    then_refused("drain", &refused).await
}
