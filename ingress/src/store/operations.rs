//! For people who look after the system: partitions, decisions, the audit trail.

use sale::{Partition, Place, SaleId};
use serde::Serialize;
use sqlx::PgPool;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::pages::{Page, Position};

/// A partition as Postgres has it.
#[derive(Debug)]
pub(crate) struct PartitionRow {
    pub(crate) partition: i16,
    pub(crate) epoch: i64,
    pub(crate) owner: Option<Uuid>,
    pub(crate) is_leased: bool,
    pub(crate) cursor: i64,
    pub(crate) log_time: OffsetDateTime,
    pub(crate) generation: i32,
    pub(crate) decided_total: i64,
    pub(crate) halted: Option<String>,
    pub(crate) stopped: Option<String>,
}

/// A command with what was decided for it.
#[derive(Debug)]
pub(crate) struct ActionRow {
    pub(crate) partition: i16,
    pub(crate) seq: i64,
    pub(crate) sale_id: Uuid,
    pub(crate) command_id: Uuid,
    pub(crate) action: String,
    pub(crate) details: String,
    pub(crate) actor: String,
    pub(crate) reason: Option<String>,
    pub(crate) ruling: String,
    pub(crate) decided_at: OffsetDateTime,
}

/// What Postgres has of a sale, all of one moment. `orders` and `sold` are equal, and `sold` is not above `stock`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SaleBooks)]
pub(crate) struct Books {
    /// Orders that stand, counted. Those that were cancelled do not.
    pub(crate) orders: i64,
    /// Units sold, as the allocator wrote it.
    pub(crate) sold: i32,
    /// Units that there are to sell, those that were sold included.
    pub(crate) stock: i32,
}

/// Every partition, or one: 1,024 rows at most.
pub(crate) async fn partitions(
    pool: &PgPool,
    only: Option<Partition>,
) -> anyhow::Result<Vec<PartitionRow>> {
    let rows = sqlx::query_as!(
        PartitionRow,
        r#"SELECT partition, epoch, owner, cursor, log_time, generation, decided_total, halted,
                  owner IS NOT NULL AND lease_until > clock_timestamp() AS "is_leased!",
                  CASE WHEN stopped_seq = cursor + 1 THEN stopped END AS stopped
           FROM partitions WHERE $1::smallint IS NULL OR partition = $1 ORDER BY partition"#,
        only.map(|partition| partition.get().cast_signed())
    )
    .fetch_all(pool)
    .await?;
    Ok(rows)
}

/// A sale's standing orders, counted, beside what its row says: one statement, so both are of one moment.
/// `orders_one_per_unit` has an entry for each standing order, and nothing else.
pub(crate) async fn books(pool: &PgPool, sale: SaleId) -> anyhow::Result<Option<Books>> {
    let books = sqlx::query_as!(
        Books,
        r#"SELECT sold, stock,
                  (SELECT count(*) FROM orders
                   WHERE orders.sale_id = sales.id AND cancelled_at IS NULL) AS "orders!"
           FROM sales WHERE id = $1"#,
        sale.uuid()
    )
    .fetch_optional(pool)
    .await?;
    Ok(books)
}

/// When the record of a place was decided, by Postgres' clock. By the primary key.
pub(crate) async fn decided_at(
    pool: &PgPool,
    place: Place,
) -> anyhow::Result<Option<OffsetDateTime>> {
    let at = sqlx::query_scalar!(
        "SELECT decided_at FROM decisions WHERE partition = $1 AND seq = $2",
        place.partition.get().cast_signed(),
        place.seq.get().cast_signed()
    )
    .fetch_optional(pool)
    .await?;
    Ok(at)
}

/// The next of all commands, the newest first. By `operator_actions_by_time`.
pub(crate) async fn actions(pool: &PgPool, page: &Page) -> anyhow::Result<Vec<ActionRow>> {
    let (partition, seq) = record(page.after.id);
    let rows = sqlx::query_as!(
        ActionRow,
        "SELECT partition, seq, sale_id, command_id, action, details, actor, reason, ruling, decided_at
         FROM operator_actions
         WHERE (decided_at, partition, seq) < ($1, $2, $3)
         ORDER BY decided_at DESC, partition DESC, seq DESC LIMIT $4",
        page.after.at,
        partition,
        seq,
        page.rows_to_read()
    )
    .fetch_all(pool)
    .await?;
    Ok(rows)
}

/// The next of one sale's commands, the newest first. By `operator_actions_by_sale`.
pub(crate) async fn actions_on(
    pool: &PgPool,
    sale: SaleId,
    page: &Page,
) -> anyhow::Result<Vec<ActionRow>> {
    let (partition, seq) = record(page.after.id);
    let rows = sqlx::query_as!(
        ActionRow,
        "SELECT partition, seq, sale_id, command_id, action, details, actor, reason, ruling, decided_at
         FROM operator_actions
         WHERE (sale_id, decided_at, partition, seq) < ($1, $2, $3, $4) AND sale_id >= $1
         ORDER BY sale_id DESC, decided_at DESC, partition DESC, seq DESC LIMIT $5",
        sale.uuid(),
        page.after.at,
        partition,
        seq,
        page.rows_to_read()
    )
    .fetch_all(pool)
    .await?;
    Ok(rows)
}

impl ActionRow {
    pub(crate) const fn position(&self) -> Position {
        let record = (self.partition as u128) << 64 | self.seq as u128;
        Position {
            at: self.decided_at,
            id: Uuid::from_u128(record),
        }
    }
}

/// The record that a position names; a made-up one may name any.
fn record(id: Uuid) -> (i16, i64) {
    let bits = id.as_u128();
    let seq = (bits as u64 & u64::MAX >> 1).cast_signed();
    ((bits >> 64) as i16 & i16::MAX, seq)
}
