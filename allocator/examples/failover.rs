//! How long a partition stands still when its owner is killed with -9 under a light load: from the
//! kill to the first decision of the standby.
//!
//! ```text
//! cargo run --release -p allocator --example failover -- --kills 20
//! ```

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use async_nats::jetstream;
use clap::Parser;
use devstack::{Http, Process, Role, Servers, Stack, until};
use sale::subject::{Channel, LogSubject};
use sale::{KeyHash, Moment, Partition, Purchase, Purchases, RECORD_VERSION, SaleId, ShopperId};
use sqlx::PgPool;

/// A light load: enough that a standby finds something to decide at once.
const RECORD_EVERY: Duration = Duration::from_millis(20);

/// What the design holds, and what it reaches for.
const HOLD: Duration = Duration::from_secs(4);
const REACH: Duration = Duration::from_millis(2_500);

/// Longer than any failover that is worth a figure.
const LIMIT: Duration = Duration::from_secs(30);

/// Kills the owner of a partition again and again and times the standby
#[derive(Debug, Parser)]
struct Arguments {
    /// How often the owner is killed
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    kills: u32,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { kills } = Arguments::parse();
    let servers = Servers::own().await?;
    let builder = Stack::builder().notifiers(0).ingress(0).allocators(2);
    let stack = builder.on(&servers).start().await?;
    let load = tokio::spawn(Load::of(&stack).await?.run());
    let mut took = Vec::new();
    for kill in 1..=kills {
        let time = failover(&stack).await?;
        eprintln!("kill {kill:>3}: {:>5} ms", time.as_millis());
        took.push(time);
    }
    load.abort();
    report(took);
    stack.stop().await
}

/// Kills the owner once, waits for a decision of the other, and starts the killed one again.
async fn failover(stack: &Stack) -> Result<Duration> {
    let owner = until("one owner and one standby", LIMIT, async || {
        standing(stack).await
    });
    let owner = owner.await?;
    let (epoch, _) = place(stack.pool()).await?;
    let killed_at = Instant::now();
    owner.kill().await?;
    // Nothing of the dead one moves this any more.
    let (_, cursor) = place(stack.pool()).await?;
    let decided = until("a decision of the standby", LIMIT, async || {
        let (present, at) = place(stack.pool()).await?;
        Ok((present > epoch && at > cursor).then(|| killed_at.elapsed()))
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
        let metrics = Http::new()
            .get(&format!("{}/metrics", process.health_url()))
            .await?;
        let text = metrics.body.as_str().unwrap_or_default();
        if text
            .lines()
            .any(|line| line == "allocator_owned_partitions 1")
        {
            return Ok(Some(process));
        }
    }
    Ok(None)
}

async fn place(pool: &PgPool) -> Result<(i64, i64)> {
    let place = sqlx::query_as("SELECT epoch, cursor FROM partitions WHERE partition = 0");
    Ok(place.fetch_one(pool).await?)
}

fn report(mut took: Vec<Duration>) {
    took.sort_unstable();
    let rank = |share: f64| ((took.len() as f64 * share).ceil() as usize).clamp(1, took.len()) - 1;
    let ms = |share| took[rank(share)].as_millis();
    println!(
        "owner killed -9 -> first new decision by the standby, {} kills",
        took.len()
    );
    println!(
        "min {} ms, p50 {} ms, p99 {} ms, max {} ms",
        ms(0.0),
        ms(0.5),
        ms(0.99),
        ms(1.0)
    );
    let verdict = |limit: Duration| {
        if took[rank(0.99)] <= limit {
            "yes"
        } else {
            "NO"
        }
    };
    println!(
        "within {} ms: {}; within {} ms: {}",
        HOLD.as_millis(),
        verdict(HOLD),
        REACH.as_millis(),
        verdict(REACH)
    );
}

/// Purchases of a sale that nobody opened, one a record.
struct Load {
    log: jetstream::Context,
    subject: String,
    body: Vec<u8>,
}

impl Load {
    async fn of(stack: &Stack) -> Result<Self> {
        let keys: sale::TicketKeys = stack.keys().tickets.parse()?;
        let sale = SaleId::new(Partition::try_from(0)?, Moment::from_unix_ms(1), 7);
        let record = Purchases {
            v: RECORD_VERSION,
            sale,
            seal: keys.current().id(),
            purchases: vec![Purchase {
                shopper: ShopperId::new(uuid::Uuid::new_v4()),
                key: KeyHash::of("k"),
                received_at_ms: Moment::from_unix_ms(0),
            }],
        };
        Ok(Self {
            log: jetstream::new(stack.tenant().nats(Role::Ingress).await?),
            subject: LogSubject::of(sale, Channel::Purchases).to_string(),
            body: serde_json::to_vec(&record)?,
        })
    }

    /// Until it is aborted; a load that stops by itself shows as a failover that never ends.
    async fn run(self) -> Result<()> {
        let mut ticks = tokio::time::interval(RECORD_EVERY);
        loop {
            ticks.tick().await;
            let published = self
                .log
                .publish(self.subject.clone(), self.body.clone().into());
            if published.await.context("the load")?.await?.sequence == 0 {
                bail!("the log acknowledged nothing");
            }
        }
    }
}
