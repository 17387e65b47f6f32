//! Products.

use sale::ProductId;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::pages::{Page, Position};

/// A product.
#[derive(Debug)]
pub(crate) struct ProductRow {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) created_at: OffsetDateTime,
}

/// Adds a product, unless one of this id is there: then it stays as it is.
pub(crate) async fn insert_product(
    pool: &PgPool,
    id: ProductId,
    name: &str,
    description: &str,
) -> anyhow::Result<()> {
    sqlx::query!(
        "INSERT INTO products (id, name, description) VALUES ($1, $2, $3)
         ON CONFLICT (id) DO NOTHING",
        id.uuid(),
        name,
        description
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// One product.
pub(crate) async fn product(pool: &PgPool, id: ProductId) -> anyhow::Result<Option<ProductRow>> {
    let row = sqlx::query_as!(
        ProductRow,
        "SELECT id, name, description, created_at FROM products WHERE id = $1",
        id.uuid()
    )
    .fetch_optional(pool)
    .await?;
    Ok(row)
}

/// The next products of a page, the newest first. By `products_by_creation`.
pub(crate) async fn products(pool: &PgPool, page: &Page) -> anyhow::Result<Vec<ProductRow>> {
    let rows = sqlx::query_as!(
        ProductRow,
        "SELECT id, name, description, created_at FROM products
         WHERE (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT $3",
        page.after.at,
        page.after.id,
        page.rows_to_read()
    )
    .fetch_all(pool)
    .await?;
    Ok(rows)
}

impl ProductRow {
    pub(crate) const fn position(&self) -> Position {
        Position {
            at: self.created_at,
            id: self.id,
        }
    }
}
