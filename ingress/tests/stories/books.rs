//! What operators see of a sale's books: standing orders, counted, beside what it sold.

use anyhow::{Context, Result};
use devstack::{OpenSale, Stack};
use serde_json::json;

use crate::shop::{Shop, ticket};
use crate::traffic::{crowd, seen};

/// Waits until an operator sees these orders, and so many sold.
async fn books_are(shop: &Shop, orders: u32, sold: u32) -> Result<()> {
    let books = json!({ "orders": orders, "sold": sold, "stock": 9 });
    seen(shop, 0, &format!("{books}"), |seen| seen["books"] == books).await?;
    Ok(())
}

#[tokio::test]
async fn orders_are_counted_and_not_taken_from_what_was_sold() -> Result<()> {
    let shop = Shop::open(Stack::builder(), 1, &OpenSale::of(9)).await?;
    let shopper = shop.shopper().await?;
    let bought = shopper.buy(&shop.sale, None).await?;
    let order = ticket(&bought)?;
    shopper.learn(&shop.doors, order).await?;
    crowd(&shop, 0, 2).await?;
    books_are(&shop, 3, 3).await?;

    // When: an order is cancelled. Then: both are one less, though its row is still there.
    let operator = shop.stack.operator().await?;
    let cancelled = operator
        .post(&format!("/v1/orders/{order}/cancel"), None)
        .await?;
    assert_eq!(cancelled.status, 200, "{}", cancelled.body);
    books_are(&shop, 2, 2).await?;

    // When: the database's owner removes an order by hand. Then: the books do not agree, and it is seen.
    let gone = sqlx::query(
        "DELETE FROM orders WHERE id = (SELECT max(id::text)::uuid FROM orders WHERE cancelled_at IS NULL)",
    )
    .execute(shop.stack.pool())
    .await
    .context("the owner may")?;
    assert_eq!(gone.rows_affected(), 1);
    books_are(&shop, 1, 2).await?;
    shop.stack.stop().await
}

#[tokio::test]
async fn orders_of_another_sale_are_in_its_own_books() -> Result<()> {
    let shop = Shop::open(Stack::builder(), 1, &OpenSale::of(9)).await?;
    let operator = shop.stack.operator().await?;
    let other = operator.open_sale(&OpenSale::of(9)).await?;
    let shopper = shop.shopper().await?;
    let bought = shopper.buy(&other, None).await?;
    shopper.learn(&shop.doors, ticket(&bought)?).await?;
    books_are(&shop, 0, 0).await?;
    shop.stack.stop().await
}
