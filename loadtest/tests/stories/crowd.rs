//! A crowd from its first arrival to the auditor's word. Small, and on a machine that may be busy with other tests: how
//! long things took is told by a run, not asserted here.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::run::{INVALID, Told, run};

/// No promise was broken, and the figures mean something; but a busy machine may have sent late, which is the one
/// reason why they may not.
fn is_unbroken(told: &Told) -> bool {
    let reasons = told.json["invalid"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let is_late = |reason: &Value| {
        reason
            .as_str()
            .is_some_and(|why| why.contains("bottleneck"))
    };
    match told.code {
        Some(0) => reasons.is_empty(),
        Some(INVALID) => !reasons.is_empty() && reasons.iter().all(is_late),
        _ => false,
    }
}

fn count(told: &Value, pointer: &str) -> Result<u64> {
    let count = told.pointer(pointer).and_then(Value::as_u64);
    count.with_context(|| format!("no {pointer} in {told:#}"))
}

const FAULTS: [&str; 11] = [
    "oversold",
    "miscounted",
    "doubled",
    "lost",
    "unheard",
    "out_of_order",
    "won_after_sold_out",
    "turned_away",
    "contradictions",
    "phantom",
    "misdescribed",
];

/// Everything was judged, and nothing was wrong.
fn is_clean(told: &Value) -> Result<()> {
    for fault in FAULTS {
        assert_eq!(count(told, &format!("/audit/{fault}"))?, 0, "{told:#}");
    }
    assert_eq!(
        told["audit"]["not_judged"].as_array().map(Vec::len),
        Some(0)
    );
    Ok(())
}

#[tokio::test]
async fn a_burst_sells_what_there_is_and_says_so_everywhere() -> Result<()> {
    let told = run(&[
        "burst",
        "--shoppers",
        "300",
        "--within",
        "1",
        "--stock",
        "30",
    ])
    .await?;
    assert!(is_unbroken(&told), "{told:?}");
    let figures = &told.json;
    assert_eq!(figures["scenario"], "burst");
    assert_eq!(figures["seed"], 1);
    is_clean(figures)?;
    // Nobody was refused for good but those who found nothing left.
    let refused: u64 = told.csv_statuses()?.values().sum();
    let accepted = count(figures, "/statuses/202")?;
    assert!(accepted >= 30, "{figures:#}");
    assert_eq!(
        told.csv_statuses()?.get("409").copied().unwrap_or(0),
        refused
    );
    assert_eq!(accepted + refused, 300, "{figures:#}");
    assert!(told.html.starts_with("<!doctype html>"));
    assert!(told.table.contains("burst"), "{}", told.table);
    Ok(())
}

#[tokio::test]
async fn who_hammers_gets_what_they_may_have() -> Result<()> {
    let told = run(&["same-shopper", "--rate", "100", "--lasts", "1"]).await?;
    assert!(is_unbroken(&told), "{told:?}");
    is_clean(&told.json)?;
    assert!(count(&told.json, "/statuses/429")? > 0, "{:#}", told.json);
    let claims = told.json["claims"].as_array().context("no claims")?;
    assert!(
        claims.iter().any(|claim| claim["measured"] == "2"),
        "{claims:?}"
    );
    Ok(())
}

#[tokio::test]
async fn an_overload_sends_people_away_and_lets_them_in_later() -> Result<()> {
    let drain = ["--drain", "40", "--spike-lasts", "3", "--after-lasts", "1"];
    let told = run(&[&["overload"], drain.as_slice()].concat()).await?;
    let figures = &told.json;
    is_clean(figures)?;
    // More came than may queue: some were sent away, with a time, and everybody has a unit in the end.
    let refusals = count(figures, "/retry_after/refusals")?;
    assert!(refusals > 0, "{figures:#}");
    assert_eq!(
        count(figures, "/statuses/202")?,
        count(figures, "/offered")?
    );
    assert_eq!(count(figures, "/orders")?, count(figures, "/offered")?);
    assert_eq!(
        told.csv_statuses()?["503"],
        count(figures, "/statuses/503")?
    );
    // What it is held to, is told; how this machine does now is not the point.
    let claims = figures["claims"].as_array().context("no claims")?;
    assert_eq!(claims.len(), 3, "{claims:?}");
    Ok(())
}

#[tokio::test]
async fn many_sales_are_judged_together() -> Result<()> {
    let told = run(&[
        "multi-sale",
        "--sales",
        "6",
        "--rate",
        "120",
        "--lasts",
        "1",
    ])
    .await?;
    assert!(is_unbroken(&told), "{told:?}");
    is_clean(&told.json)
}

#[tokio::test]
async fn a_ramp_goes_up_and_down() -> Result<()> {
    let told = run(&[
        "ramp",
        "--rates",
        "60,0",
        "--stage",
        "1",
        "--sockets",
        "100",
    ])
    .await?;
    assert!(is_unbroken(&told), "{told:?}");
    is_clean(&told.json)?;
    assert_eq!(
        told.json["statuses"].as_object().map(|all| all.len()),
        Some(1)
    );
    Ok(())
}

#[tokio::test]
async fn a_soak_tells_what_every_process_holds() -> Result<()> {
    let told = run(&[
        "soak",
        "--minutes",
        "0.05",
        "--rate",
        "50",
        "--sockets",
        "0",
    ])
    .await?;
    assert!(is_unbroken(&told), "{told:?}");
    is_clean(&told.json)?;
    for process in ["ingress", "allocator", "notifier"] {
        assert!(told.html.contains(process), "no memory of the {process}");
    }
    Ok(())
}
