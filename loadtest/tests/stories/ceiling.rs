use anyhow::{Context, Result};
use serde_json::Value;

use crate::run::{measure, then_audited, then_refused};

const CONNECTIONS: u64 = 8;

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
    let connections = CONNECTIONS.to_string();
    let arguments = ["ceiling", "--seconds", "1", "--rounds", "1"];
    let run = measure(&[arguments.as_slice(), &["--connections", &connections]].concat()).await?;
    assert_eq!(run.code, Some(0), "{run:?}");
    then_audited(&run);
    let told = run.json;
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
    let refused = [
        ("--seconds", "0"),
        ("--seconds", "61"),
        ("--rounds", "0"),
        ("--connections", "0"),
        ("--connections", "many"),
    ];
    then_refused("ceiling", &refused).await
}
