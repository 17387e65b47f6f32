//! Orders: what shoppers hold, and what a sale sold.

use sale::{KeyHash, SaleId, ShopperId, Ticket};
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::pages::{Page, Position};

/// An order.
#[derive(Debug)]
pub(crate) struct OrderRow {
    pub(crate) id: Uuid,
    pub(crate) sale_id: Uuid,
    pub(crate) shopper_id: Uuid,
    pub(crate) ordered_at: OffsetDateTime,
    pub(crate) cancelled_at: Option<OffsetDateTime>,
}

/// One order. By its primary key.
pub(crate) async fn order(pool: &PgPool, id: Uuid) -> anyhow::Result<Option<OrderRow>> {
    let row = sqlx::query_as!(
        OrderRow,
        "SELECT id, sale_id, shopper_id, ordered_at, cancelled_at FROM orders WHERE id = $1",
        id
    )
    .fetch_optional(pool)
    .await?;
    Ok(row)
}

/// A shopper's orders in one sale that still stand: never more than the sale's limit. By
/// `orders_one_per_unit` or `orders_by_shopper`.
pub(crate) async fn standing_orders(
    pool: &PgPool,
    sale: SaleId,
    shopper: ShopperId,
) -> anyhow::Result<Vec<OrderRow>> {
    let rows = sqlx::query_as!(
        OrderRow,
        "SELECT id, sale_id, shopper_id, ordered_at, cancelled_at FROM orders
         WHERE sale_id = $1 AND shopper_id = $2 AND cancelled_at IS NULL ORDER BY id",
        sale.uuid(),
        shopper.uuid()
    )
    .fetch_all(pool)
    .await?;
    Ok(rows)
}

/// The next of a shopper's orders, the newest first. By `orders_by_shopper`, then sorted: one more
/// index on orders would cost every sale more than the few orders of one shopper are worth.
pub(crate) async fn orders_of(
    pool: &PgPool,
    shopper: ShopperId,
    page: &Page,
) -> anyhow::Result<Vec<OrderRow>> {
    let rows = sqlx::query_as!(
        OrderRow,
        "SELECT id, sale_id, shopper_id, ordered_at, cancelled_at FROM orders
         WHERE shopper_id = $1 AND (ordered_at, id) < ($2, $3)
         ORDER BY ordered_at DESC, id DESC LIMIT $4",
        shopper.uuid(),
        page.after.at,
        page.after.id,
        page.rows_to_read()
    )
    .fetch_all(pool)
    .await?;
    Ok(rows)
}

/// The next of a sale's orders, cancelled ones included, in log order. By `orders_by_sale`, which alone
/// has this order: asked for `sale_id = $1` the planner may walk through every sale's orders by id.
pub(crate) async fn orders_in(
    pool: &PgPool,
    sale: SaleId,
    after: Uuid,
    rows: i64,
) -> anyhow::Result<Vec<OrderRow>> {
    let rows = sqlx::query_as!(
        OrderRow,
        "SELECT id, sale_id, shopper_id, ordered_at, cancelled_at FROM orders
         WHERE (sale_id, id) > ($1, $2) AND sale_id <= $1 ORDER BY sale_id, id LIMIT $3",
        sale.uuid(),
        after,
        rows
    )
    .fetch_all(pool)
    .await?;
    Ok(rows)
}

impl OrderRow {
    pub(crate) const fn position(&self) -> Position {
        Position {
            at: self.ordered_at,
            id: self.id,
        }
    }
}

/// The order that a key has won, also when it was cancelled since: a key wins once.
pub(crate) async fn order_with_key(
    pool: &PgPool,
    sale: SaleId,
    shopper: ShopperId,
    key: KeyHash,
) -> anyhow::Result<Option<Ticket>> {
    let id = sqlx::query_scalar!(
        "SELECT id FROM orders WHERE shopper_id = $1 AND sale_id = $2 AND key_hash = $3",
        shopper.uuid(),
        sale.uuid(),
        key.bits().cast_signed()
    )
    .fetch_optional(pool)
    .await?;
    Ok(id.map(Ticket::from_order_id))
}
