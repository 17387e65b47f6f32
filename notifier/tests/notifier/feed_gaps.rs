//! Messages of the feed that never come: Postgres knows what they said.

use anyhow::{Context, Result};
use devstack::client::Event;
use devstack::{Live, Proxy, Role, Stack};
use futures_util::future::try_join_all;

use crate::shop::{Shop, count, counts, greeted};

/// Waiting tickets, and those that one connection waits for.
const TICKETS: usize = 300;
const PER_CONNECTION: usize = 60;

/// Small messages, several times what a subscription holds.
const FLOOD: usize = 30_000;

#[tokio::test]
async fn results_decided_while_the_feed_was_cut_off_are_read_at_once_for_all() -> Result<()> {
    // Given: a notifier behind a bad line to NATS, and a crowd that waits.
    let mut shop = Shop::with(Stack::builder(), 0).await?;
    let line = Proxy::before(&shop.stack.tenant().nats_url()).await?;
    shop.stack.set_env(Role::Notifier, "NATS_URL", line.url());
    shop.stack.add_notifier().await?;
    shop.stack.allocator(0).pause().await?;
    let tickets = shop.buy_all(TICKETS).await?;
    let mut crowd = watched(&shop, &tickets).await?;

    // When: the line breaks, and everything is decided before the notifier listens again.
    let mut resubscribing = line.catch(b"SUB decided.");
    line.cut_all();
    let resubscribing = resubscribing.next().await?;
    shop.stack.allocator(0).resume()?;
    shop.decided(&tickets).await?;
    resubscribing.pass();

    // Then: everybody is told, at the price of a query or two.
    all_told(&mut crowd, &tickets).await?;
    let notifier = shop.stack.notifier(0);
    assert!(count(notifier, "feed_gaps_total").await? >= 1.0);
    assert_eq!(count(notifier, "feed_heals_total").await?, TICKETS as f64);
    let queries = count(notifier, "feed_look_ups_total").await?;
    assert!(queries <= 3.0, "{queries} queries");
    shop.stack.stop().await
}

#[tokio::test]
async fn a_notifier_that_is_flooded_loses_messages_and_no_result() -> Result<()> {
    // Given: a crowd that waits, and a notifier that stands still.
    let shop = Shop::open().await?;
    shop.stack.allocator(0).pause().await?;
    let tickets = shop.buy_all(TICKETS).await?;
    let mut crowd = watched(&shop, &tickets).await?;
    let notifier = shop.stack.notifier(0);
    notifier.pause().await?;

    // When: more passes by than it can hold, and the decisions in the middle of it.
    flood(&shop).await?;
    shop.stack.allocator(0).resume()?;
    shop.decided(&tickets).await?;
    flood(&shop).await?;
    notifier.resume()?;

    // Then: it has lost some, and everybody is told.
    counts(notifier, "nats_dropped_messages_total", 1.0).await?;
    all_told(&mut crowd, &tickets).await?;
    shop.stack.stop().await
}

#[tokio::test]
async fn a_crowd_that_comes_back_later_costs_a_few_queries() -> Result<()> {
    // Given: decided tickets that a new notifier has never heard of, and a database that takes its time.
    let mut shop = Shop::with(Stack::builder(), 0).await?;
    let tickets = shop.buy_all(TICKETS).await?;
    shop.decided(&tickets).await?;
    let database = Proxy::before(&shop.stack.tenant().database_url(Role::Notifier)).await?;
    shop.stack
        .set_env(Role::Notifier, "DATABASE_URL", database.url());
    shop.stack.add_notifier().await?;
    let notifier = shop.stack.notifier(0);

    // When: everybody asks while the first is being looked up.
    let mut queries = database.catch(b"UNNEST($1::smallint[]");
    let mut crowd = ask(&shop, &tickets).await?;
    let first = queries.next().await?;
    counts(notifier, "notifier_watches", TICKETS as f64).await?;
    drop(queries);
    first.pass();

    // Then: the others share a query or two.
    all_told(&mut crowd, &tickets).await?;
    let queries = count(notifier, "feed_look_ups_total").await?;
    assert!(queries <= 5.0, "{queries} queries");
    shop.stack.stop().await
}

/// Connections that have asked for the tickets, some each.
async fn ask(shop: &Shop, tickets: &[String]) -> Result<Vec<Live>> {
    let url = shop.stack.notifier(0).live_url();
    let asking = tickets.chunks(PER_CONNECTION).map(async |some| {
        let mut live = greeted(&url).await?;
        let some: Vec<&str> = some.iter().map(String::as_str).collect();
        live.watch(&some).await?;
        anyhow::Ok(live)
    });
    try_join_all(asking).await
}

/// The same, and each was told that every ticket is queued.
async fn watched(shop: &Shop, tickets: &[String]) -> Result<Vec<Live>> {
    let mut crowd = ask(shop, tickets).await?;
    for (live, some) in crowd.iter_mut().zip(tickets.chunks(PER_CONNECTION)) {
        let mut queued: Vec<&String> = some.iter().collect();
        while !queued.is_empty() {
            if let Event::Ticket { ticket, state, .. } = live.next().await? {
                anyhow::ensure!(state == "queued", "{ticket} is {state}");
                queued.retain(|one| **one != ticket);
            }
        }
    }
    Ok(crowd)
}

/// Each connection is told what became of its tickets.
async fn all_told(crowd: &mut [Live], tickets: &[String]) -> Result<()> {
    for (live, some) in crowd.iter_mut().zip(tickets.chunks(PER_CONNECTION)) {
        let mut unknown: Vec<&String> = some.iter().collect();
        while !unknown.is_empty() {
            match live.next().await? {
                Event::Ticket { ticket, state, .. } if state != "queued" => {
                    unknown.retain(|one| **one != ticket);
                }
                Event::Closed(code) => anyhow::bail!("closed with {code:?}"),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Says on the feed what everybody knows, again and again.
async fn flood(shop: &Shop) -> Result<()> {
    let owner = shop.stack.tenant().nats(Role::Allocator).await?;
    for _ in 0..FLOOD {
        owner.publish("decided.00", "{\"v\":1}".into()).await?;
    }
    owner.flush().await.context("the flood is stuck")
}
