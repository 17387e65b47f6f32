//! Section 8: any number of replicas share the partitions, evenly, with one owner each, and none idle.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use async_nats::jetstream;
use devstack::{Http, Process, Role, Servers, Stack, until};
use sale::subject::{Channel, LogSubject};
use sale::{
    KeyHash, Moment, Partition, Purchase, Purchases, RECORD_VERSION, SaleId, ShopperId, TicketKeys,
};
use serde_json::Value;
use sqlx::PgPool;
use tokio::sync::watch;
use uuid::Uuid;

use crate::shop::{SOON, stack};

/// The promise: after a change partitions are spread again.
const SPREAD_WITHIN: Duration = Duration::from_secs(10);

/// Between two records of each partition, and between two looks at who owns what.
const RECORD_EVERY: Duration = Duration::from_millis(20);
const WITNESS_EVERY: Duration = Duration::from_millis(10);

/// Far below the 15 s for which a starting process waits for NATS.
const STOPPED_WITHIN: Duration = Duration::from_secs(5);

/// Writes to the logs of a stack without an ingress: purchases of sales that nobody opened.
struct Writer {
    log: jetstream::Context,
    keys: TicketKeys,
}

impl Writer {
    async fn of(stack: &Stack) -> Result<Self> {
        let client = stack.tenant().nats(Role::Ingress).await?;
        let log = jetstream::new(client);
        let keys = stack.keys().tickets.parse()?;
        Ok(Self { log, keys })
    }

    /// One purchase; its sequence.
    async fn write(&self, partition: u16) -> Result<u64> {
        let sale = SaleId::new(Partition::try_from(partition)?, Moment::from_unix_ms(1), 7);
        let record = Purchases {
            v: RECORD_VERSION,
            sale,
            seal: self.keys.current().id(),
            purchases: vec![Purchase {
                shopper: ShopperId::new(Uuid::new_v4()),
                key: KeyHash::of("k"),
                received_at_ms: Moment::from_unix_ms(0),
            }],
        };
        self.put(sale, serde_json::to_vec(&record)?).await
    }

    async fn put(&self, sale: SaleId, body: Vec<u8>) -> Result<u64> {
        let subject = LogSubject::of(sale, Channel::Purchases).to_string();
        let published = self.log.publish(subject, body.into()).await?;
        Ok(published.await?.sequence)
    }

    /// Record after record to every partition until told to stop; the last sequence of each.
    async fn keep_writing(
        &self,
        partitions: u16,
        mut stop: watch::Receiver<bool>,
    ) -> Result<Vec<u64>> {
        let mut ticks = tokio::time::interval(RECORD_EVERY);
        let mut last = vec![0; partitions.into()];
        while !*stop.borrow_and_update() {
            ticks.tick().await;
            for (partition, last) in (0..).zip(&mut last) {
                *last = self.write(partition).await?;
            }
        }
        Ok(last)
    }
}

/// Who owned what: one owner for each epoch of each partition, or somebody shared.
#[derive(Default)]
struct History(BTreeMap<(i16, i64), Uuid>);

impl History {
    /// Looks again and again until told to stop.
    async fn witness(pool: &PgPool, mut stop: watch::Receiver<bool>) -> Result<Self> {
        let mut ticks = tokio::time::interval(WITNESS_EVERY);
        let mut history = Self::default();
        let mut latest: BTreeMap<i16, (i64, i64)> = BTreeMap::new();
        while !*stop.borrow_and_update() {
            ticks.tick().await;
            let rows: Vec<(i16, i64, i64, Option<Uuid>)> =
                sqlx::query_as("SELECT partition, epoch, cursor, owner FROM partitions")
                    .fetch_all(pool)
                    .await?;
            for (partition, epoch, cursor, owner) in rows {
                let before = latest
                    .insert(partition, (epoch, cursor))
                    .unwrap_or_default();
                ensure!(
                    before.0 <= epoch && before.1 <= cursor,
                    "partition {partition} went back from {before:?} to {epoch}, {cursor}"
                );
                let Some(owner) = owner else { continue };
                let first = history.0.entry((partition, epoch)).or_insert(owner);
                ensure!(
                    *first == owner,
                    "epoch {epoch} of {partition} has two owners"
                );
            }
        }
        Ok(history)
    }
}

/// How many partitions each process says it owns, in ascending order.
async fn owned(processes: &[&Process]) -> Result<Vec<u32>> {
    let mut owned = Vec::new();
    for process in processes {
        owned.push(metric(process, "allocator_owned_partitions").await?);
    }
    owned.sort_unstable();
    Ok(owned)
}

/// A number of a process' `/metrics`; 0 while it has none of that name.
async fn metric(process: &Process, name: &str) -> Result<u32> {
    let answer = Http::new()
        .get(&format!("{}/metrics", process.health_url()))
        .await?;
    let text = answer.body.as_str().context("no metrics")?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(line.unwrap_or("0").parse()?)
}

async fn spread(processes: &[&Process], wanted: &[u32]) -> Result<()> {
    let mut found = Vec::new();
    let spread = until("an even spread", SPREAD_WITHIN, async || {
        found = owned(processes).await?;
        Ok((found == wanted).then_some(()))
    });
    let spread = spread.await;
    spread.with_context(|| format!("they own {found:?}, not {wanted:?}"))
}

async fn epochs(pool: &PgPool) -> Result<Vec<i64>> {
    let epochs = sqlx::query_scalar("SELECT epoch FROM partitions ORDER BY partition");
    Ok(epochs.fetch_all(pool).await?)
}

async fn decided(pool: &PgPool, last: &[u64]) -> Result<()> {
    until("decisions for all records", SOON, async || {
        let cursors: Vec<i64> =
            sqlx::query_scalar("SELECT cursor FROM partitions ORDER BY partition")
                .fetch_all(pool)
                .await?;
        let reached =
            |(cursor, last): (&i64, &u64)| u64::try_from(*cursor).is_ok_and(|c| c >= *last);
        Ok(cursors.iter().zip(last).all(reached).then_some(()))
    })
    .await
}

/// Every record of every partition has exactly one row.
async fn all_contiguous(pool: &PgPool) -> Result<bool> {
    let contiguous = sqlx::query_scalar(
        "SELECT bool_and(cursor = (SELECT count(*) FROM decisions
                                   WHERE decisions.partition = partitions.partition
                                     AND seq BETWEEN 1 AND cursor))
         FROM partitions",
    );
    Ok(contiguous.fetch_one(pool).await?)
}

/// What `/readyz` names as the reason of a check, if it fails.
async fn unready(process: &Process, check: &str) -> Result<Option<String>> {
    let answer = Http::new()
        .get(&format!("{}/readyz", process.health_url()))
        .await?;
    let reasons = answer.body["reasons"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let named = reasons.iter().find(|reason| reason["check"] == check);
    Ok(named.and_then(|reason| Some(reason["reason"].as_str()?.to_owned())))
}

#[tokio::test]
async fn partitions_spread_over_whoever_lives_and_every_record_is_decided_once() -> Result<()> {
    // Given: three replicas, six partitions, and records that keep coming.
    let mut stack = stack()
        .ingress(0)
        .allocators(3)
        .partitions(6)
        .start()
        .await?;
    let (writer, pool) = (Writer::of(&stack).await?, stack.pool().clone());
    let (stop, stopped) = watch::channel(false);
    let changes = async {
        let [first, second, third] = [0, 1, 2].map(|index| stack.allocator(index));
        // Then: two each.
        spread(&[first, second, third], &[2, 2, 2]).await?;
        assert_eq!(metric(first, "allocator_live_replicas").await?, 3);

        // When: one is killed. Then: three each.
        second.kill().await?;
        spread(&[first, third], &[3, 3]).await?;

        // When: one joins. Then: two each again.
        let joined = stack.add_allocator().await?;
        let [first, third, fourth] = [0, 2, joined].map(|index| stack.allocator(index));
        spread(&[first, third, fourth], &[2, 2, 2]).await?;

        // When: one is told to stop. Then: three each.
        ensure!(first.terminate().await?.success(), "it did not stop well");
        spread(&[third, fourth], &[3, 3]).await?;
        stop.send(true)?;
        anyhow::Ok(())
    };

    let ((), last, history) = tokio::try_join!(
        changes,
        writer.keep_writing(6, stopped.clone()),
        History::witness(&pool, stopped),
    )?;

    // And: never two owners of one partition, and every record has one decision.
    assert!(history.0.len() > 6, "nothing moved");
    decided(&pool, &last).await?;
    assert!(all_contiguous(&pool).await?);
    stack.stop().await
}

#[tokio::test]
async fn a_single_partition_never_stays_idle_beside_many_replicas() -> Result<()> {
    let stack = stack().ingress(0).allocators(3).start().await?;
    let all = [0, 1, 2].map(|index| stack.allocator(index));
    spread(&all, &[0, 0, 1]).await?;
    let writer = Writer::of(&stack).await?;
    for left in [2, 1] {
        // When: whoever owns it is killed.
        let mut standing = Vec::new();
        for process in all.into_iter().filter(|process| process.pid().is_some()) {
            match metric(process, "allocator_owned_partitions").await? {
                1 => process.kill().await?,
                _ => standing.push(process),
            }
        }
        // Then: the next one decides.
        assert_eq!(standing.len(), left);
        let last = writer.write(0).await?;
        decided(stack.pool(), &[last]).await?;
    }
    stack.stop().await
}

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

    // When: nats-server goes away, until both say so and have noticed at their logs.
    servers.nats()?.kill().await?;
    for process in both {
        process.wait_for_log("the log is away", SOON).await?;
        until("an unready allocator", SOON, async || {
            unready(process, "jetstream").await
        })
        .await?;
        let named = until("a named partition", SOON, async || {
            unready(process, "partitions").await
        });
        assert!(named.await?.contains("(log)"));
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
        assert_eq!(metric(process, "allocator_takeovers_total").await?, 1);
    }
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
            let message = futures_util::StreamExt::next(&mut feed).await;
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
