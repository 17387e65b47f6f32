//! A crowd that waits for results: everybody has bought while the allocator was stopped, and watches. Then it goes on.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use devstack::audit::Place;
use devstack::{Http, OpenSale, Role, Servers, Shopper, Stack, binaries, say, until};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use sqlx::PgPool;
use uuid::Uuid;

use crate::config;
use crate::crew::{Crew, WATCHERS_PER_PROCESS};
use crate::memory::Resident;
use crate::report::watch::{Memory, Report, Results};
use crate::room::room_for;
use crate::shoppers::UNIT_LIMIT;

/// Purchases under way: enough to fill the batcher's records.
const BUYING_AT_ONCE: usize = 512;

/// Nobody is refused for a long queue here: nothing is decided until all wait.
const QUEUE_WAIT_MAX_MS: &str = "3600000";

/// What is not decided by then never will be.
const DECIDED_WITHIN: Duration = Duration::from_secs(120);

/// Starts a stack, measures, stops it.
pub(crate) async fn run(config: &config::Watch) -> Result<Report> {
    let connections = config.connections();
    room_for(connections, connections.min(WATCHERS_PER_PROCESS as u64))?;
    say("building the processes");
    binaries::folder().await?;
    say("starting the stack");
    let servers = Servers::own().await?;
    let builder = Stack::builder()
        .on(&servers)
        .env(Role::Ingress, "QUEUE_WAIT_MAX_MS", QUEUE_WAIT_MAX_MS)
        .env(Role::Notifier, "CONNECTIONS_MAX", &connections.to_string());
    let stack = builder.start().await?;
    let report = measure(&stack, connections, config.burst).await?;
    stack.stop().await?;
    servers.stop().await?;
    Ok(report)
}

async fn measure(stack: &Stack, connections: u64, burst: bool) -> Result<Report> {
    // Half of them win.
    let stock = u32::try_from(connections.div_ceil(2))?;
    let sale = OpenSale {
        unit_limit: UNIT_LIMIT,
        ..OpenSale::of(stock)
    };
    let sale = stack.operator().await?.open_sale(&sale).await?;
    let allocator = stack.allocator(0);
    allocator.pause()?;
    say(&format!("{connections} purchases, none of them decided"));
    let tickets = buy(&stack.ingress(0).url(), &sale, connections).await?;

    let notifier = stack.notifier(0);
    let pid = notifier.pid().context("the notifier does not run")?;
    let before = Resident::of(pid)?;
    say(&format!("{connections} watchers arrive"));
    let mut crew = Crew::start(notifier.addr(), &tickets).await?;
    let waiting = crew.waiting().await?;
    let memory = Memory {
        before,
        with_all: Resident::of(pid)?,
    };

    say("everybody waits; the allocator goes on");
    allocator.resume()?;
    let began = Instant::now();
    let commits = decided(stack.pool(), &sale, connections).await?;
    say(&format!("all decided after {:?}", began.elapsed()));
    let heard = crew.finish().await?;
    let results = Results::of(&heard, &commits)?;
    Ok(Report {
        connections,
        burst,
        stock: u64::from(stock),
        waiting,
        memory,
        results,
    })
}

/// As many purchases, by as many shoppers as may make them; gives the tickets.
async fn buy(door: &str, sale: &str, purchases: u64) -> Result<Vec<String>> {
    let http = Http::new();
    let count = purchases.div_ceil(u64::from(UNIT_LIMIT));
    let shoppers: Vec<Shopper> = stream::iter(0..count)
        .map(|_| Shopper::guest_over(&http, door))
        .buffer_unordered(BUYING_AT_ONCE)
        .try_collect()
        .await?;
    stream::iter(0..purchases)
        .map(|number| ticket(&shoppers[(number % count) as usize], sale))
        .buffer_unordered(BUYING_AT_ONCE)
        .try_collect()
        .await
}

async fn ticket(shopper: &Shopper, sale: &str) -> Result<String> {
    let bought = shopper.buy(sale, None).await?;
    ensure!(bought.status == 202, "not accepted: {}", bought.body);
    let ticket = bought.text("ticket").context("a 202 without a ticket")?;
    Ok(ticket.to_owned())
}

/// When a record's decisions were committed, and by which commit.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    /// When it began, in microseconds since 1970 by Postgres' clock, which is that of the watchers here.
    pub(crate) began_us: i64,
    pub(crate) transaction: String,
}

/// The commit of each record, by partition and sequence.
pub(crate) type Commits = HashMap<(u16, u64), Commit>;

/// The commit of a ticket, if it was decided.
pub(crate) fn commit_of<'a>(commits: &'a Commits, ticket: &str) -> Result<Option<&'a Commit>> {
    let place = Place::of(ticket.parse()?);
    Ok(commits.get(&(place.partition, place.seq)))
}

/// Waits until so many purchases of a sale are decided.
async fn decided(pool: &PgPool, sale: &str, purchases: u64) -> Result<Commits> {
    let sale: Uuid = sale.parse()?;
    until("everything decided", DECIDED_WITHIN, async || {
        let ruled: i64 = sqlx::query_scalar(
            "SELECT coalesce(sum(length(rulings)), 0)::bigint FROM decisions WHERE sale_id = $1 AND rulings = upper(rulings)",
        )
        .bind(sale)
        .fetch_one(pool)
        .await?;
        Ok((ruled.cast_unsigned() >= purchases).then_some(()))
    })
    .await?;
    let rows: Vec<(i16, i64, i64, String)> = sqlx::query_as(
        "SELECT partition, seq, (extract(epoch FROM decided_at) * 1000000)::bigint, xmin::text
         FROM decisions WHERE sale_id = $1",
    )
    .bind(sale)
    .fetch_all(pool)
    .await?;
    let commit = |(partition, seq, began_us, transaction): (i16, i64, i64, String)| {
        let place = (partition.cast_unsigned(), seq.cast_unsigned());
        let commit = Commit {
            began_us,
            transaction,
        };
        (place, commit)
    };
    Ok(rows.into_iter().map(commit).collect())
}
