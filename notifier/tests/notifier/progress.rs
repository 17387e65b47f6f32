//! What is told while the queue moves, and how often.

use std::cell::Cell;
use std::time::Duration;

use anyhow::{Result, ensure};
use devstack::Live;
use devstack::client::Event;
use tokio::time::{Instant, interval};

use crate::owner::{Owner, STOCK};

/// Far oftener than anything is told.
const DECIDE_EVERY: Duration = Duration::from_millis(10);

/// Where the waiting ticket stands in the log.
const FAR: u64 = 5_000;

#[tokio::test]
async fn a_waiting_shopper_hears_of_the_queue_at_most_once_a_second() -> Result<()> {
    let owner = Owner::begin().await?;
    let mut live = owner.live().await?;
    let ticket = owner.ticket(FAR)?;
    let decided = Cell::new(1);
    owner.decide(0, 1).await?;
    let first = owner.ticket(1)?;
    live.watch(&[&first]).await?;
    live.result_of(&first).await?;

    // When: the queue moves without a pause, until the place was told five times.
    let asked_at = Instant::now();
    live.watch(&[&ticket]).await?;
    let told = tokio::select! {
        told = places(&mut live, 5) => told?,
        stopped = decide_on(&owner, &decided) => anyhow::bail!("{stopped:?}"),
    };

    // Then: it was told once a second at most, and each time there were fewer ahead.
    assert!(
        told.len() as u64 - 1 <= asked_at.elapsed().as_secs(),
        "{told:?}"
    );
    for (earlier, later) in told.iter().zip(&told[1..]) {
        assert!(later.0 < earlier.0 && later.1 < earlier.1, "{told:?}");
    }
    // And: the last word follows at once.
    owner.decide(decided.get(), decided.get() + 1).await?;
    owner.decide(decided.get() + 1, FAR).await?;
    let Event::Ticket { state, .. } = live.result_of(&ticket).await? else {
        anyhow::bail!("no result")
    };
    assert_eq!(state, "won");
    owner.stack.stop().await
}

#[tokio::test]
async fn a_sale_is_told_five_times_a_second_at_most_and_how_it_ends() -> Result<()> {
    let owner = Owner::begin().await?;
    let mut live = owner.live().await?;
    let decided = Cell::new(1);
    owner.decide(0, 1).await?;

    // When: it changes a hundred times a second, until it was told fifteen times.
    let asked_at = Instant::now();
    live.watch_sales(&[&owner.sale()]).await?;
    let told = tokio::select! {
        told = stock_left(&mut live, 15) => told?,
        stopped = decide_on(&owner, &decided) => anyhow::bail!("{stopped:?}"),
    };

    // Then: at once, at the first change, and five times a second.
    let elapsed_ms = asked_at.elapsed().as_millis();
    assert!(
        (told.len() as u128 - 2) * 200 <= elapsed_ms,
        "{elapsed_ms} ms: {told:?}"
    );
    // And: the last state is told, whatever was skipped.
    let last = decided.get() + 2;
    owner.decide(last - 2, last - 1).await?;
    owner.decide(last - 1, last).await?;
    while stock_left(&mut live, 1).await? != [u64::from(STOCK) - last] {}
    owner.stack.stop().await
}

/// Decides one record after the other.
async fn decide_on(owner: &Owner, decided: &Cell<u64>) -> Result<()> {
    let mut ticks = interval(DECIDE_EVERY);
    loop {
        ticks.tick().await;
        owner.decide(decided.get(), decided.get() + 1).await?;
        decided.set(decided.get() + 1);
    }
}

/// The next so many places in the queue that are told, with their waits.
async fn places(live: &mut Live, count: usize) -> Result<Vec<(u64, u64)>> {
    let mut told = Vec::new();
    while told.len() < count {
        let event = live.next().await?;
        let Event::Ticket {
            ahead: Some(ahead),
            wait_ms: Some(wait_ms),
            ..
        } = event
        else {
            anyhow::bail!("{event:?}")
        };
        told.push((ahead, wait_ms));
    }
    Ok(told)
}

async fn stock_left(live: &mut Live, count: usize) -> Result<Vec<u64>> {
    let mut told = Vec::new();
    while told.len() < count {
        let event = live.next().await?;
        let Event::Sale { remaining, .. } = event else {
            anyhow::bail!("{event:?}")
        };
        ensure!(
            told.last().is_none_or(|last| remaining < *last),
            "{remaining} after {told:?}"
        );
        told.push(remaining);
    }
    Ok(told)
}
