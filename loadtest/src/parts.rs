//! What the parts of the way do alone, on the servers of the run: JetStream, which makes a purchase durable, and
//! Postgres, which takes the orders in. Nothing built on them can be faster.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use async_nats::jetstream;
use async_nats::jetstream::stream::Config;
use devstack::{Role, Stack};
use sqlx::types::time::OffsetDateTime;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::figures::per_s;
use crate::log::{GROUP, LogWriter};

/// A log that nobody reads; an ingress may write to it.
const SCRATCH_STREAM: &str = "SALE_LOG_99";
const SCRATCH_SUBJECT: &str = "sale.99.scratch.purchases";

/// Different records, made before the clock runs; they take turns.
const RECORDS: u64 = 64;

/// Orders that the allocator commits at once.
const BATCH_ROWS: usize = 8_192;

/// So many purchases or orders in so long.
pub(crate) struct Done {
    count: u64,
    took: Duration,
}

impl Done {
    pub(crate) fn of(count: u64, took: Duration) -> Self {
        Self { count, took }
    }

    pub(crate) fn per_s(&self) -> f64 {
        per_s(self.count, self.took)
    }
}

/// Full records, one under way at a time, to a stream made like the log that `writer` writes to.
pub(crate) async fn publish(stack: &Stack, writer: &LogWriter, lasts: Duration) -> Result<Done> {
    let admin = jetstream::new(stack.tenant().nats(Role::Setup).await?);
    let log = admin.get_stream(writer.stream()).await?;
    let scratch = Config {
        name: SCRATCH_STREAM.to_owned(),
        subjects: vec![SCRATCH_SUBJECT.to_owned()],
        ..log.cached_info().config.clone()
    };
    admin.create_stream(scratch).await?;
    let done = publish_for(&writer.to(SCRATCH_STREAM, SCRATCH_SUBJECT), lasts).await?;
    admin.delete_stream(SCRATCH_STREAM).await?;
    Ok(done)
}

async fn publish_for(writer: &LogWriter, lasts: Duration) -> Result<Done> {
    let records = (0..RECORDS).map(|_| writer.record(GROUP));
    let records: Vec<Vec<u8>> = records.collect::<Result<_>>()?;
    let (mut count, began) = (0, Instant::now());
    for record in records.iter().cycle() {
        if began.elapsed() >= lasts {
            break;
        }
        let logged = writer.send(record.clone()).await?.await?;
        ensure!(!logged.duplicate, "a record that was there already");
        count += GROUP;
    }
    Ok(Done::of(count, began.elapsed()))
}

type Order = (Uuid, Uuid, Uuid, i16, i16, i64, OffsetDateTime);

/// Inserts the orders of a sale into a table with the same constraints, over one connection.
pub(crate) async fn insert(stack: &Stack, sale: &str) -> Result<Done> {
    let owner = stack.pool();
    for statement in [
        "CREATE TABLE plain (LIKE orders INCLUDING ALL)",
        "ALTER TABLE plain ADD FOREIGN KEY (sale_id) REFERENCES sales",
        "GRANT INSERT ON plain TO firstcome_allocator",
        // What autovacuum would otherwise do while the clock runs.
        "VACUUM ANALYZE orders",
        "VACUUM ANALYZE decisions",
    ] {
        sqlx::query(statement).execute(owner).await?;
    }
    let orders: Vec<Order> = sqlx::query_as(
        "SELECT id, sale_id, shopper_id, nth, unit_limit, key_hash, ordered_at
         FROM orders WHERE sale_id = $1 ORDER BY id",
    )
    .bind(sale.parse::<Uuid>()?)
    .fetch_all(owner)
    .await?;
    let took = insert_plainly(stack, &orders).await?;
    sqlx::query("DROP TABLE plain").execute(owner).await?;
    Ok(Done::of(orders.len() as u64, took))
}

async fn insert_plainly(stack: &Stack, orders: &[Order]) -> Result<Duration> {
    let options = stack.tenant().database_options(Role::Allocator);
    let mut postgres = PgConnection::connect_with(&options).await?;
    let began = Instant::now();
    for batch in orders.chunks(BATCH_ROWS) {
        one_batch(&mut postgres, batch).await?;
    }
    let took = began.elapsed();
    postgres.close().await?;
    Ok(took)
}

/// One statement, so one transaction.
async fn one_batch(postgres: &mut PgConnection, batch: &[Order]) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO plain (id, sale_id, shopper_id, nth, unit_limit, key_hash, ordered_at)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::uuid[], $4::smallint[], $5::smallint[],
                              $6::bigint[], $7::timestamptz[])",
    )
    .bind(column(batch, |order| order.0))
    .bind(column(batch, |order| order.1))
    .bind(column(batch, |order| order.2))
    .bind(column(batch, |order| order.3))
    .bind(column(batch, |order| order.4))
    .bind(column(batch, |order| order.5))
    .bind(column(batch, |order| order.6))
    .execute(postgres)
    .await?;
    Ok(())
}

fn column<T>(batch: &[Order], cell: impl Fn(&Order) -> T) -> Vec<T> {
    batch.iter().map(cell).collect()
}
