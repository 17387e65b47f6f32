//! The largest, the longest and the latest that is let in, seen through to its order; and one more.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::request::is_problem;
use crate::shop::{Shop, ticket};

/// Four bytes of UTF-8.
const WIDE: &str = "🎫";

const THE_END_OF_THE_CALENDAR: &str = "9999-12-31T23:59:59.999Z";

fn terms(product: &Value) -> Value {
    json!({
        "product_id": product["id"], "stock": 10_000_000, "unit_limit": 100,
        "price": { "amount_minor": u32::MAX, "currency": "EUR" },
        "starts_at": "1970-01-01T00:00:00Z", "ends_at": THE_END_OF_THE_CALENDAR,
    })
}

#[tokio::test]
async fn the_largest_sale_is_sold_like_any_other() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let operator = shop.stack.operator().await?;
    let name = WIDE.repeat(200);
    let product = json!({ "name": name, "description": WIDE.repeat(4_000) });
    let product = operator.post("/v1/products", Some(&product)).await?;
    assert_eq!(product.status, 201, "{}", product.body);
    let sale = operator
        .post("/v1/sales", Some(&terms(&product.body)))
        .await?;
    assert_eq!(sale.status, 201, "{}", sale.body);
    assert_eq!(sale.text("ends_at"), Some(THE_END_OF_THE_CALENDAR));
    assert_eq!(sale.body["product"]["name"], name);
    let id = sale.text("id").context("no id")?;

    let csv = format!("/v1/sales/{id}/orders?format=csv");
    let none = operator.get(&csv).await?;
    let none = none.body.as_str().context("no text")?;
    assert_eq!(none.lines().count(), 1, "the heading alone: {none}");

    let shopper = shop.shopper().await?;
    let bought = shopper.buy(id, None).await?;
    let won = shopper.ticket(ticket(&bought)?, 20).await?;
    assert_eq!(won.text("state"), Some("won"), "{}", won.body);
    let one = operator.get(&csv).await?;
    let one = one.body.as_str().context("no text")?;
    assert!(one.contains(&format!(",{name},4294967295,EUR,")), "{one}");
    shop.stack.stop().await
}

#[tokio::test]
async fn one_step_further_is_refused() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let operator = shop.stack.operator().await?;
    let product = json!({ "name": WIDE });
    let product = operator.post("/v1/products", Some(&product)).await?;
    let right = terms(&product.body);
    for (field, value) in [
        ("stock", json!(10_000_001)),
        ("stock", json!(4_294_967_296_u64)),
        ("unit_limit", json!(101)),
        ("ends_at", json!("9999-12-31T23:59:59-00:01")),
        ("ends_at", json!("+10000-01-01T00:00:00Z")),
        ("starts_at", json!("1969-12-31T23:59:59.999Z")),
        ("starts_at", json!("0000-01-01T00:00:00Z")),
        (
            "price",
            json!({ "amount_minor": 4_294_967_296_u64, "currency": "EUR" }),
        ),
        ("price", json!({ "amount_minor": -1, "currency": "EUR" })),
        ("reason", json!(WIDE.repeat(501))),
    ] {
        let mut terms = right.clone();
        terms[field] = value;
        let answer = operator.post("/v1/sales", Some(&terms)).await?;
        is_problem(&terms.to_string(), &answer, (422, "invalid"));
    }
    for product in [
        json!({ "name": WIDE.repeat(201) }),
        json!({ "name": WIDE, "description": WIDE.repeat(4_001) }),
    ] {
        let answer = operator.post("/v1/products", Some(&product)).await?;
        is_problem("too long", &answer, (422, "invalid"));
    }
    assert_eq!(shop.records().await?, 1, "nothing but the first opening");
    shop.stack.stop().await
}
