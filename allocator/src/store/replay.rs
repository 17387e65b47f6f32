//! What `allocator replay --check` reads: rows as they are, even when no allocator would write them.

use feed::{SaleRow, moment};
use futures_util::TryStreamExt;
use sale::{Generation, Moment, Partition, Place, SaleId, Seq, Ticket};
use sqlx::{Connection, PgConnection, Postgres, Transaction};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{number, seq};

/// A partition as a snapshot has it.
#[derive(Clone, Debug)]
pub(crate) struct PartitionRow {
    pub(crate) partition: Partition,
    pub(crate) cursor: Seq,
    pub(crate) log_time: Moment,
    pub(crate) generation: Generation,
    pub(crate) stream_created: OffsetDateTime,
    pub(crate) last_record_hash: Option<Vec<u8>>,
}

/// A row of `decisions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DecisionRow {
    pub(crate) seq: i64,
    pub(crate) sale_id: Option<Uuid>,
    pub(crate) rulings: String,
    pub(crate) refs: Option<Vec<i64>>,
}

/// A row of `orders`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OrderRow {
    pub(crate) id: Uuid,
    pub(crate) sale_id: Uuid,
    pub(crate) shopper_id: Uuid,
    pub(crate) nth: i16,
    pub(crate) unit_limit: i16,
    pub(crate) key_hash: i64,
    pub(crate) ordered_at: OffsetDateTime,
    pub(crate) cancelled_at: Option<OffsetDateTime>,
}

/// Records of one partition, first and last included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    pub(crate) partition: Partition,
    pub(crate) first: Seq,
    pub(crate) last: Seq,
}

impl Stretch {
    /// The first and last id an order of these records can have: ids begin with the place.
    fn order_ids(self) -> (Uuid, Uuid) {
        let place = |seq, index| Place {
            partition: self.partition,
            seq,
            index,
        };
        let (first, _) = Ticket::range_of(place(self.first, 0));
        let (_, last) = Ticket::range_of(place(self.last, Place::INDEX_COUNT - 1));
        (first, last)
    }
}

/// One moment of the database, to which everything below belongs.
pub(crate) async fn snapshot(
    postgres: &mut PgConnection,
) -> sqlx::Result<Transaction<'_, Postgres>> {
    postgres
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await
}

pub(crate) async fn partitions(postgres: &mut PgConnection) -> anyhow::Result<Vec<PartitionRow>> {
    let rows = sqlx::query!(
        "SELECT partition, cursor, log_time, generation, stream_created, last_record_hash
         FROM partitions ORDER BY partition"
    )
    .fetch_all(postgres)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(PartitionRow {
                partition: Partition::try_from(row.partition.cast_unsigned())?,
                cursor: seq(row.cursor)?,
                log_time: moment(row.log_time),
                generation: Generation::new(row.generation.cast_unsigned()),
                stream_created: row.stream_created,
                last_record_hash: row.last_record_hash,
            })
        })
        .collect()
}

/// The sales whose opening stands before a record.
pub(crate) async fn opened_before(
    postgres: &mut PgConnection,
    partition: Partition,
    first: Seq,
) -> anyhow::Result<Vec<SaleId>> {
    let sales = sqlx::query_scalar!(
        "SELECT sale_id FROM operator_actions
         WHERE partition = $1 AND action = 'open' AND ruling = 'applied' AND seq < $2
         ORDER BY sale_id",
        number(partition),
        first.get().cast_signed()
    )
    .fetch_all(postgres)
    .await?;
    sales
        .into_iter()
        .map(|sale| Ok(SaleId::try_from(sale)?))
        .collect()
}

/// The latest log time that was written down for a record before `first`; never later than it was.
pub(crate) async fn log_time_before(
    postgres: &mut PgConnection,
    partition: Partition,
    first: Seq,
) -> sqlx::Result<Moment> {
    let last = Seq::try_from(first.get().saturating_sub(1)).unwrap_or(Seq::ZERO);
    let earlier = Stretch {
        partition,
        first: Seq::ZERO,
        last,
    };
    let (first_id, last_id) = earlier.order_ids();
    let known = sqlx::query_scalar!(
        "SELECT greatest(
            (SELECT ordered_at FROM orders WHERE id BETWEEN $1 AND $2 ORDER BY id DESC LIMIT 1),
            (SELECT decided_at FROM operator_actions
             WHERE partition = $3 AND seq <= $4 ORDER BY seq DESC LIMIT 1))",
        first_id,
        last_id,
        number(partition),
        last.get().cast_signed()
    )
    .fetch_one(postgres)
    .await?;
    Ok(known.map_or_else(Moment::default, moment))
}

/// In order of their sequence.
pub(crate) async fn decisions(
    postgres: &mut PgConnection,
    within: Stretch,
) -> sqlx::Result<Vec<DecisionRow>> {
    sqlx::query_as!(
        DecisionRow,
        "SELECT seq, sale_id, rulings, refs FROM decisions
         WHERE partition = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq",
        number(within.partition),
        within.first.get().cast_signed(),
        within.last.get().cast_signed()
    )
    .fetch_all(postgres)
    .await
}

/// In order of their id, which is the order of the log.
pub(crate) async fn orders(
    postgres: &mut PgConnection,
    within: Stretch,
) -> sqlx::Result<Vec<OrderRow>> {
    let (first, last) = within.order_ids();
    sqlx::query_as!(
        OrderRow,
        "SELECT id, sale_id, shopper_id, nth, unit_limit, key_hash, ordered_at, cancelled_at
         FROM orders WHERE id BETWEEN $1 AND $2 ORDER BY id",
        first,
        last
    )
    .fetch_all(postgres)
    .await
}

/// Tells of orders of these sales whose ids belong to no record of the stretch; their number is
/// bounded by the caller's interest only.
pub(crate) async fn orders_outside(
    postgres: &mut PgConnection,
    within: Stretch,
    sales: &[Uuid],
    mut tell: impl FnMut(Uuid, Uuid),
) -> sqlx::Result<()> {
    let (first, last) = within.order_ids();
    let mut rows = sqlx::query!(
        "SELECT id, sale_id FROM orders
         WHERE sale_id = ANY($1) AND id NOT BETWEEN $2 AND $3",
        sales,
        first,
        last
    )
    .fetch(postgres);
    while let Some(row) = rows.try_next().await? {
        tell(row.id, row.sale_id);
    }
    Ok(())
}

/// How many records after the cursor have a decision; no commit leaves any.
pub(crate) async fn decisions_after(
    postgres: &mut PgConnection,
    partition: Partition,
    cursor: Seq,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM decisions WHERE partition = $1 AND seq > $2"#,
        number(partition),
        cursor.get().cast_signed()
    )
    .fetch_one(postgres)
    .await
}

/// In order of their id.
pub(crate) async fn sales(
    postgres: &mut PgConnection,
    partition: Partition,
) -> sqlx::Result<Vec<SaleRow>> {
    sqlx::query_as!(
        SaleRow,
        "SELECT id, product_id, product_name, price_minor, currency, unit_limit, starts_at, ends_at,
                stock, sold, paused, closed, version, revision
         FROM sales WHERE partition = $1 ORDER BY id",
        number(partition)
    )
    .fetch_all(postgres)
    .await
}
