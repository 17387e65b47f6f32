//! What shoppers hold, and what a sale sold.

use anyhow::{Context, Result};
use devstack::{OpenSale, Shopper, Stack};
use serde_json::Value;

use crate::request::is_problem;
use crate::shop::{Shop, ticket};

/// More than two reads of a download.
const MANY: i32 = 2_500;

async fn won(shop: &Shop, shopper: &Shopper, key: &str) -> Result<String> {
    let bought = shopper.buy(&shop.sale, Some(key)).await?;
    let order = ticket(&bought)?.to_owned();
    let told = shopper.ticket(&order, 20).await?;
    assert_eq!(told.text("state"), Some("won"), "{}", told.body);
    Ok(order)
}

fn ids(page: &Value) -> Vec<String> {
    let orders = page["orders"].as_array().map_or(&[][..], Vec::as_slice);
    let ids = orders.iter().filter_map(|order| order["id"].as_str());
    ids.map(str::to_owned).collect()
}

/// A sale of a product whose name spreadsheets would run.
async fn selling(stock: u32) -> Result<Shop> {
    let terms = OpenSale {
        unit_limit: 5,
        product: "=HYPERLINK(\"x\"),\"y\"".into(),
        ..OpenSale::of(stock)
    };
    Shop::open(Stack::builder(), 1, &terms).await
}

#[tokio::test]
async fn my_orders_are_mine_and_the_newest_comes_first() -> Result<()> {
    let shop = selling(9).await?;
    let (ann, bob) = (shop.shopper().await?, shop.shopper().await?);
    let first = won(&shop, &ann, "a").await?;
    let second = won(&shop, &ann, "b").await?;
    let third = won(&shop, &ann, "c").await?;
    let bobs = won(&shop, &bob, "a").await?;

    // Page by page, while another one is bought.
    let begin = ann.get("/v1/orders?limit=2").await?;
    let fourth = won(&shop, &ann, "d").await?;
    let cursor = begin.text("next_cursor").context("one page only")?;
    let end = ann
        .get(&format!("/v1/orders?limit=2&cursor={cursor}"))
        .await?;
    assert_eq!(ids(&begin.body), [third.as_str(), &second]);
    assert_eq!(ids(&end.body), [first.as_str()]);
    assert_eq!(end.body["next_cursor"], Value::Null);
    assert_eq!(end.header("cache-control"), Some("no-store"));
    let all = ann.get("/v1/orders").await?;
    assert_eq!(ids(&all.body), [fourth, third, second, first.clone()]);
    assert_eq!(ids(&bob.get("/v1/orders").await?.body), [bobs.as_str()]);

    // One of them: mine, but nobody else's.
    let mine = ann.get(&format!("/v1/orders/{first}")).await?;
    assert_eq!(
        (mine.status, mine.text("shopper_id")),
        (200, Some(ann.id()))
    );
    assert_eq!(mine.text("sale_id"), Some(&*shop.sale));
    let theirs = ann.get(&format!("/v1/orders/{bobs}")).await?;
    let missing = ann
        .get("/v1/orders/0192f0c1-2b3c-8000-8000-000000000001")
        .await?;
    is_problem("somebody else's", &theirs, (404, "unknown-order"));
    assert_eq!(theirs.body, missing.body, "exactly as a missing one");
    let operator = shop.stack.operator().await?;
    let any = operator.get(&format!("/v1/orders/{bobs}")).await?;
    assert_eq!((any.status, any.text("shopper_id")), (200, Some(bob.id())));

    // A cancelled one is told as such, and does not stand any more.
    operator
        .post(&format!("/v1/orders/{first}/cancel"), None)
        .await?;
    let cancelled = ann.get(&format!("/v1/orders/{first}")).await?;
    assert!(
        cancelled.text("cancelled_at").is_some(),
        "{}",
        cancelled.body
    );
    assert_eq!(ids(&ann.get("/v1/orders").await?.body).len(), 4);
    assert_eq!(ids(&ann.orders(&shop.sale).await?.body).len(), 3);
    shop.stack.stop().await
}

#[tokio::test]
async fn orders_that_cannot_be_asked_for_are_refused() -> Result<()> {
    let shop = selling(9).await?;
    let shopper = shop.shopper().await?;
    let orders = format!("/v1/sales/{}/orders", shop.sale);
    let operator = shop.stack.operator().await?;
    for query in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "cursor=",
        "cursor=AQ",
        "cursor=%00",
        "x=1",
    ] {
        for path in ["/v1/orders", &orders] {
            let answer = operator.get(&format!("{path}?{query}")).await?;
            is_problem(&format!("{path}?{query}"), &answer, (400, "bad-request"));
        }
    }
    for query in ["format=xml", "format=csv&limit=5", "format=csv&cursor=AQ"] {
        let answer = operator.get(&format!("{orders}?{query}")).await?;
        is_problem(query, &answer, (400, "bad-request"));
    }
    for path in ["none", "%ff", "00000000-0000-0000-0000-000000000000"] {
        let answer = operator.get(&format!("/v1/orders/{path}")).await?;
        is_problem(path, &answer, (404, "unknown-order"));
    }
    let nobody = "/v1/sales/0192f0c1-2b3c-8000-8000-000000000001/orders";
    let answer = operator.get(nobody).await?;
    is_problem("a sale nobody opened", &answer, (404, "unknown-sale"));
    is_problem(
        "a shopper",
        &shopper.get(&orders).await?,
        (403, "forbidden"),
    );
    let http = devstack::Http::new();
    for path in [&*orders, "/v1/orders", "/v1/orders/none"] {
        let answer = http.get(&format!("{}{path}", shop.doors[0])).await?;
        is_problem(path, &answer, (401, "unauthorized"));
    }
    shop.stack.stop().await
}

#[tokio::test]
async fn a_cursor_of_one_list_is_refused_by_another() -> Result<()> {
    let shop = selling(9).await?;
    let shopper = shop.shopper().await?;
    for key in ["a", "b"] {
        won(&shop, &shopper, key).await?;
    }
    let page = shopper.get("/v1/orders?limit=1").await?;
    let cursor = page.text("next_cursor").context("one page only")?;
    let operator = shop.stack.operator().await?;
    let orders = format!("/v1/sales/{}/orders", shop.sale);
    for list in [&*orders, "/v1/products", "/v1/operations/audit"] {
        let answer = operator.get(&format!("{list}?cursor={cursor}")).await?;
        is_problem(list, &answer, (400, "bad-request"));
    }
    shop.stack.stop().await
}

#[tokio::test]
async fn a_sales_orders_are_told_in_log_order_as_pages_and_as_csv() -> Result<()> {
    let shop = selling(9).await?;
    let (ann, bob) = (shop.shopper().await?, shop.shopper().await?);
    let mut orders = Vec::new();
    for (shopper, key) in [(&ann, "a"), (&bob, "a"), (&ann, "b")] {
        orders.push(won(&shop, shopper, key).await?);
    }
    let operator = shop.stack.operator().await?;
    operator
        .post(&format!("/v1/orders/{}/cancel", orders[1]), None)
        .await?;

    // Pages.
    let path = format!("/v1/sales/{}/orders", shop.sale);
    let begin = operator.get(&format!("{path}?limit=2")).await?;
    orders.push(won(&shop, &bob, "b").await?);
    let cursor = begin.text("next_cursor").context("one page only")?;
    let end = operator
        .get(&format!("{path}?limit=2&cursor={cursor}"))
        .await?;
    assert_eq!([ids(&begin.body), ids(&end.body)].concat(), orders);
    assert_eq!(end.body["next_cursor"], Value::Null);

    // CSV, by header and by parameter alike.
    let accept = [("accept", "text/html;q=0.9, text/csv")];
    let csv = operator
        .send_with("GET".parse()?, &path, &accept, None)
        .await?;
    let asked = operator.get(&format!("{path}?format=csv")).await?;
    assert_eq!(csv.body, asked.body);
    assert_eq!(
        csv.header("content-type"),
        Some("text/csv; charset=utf-8; header=present")
    );
    let name = format!("attachment; filename=\"orders-{}.csv\"", shop.sale);
    assert_eq!(csv.header("content-disposition"), Some(&*name));
    let text = csv.body.as_str().context("no text")?;
    assert!(text.ends_with("\r\n"));
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(
        lines[0],
        "order_id,sale_id,product,price_minor,currency,shopper_id,ordered_at,cancelled_at"
    );
    let all = operator.get(&path).await?;
    for (line, order) in lines[1..]
        .iter()
        .zip(all.body["orders"].as_array().context("none")?)
    {
        let field = |name: &str| order[name].as_str().unwrap_or_default();
        let expected = format!(
            "{},{},\"'=HYPERLINK(\"\"x\"\"),\"\"y\"\"\",4900,EUR,{},{},{}",
            field("id"),
            field("sale_id"),
            field("shopper_id"),
            field("ordered_at"),
            field("cancelled_at")
        );
        assert_eq!(*line, expected);
    }
    assert_eq!(lines.len(), 1 + orders.len());
    shop.stack.stop().await
}

#[tokio::test]
async fn a_download_holds_every_order_of_a_large_sale() -> Result<()> {
    let shop = selling(9).await?;
    // Straight into the table: only the reading is of interest here.
    let sale: uuid::Uuid = shop.sale.parse()?;
    sqlx::query(
        "INSERT INTO orders (id, sale_id, shopper_id, nth, unit_limit, key_hash, ordered_at)
         SELECT gen_random_uuid(), $1, gen_random_uuid(), 0, 1, 0, now() FROM generate_series(1, $2)",
    )
    .bind(sale)
    .bind(MANY)
    .execute(shop.stack.pool())
    .await?;
    let operator = shop.stack.operator().await?;
    let path = format!("/v1/sales/{}/orders?format=csv", shop.sale);
    let csv = operator.get(&path).await?;
    let text = csv.body.as_str().context("no text")?;
    let ids: Vec<&str> = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .collect();
    assert_eq!(ids.len() as i32, MANY);
    assert!(
        ids.is_sorted_by(|one, next| one < next),
        "in order, each once"
    );
    shop.stack.stop().await
}
