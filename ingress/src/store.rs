//! All SQL of the ingress that is not about tickets (those are `feed`'s).

pub(crate) mod accounts;

use sale::{CommandRuling, KeyHash, Moment, Place, ProductId, SaleId, ShopperId, Ticket};
use sqlx::PgPool;
use uuid::Uuid;

/// An order as its shopper sees it.
#[derive(Debug)]
pub(crate) struct OrderRow {
    pub(crate) id: Uuid,
    pub(crate) ordered_at: Moment,
}

pub(crate) async fn insert_product(
    pool: &PgPool,
    id: ProductId,
    name: &str,
    description: &str,
) -> anyhow::Result<()> {
    sqlx::query!(
        "INSERT INTO products (id, name, description) VALUES ($1, $2, $3)",
        id.uuid(),
        name,
        description
    )
    .execute(pool)
    .await?;
    Ok(())
}

pub(crate) async fn product_name(pool: &PgPool, id: ProductId) -> anyhow::Result<Option<String>> {
    let name = sqlx::query_scalar!("SELECT name FROM products WHERE id = $1", id.uuid())
        .fetch_optional(pool)
        .await?;
    Ok(name)
}

/// What was decided for the command at a place; `None` when it was not decided yet.
pub(crate) async fn command_ruling(
    pool: &PgPool,
    place: Place,
) -> anyhow::Result<Option<CommandRuling>> {
    let rulings = sqlx::query_scalar!(
        "SELECT rulings FROM decisions WHERE partition = $1 AND seq = $2",
        place.partition.get().cast_signed(),
        place.seq.get().cast_signed()
    )
    .fetch_optional(pool)
    .await?;
    let letter = rulings.and_then(|rulings| rulings.chars().next());
    Ok(letter.map(CommandRuling::try_from).transpose()?)
}

/// A shopper's orders in one sale that still stand. Never more than the sale's limit.
pub(crate) async fn orders_of(
    pool: &PgPool,
    sale: SaleId,
    shopper: ShopperId,
) -> anyhow::Result<Vec<OrderRow>> {
    let rows = sqlx::query!(
        "SELECT id, ordered_at FROM orders
         WHERE sale_id = $1 AND shopper_id = $2 AND cancelled_at IS NULL ORDER BY id",
        sale.uuid(),
        shopper.uuid()
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| OrderRow {
            id: row.id,
            ordered_at: feed::moment(row.ordered_at),
        })
        .collect())
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
