use anyhow::{Context, Result};

use crate::run::{measure, then_audited, then_refused};

#[tokio::test]
async fn a_killed_owner_is_followed_and_nothing_is_lost() -> Result<()> {
    let run = measure(&["failover", "--kills", "1"]).await?;
    assert_eq!(run.code, Some(0), "{run:?}");
    then_audited(&run);
    let told = run.json;
    assert_eq!(told["scenario"], "failover");
    assert_eq!(told["valid"], true, "{told:#}");
    assert_eq!(told["failover"]["kills"], 1);
    assert_eq!(told["replay_agrees"], true);

    // The load went on while nobody decided, and everybody has an order.
    let count = |name: &str| told[name].as_u64();
    let purchases = count("purchases").context("no purchases")?;
    assert!(purchases > 1, "{told:#}");
    assert_eq!(count("orders"), Some(purchases), "{told:#}");

    // The standby waits for the end of a lease: nothing decides at once.
    let took = &told["failover"]["kill_to_decision_ms"];
    assert!(took["p50"].as_f64().context("no time")? > 0.0, "{told:#}");
    assert_eq!((&took["min"], &took["p99"]), (&took["max"], &took["max"]));
    Ok(())
}

#[tokio::test]
async fn kills_that_mean_nothing_are_refused() -> Result<()> {
    let refused = [("--kills", "0"), ("--kills", "1000"), ("--kills", "all")];
    then_refused("failover", &refused).await
}
