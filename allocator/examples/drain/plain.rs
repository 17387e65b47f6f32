//! What Postgres alone makes of the same rows: a plain bulk insert, over one connection.

use std::time::{Duration, Instant};

use anyhow::Result;
use devstack::{Role, Stack};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use time::OffsetDateTime;
use uuid::Uuid;

/// As many as the allocator commits at once.
const BATCH_ROWS: usize = 8_192;

type Order = (Uuid, Uuid, Uuid, i16, i16, i64, OffsetDateTime);

/// Inserts the rows of `orders` into a table like it; how long that took.
pub(crate) async fn insert(stack: &Stack, has_foreign_key: bool) -> Result<Duration> {
    let owner = stack.pool();
    for statement in [
        "CREATE TABLE plain (LIKE orders INCLUDING ALL)",
        "GRANT INSERT ON plain TO firstcome_allocator",
        // What autovacuum would otherwise do while the clock runs.
        "VACUUM ANALYZE orders",
        "VACUUM ANALYZE decisions",
    ] {
        sqlx::query(AssertSqlSafe(statement)).execute(owner).await?;
    }
    if has_foreign_key {
        sqlx::query("ALTER TABLE plain ADD FOREIGN KEY (sale_id) REFERENCES sales")
            .execute(owner)
            .await?;
    }
    let orders: Vec<Order> = sqlx::query_as(
        "SELECT id, sale_id, shopper_id, nth, unit_limit, key_hash, ordered_at FROM orders ORDER BY id",
    )
    .fetch_all(owner)
    .await?;
    let options = stack.tenant().database_options(Role::Allocator);
    let mut postgres = PgConnection::connect_with(&options).await?;
    let begun = Instant::now();
    for batch in orders.chunks(BATCH_ROWS) {
        one_batch(&mut postgres, batch).await?;
    }
    let took = begun.elapsed();
    postgres.close().await?;
    sqlx::query("DROP TABLE plain").execute(owner).await?;
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
