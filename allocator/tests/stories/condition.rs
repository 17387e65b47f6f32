//! What an allocator says while it cannot decide, and what it does not do meanwhile.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use devstack::{Role, Servers, until};
use futures_util::StreamExt;
use sale::{Moment, Partition, SaleId};
use serde_json::Value;

use crate::shop::{SOON, stack};
use crate::spread::spread;
use crate::witness::{Writer, all_contiguous, decided, epochs, metric, unready};

/// Far below the 15 s for which a starting process waits for NATS.
const STOPPED_WITHIN: Duration = Duration::from_secs(5);

#[tokio::test]
async fn jetstream_away_for_a_while_costs_no_epoch_and_no_decision() -> Result<()> {
    // Given: two owners at work.
    let servers = Servers::own().await?;
    let stack = stack()
        .ingress(0)
        .allocators(2)
        .partitions(2)
        .on(&servers)
        .start()
        .await?;
    let both = [0, 1].map(|index| stack.allocator(index));
    spread(&both, &[1, 1]).await?;
    let writer = Writer::of(&stack).await?;
    decided(
        stack.pool(),
        &[writer.write(0).await?, writer.write(1).await?],
    )
    .await?;
    let before = epochs(stack.pool()).await?;
    let takeovers = async || {
        let [first, second] = both.map(|process| metric(process, "allocator_takeovers_total"));
        anyhow::Ok([first.await?, second.await?])
    };
    let taken_over = takeovers().await?;

    // When: nats-server goes away, until both say so and have noticed at their logs.
    servers.nats()?.kill().await?;
    for process in both {
        until("an unready allocator", SOON, async || {
            unready(process, "jetstream").await
        })
        .await?;
        let named = until("a named partition", SOON, async || {
            unready(process, "partitions").await
        });
        let named = named.await?;
        assert!(named.contains("(log)"), "{named}");
    }
    servers.nats()?.restart().await?;

    // Then: both go on with what they have in memory, and nobody took anything over.
    let writer = Writer::of(&stack).await?;
    decided(
        stack.pool(),
        &[writer.write(0).await?, writer.write(1).await?],
    )
    .await?;
    assert_eq!(epochs(stack.pool()).await?, before);
    for process in both {
        process.ready().await?;
    }
    assert_eq!(takeovers().await?, taken_over);
    assert!(all_contiguous(stack.pool()).await?);
    stack.stop().await
}

#[tokio::test]
async fn postgres_away_is_said_and_then_over() -> Result<()> {
    // Given: an owner at work.
    let servers = Servers::own().await?;
    let stack = stack().ingress(0).on(&servers).start().await?;
    let (writer, allocator) = (Writer::of(&stack).await?, stack.allocator(0));
    decided(stack.pool(), &[writer.write(0).await?]).await?;

    // When: Postgres is killed. Then: the allocator says so, and that its partition waits for it.
    servers.postgres()?.kill().await?;
    until("an unready allocator", SOON, async || {
        unready(allocator, "postgres").await
    })
    .await?;
    let named = until("a named partition", SOON, async || {
        unready(allocator, "partitions").await
    });
    let named = named.await?;
    assert!(named.contains("partition 00 (postgres)"), "{named}");
    let in_doubt = "allocator_in_doubt_total{why=\"connection\"}";
    assert_eq!(metric(allocator, in_doubt).await?, 1);

    // When: it is back. Then: so is the allocator.
    let last = writer.write(0).await?;
    servers.postgres()?.restart().await?;
    decided(stack.pool(), &[last]).await?;
    allocator.ready().await?;
    assert!(all_contiguous(stack.pool()).await?);
    stack.stop().await
}

#[tokio::test]
async fn a_stopped_partition_stays_shut_however_many_old_allocators_try_it() -> Result<()> {
    // Given: two old allocators, and somebody who listens to the feed.
    let stack = stack().ingress(0).allocators(2).start().await?;
    let writer = Writer::of(&stack).await?;
    decided(stack.pool(), &[writer.write(0).await?]).await?;
    let listener = stack.tenant().nats(Role::Ingress).await?;
    let mut feed = listener.subscribe("decided.00").await?;
    listener.flush().await?;

    // When: a record comes that neither can read.
    let sale = SaleId::new(Partition::try_from(0)?, Moment::from_unix_ms(1), 7);
    let seq = writer.put(sale, b"{\"v\":2}".to_vec()).await?;

    // Then: from the first message that says so, every message does, whoever holds the partition.
    let mut epochs_told: Vec<u64> = Vec::new();
    let listening = async {
        // Both stop, then one holds it without trying again: three grants.
        while epochs_told.len() < 3 {
            let message = feed.next().await;
            let told: Value = serde_json::from_slice(&message.context("no feed")?.payload)?;
            let epoch = told["epoch"].as_u64().context("no epoch")?;
            match told["halted"].as_str() {
                Some(why) => ensure!(why.contains(&format!("record {seq}")), "{why}"),
                None => ensure!(epochs_told.is_empty(), "the gate opened in epoch {epoch}"),
            }
            if told["halted"].is_string() && epochs_told.last() != Some(&epoch) {
                epochs_told.push(epoch);
            }
        }
        Ok(())
    };
    tokio::time::timeout(SOON, listening)
        .await
        .context("nobody held it")??;
    let stops = "stopped before a record it must not decide";
    for process in [0, 1].map(|index| stack.allocator(index)) {
        ensure!(process.log_contains(stops), "one of them did not try");
        let named = unready(process, "partitions").await?;
        if let Some(named) = named {
            assert!(named.contains("partition 00 (stopped)"), "{named}");
        }
    }
    stack.stop().await
}

#[tokio::test]
async fn an_allocator_that_waits_for_nats_can_be_told_to_stop() -> Result<()> {
    let servers = Servers::own().await?;
    let stack = stack().ingress(0).on(&servers).start().await?;
    let allocator = stack.allocator(0);
    allocator.terminate().await?;
    servers.nats()?.stop().await?;

    allocator.spawn()?;
    allocator.wait_for_log("waiting for NATS", SOON).await?;
    allocator.ask_to_stop()?;
    let status = allocator.wait_for_end(STOPPED_WITHIN).await?;
    ensure!(status.success(), "it ended with {status}");
    Ok(())
}
