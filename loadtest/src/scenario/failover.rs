//! How long a partition stands still when its owner is killed with -9 under a light load: from the kill to the first
//! decision of the standby. At the end nothing that was logged may be missing.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use devstack::{Http, OpenSale, Process, Servers, Stack, binaries, say, until};
use sqlx::PgPool;
use tokio::sync::oneshot;

use crate::books::{Audited, ordered};
use crate::config;
use crate::log::LogWriter;
use crate::proof::Replay;
use crate::report::failover::Report;

/// A light load: enough that a standby finds something to decide at once.
const RECORD_EVERY: Duration = Duration::from_millis(20);

/// More units than the load can ask for: everybody has an order, which can be counted.
const STOCK: u32 = 1_000_000;

/// Longer than any failover that is worth a figure.
const LIMIT: Duration = Duration::from_secs(30);

/// Starts a stack of two allocators, kills, stops it.
pub(crate) async fn run(config: &config::Failover) -> Result<Report> {
    say("building the processes");
    binaries::folder().await?;
    say("starting the stack");
    let servers = Servers::own().await?;
    let builder = Stack::builder().notifiers(0).allocators(2);
    let stack = builder.on(&servers).start().await?;
    let sale = stack.operator().await?;
    let sale = sale.open_sale(&OpenSale::of(STOCK)).await?;
    let writer = LogWriter::of(&stack, &sale).await?;
    let (over, stop) = oneshot::channel();
    let (logged, took) = tokio::try_join!(load(&writer, stop), async {
        let took = failovers(&stack, config.kills).await?;
        // A load that has ended by itself has said why.
        let _ = over.send(());
        Ok(took)
    })?;
    let report = judge(&stack, &sale, logged, took).await?;
    stack.stop().await?;
    servers.stop().await?;
    Ok(report)
}

/// One purchase a record, until it is told to stop; gives how many there are.
async fn load(writer: &LogWriter, mut stop: oneshot::Receiver<()>) -> Result<u64> {
    let mut ticks = tokio::time::interval(RECORD_EVERY);
    let mut purchases = 0;
    while stop.try_recv().is_err() {
        ticks.tick().await;
        writer.fill(1).await.context("the load")?;
        purchases += 1;
    }
    Ok(purchases)
}

async fn failovers(stack: &Stack, kills: u64) -> Result<Vec<Duration>> {
    let mut took = Vec::new();
    for kill in 1..=kills {
        let time = failover(stack).await?;
        say(&format!("kill {kill} of {kills}: {} ms", time.as_millis()));
        took.push(time);
    }
    Ok(took)
}

/// Kills the owner once, waits for a decision of the other, and starts the killed one again.
async fn failover(stack: &Stack) -> Result<Duration> {
    let owner = until("one owner and one standby", LIMIT, async || {
        standing(stack).await
    });
    let owner = owner.await?;
    let (epoch, _) = position(stack.pool()).await?;
    let killed_at = Instant::now();
    owner.kill().await?;
    // What the dead one had sent may still be committed, but not after its epoch.
    let taken_over = until("the standby in its place", LIMIT, async || {
        let (present, cursor) = position(stack.pool()).await?;
        Ok((present > epoch).then_some(cursor))
    });
    let taken_over_at = taken_over.await?;
    let decided = until("a decision of the standby", LIMIT, async || {
        let (_, cursor) = position(stack.pool()).await?;
        Ok((cursor > taken_over_at).then(|| killed_at.elapsed()))
    });
    let took = decided.await?;
    owner.start().await?;
    Ok(took)
}

/// The owner, once the other one is there to follow it.
async fn standing(stack: &Stack) -> Result<Option<&Process>> {
    let live: i64 =
        sqlx::query_scalar("SELECT count(*) FROM allocators WHERE alive_until > clock_timestamp()")
            .fetch_one(stack.pool())
            .await?;
    if live != 2 {
        return Ok(None);
    }
    for process in [0, 1].map(|index| stack.allocator(index)) {
        if owns(process).await? {
            return Ok(Some(process));
        }
    }
    Ok(None)
}

async fn owns(process: &Process) -> Result<bool> {
    let url = format!("{}/metrics", process.health_url());
    let metrics = Http::new().get(&url).await?;
    let text = metrics.body.as_str().unwrap_or_default();
    Ok(text
        .lines()
        .any(|line| line == "allocator_owned_partitions 1"))
}

/// Epoch and cursor.
async fn position(pool: &PgPool) -> Result<(i64, i64)> {
    let position = sqlx::query_as("SELECT epoch, cursor FROM partitions WHERE partition = 0");
    Ok(position.fetch_one(pool).await?)
}

/// Has the log audited once everything is decided, counts the orders, and has it decided once more.
async fn judge(stack: &Stack, sale: &str, logged: u64, took: Vec<Duration>) -> Result<Report> {
    ensure!(logged > 0, "there was no load");
    // It waits for the last decision.
    let audited = Audited::of_logged(stack, sale).await?;
    Ok(Report {
        took,
        // With the one that the others are made after.
        purchases: logged + 1,
        orders: ordered(stack.pool(), sale).await?,
        replay: Replay::check(stack).await?,
        audited,
    })
}
