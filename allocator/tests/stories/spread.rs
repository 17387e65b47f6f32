//! Section 8: any number of replicas share the partitions, evenly, with one owner each, and none idle.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use devstack::{Process, until};
use sqlx::PgPool;
use tokio::sync::watch;
use uuid::Uuid;

use crate::shop::stack;
use crate::witness::{Writer, all_contiguous, decided, metric};

/// The promise: after a change partitions are spread again.
const SPREAD_WITHIN: Duration = Duration::from_secs(10);

/// Between two looks at who owns what.
const WITNESS_EVERY: Duration = Duration::from_millis(10);

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

pub(crate) async fn spread(processes: &[&Process], wanted: &[u32]) -> Result<()> {
    let mut found = Vec::new();
    let spread = until("an even spread", SPREAD_WITHIN, async || {
        found = owned(processes).await?;
        Ok((found == wanted).then_some(()))
    });
    let spread = spread.await;
    spread.with_context(|| format!("they own {found:?}, not {wanted:?}"))
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
        until("three in the roll call", SPREAD_WITHIN, async || {
            let live = metric(first, "allocator_live_replicas").await?;
            Ok((live == 3).then_some(()))
        })
        .await?;

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
