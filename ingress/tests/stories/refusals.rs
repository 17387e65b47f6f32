//! What is kept out: each refusal is a problem document of the right type, and nothing is accepted.

use anyhow::{Context, Result};
use devstack::{Http, Shopper, until};
use tokio::process::Command;

use crate::request::{Right, is_problem};
use crate::shop::{SOON, Shop, ticket};

/// The opening of the sale; a refused request adds nothing to it.
const RECORDS: u64 = 1;

async fn nothing_was_accepted(shop: &Shop) -> Result<()> {
    assert_eq!(shop.records().await?, RECORDS);
    shop.stack.stop().await
}

#[tokio::test]
async fn bodies_that_are_not_a_wish_are_refused() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let right = Right::of_a_guest(&shop).await?;
    let json = |name, body: &str| right.purchase(name, 422, "invalid").body(body);
    let too_large = format!("{{\"quantity\":1{}}}", " ".repeat(33 * 1024));
    for case in [
        right
            .purchase("half a body", 400, "bad-request")
            .body("{\"quantity\":"),
        right.purchase("no body", 400, "bad-request").body(""),
        right
            .purchase("not JSON", 400, "bad-request")
            .body(b"\xff\xfe".to_vec()),
        json("an unknown field", "{\"quantity\":1,\"colour\":\"red\"}"),
        json("a wrong type", "{\"quantity\":\"1\"}"),
        json("an empty list", "[]"),
        json("a list of one", "[1]"),
        json("nothing", "null"),
        json("more than one", "{\"quantity\":2}"),
        json("none", "{\"quantity\":0}"),
        json("a negative number", "{\"quantity\":-1}"),
        right
            .purchase("a wrong content type", 415, "unsupported-media-type")
            .header("content-type", "text/plain"),
        right
            .purchase("no content type", 415, "unsupported-media-type")
            .without("content-type"),
        right
            .purchase("a large body", 413, "too-large")
            .body(too_large),
        right
            .purchase("an empty key", 400, "bad-request")
            .header("idempotency-key", "\"\""),
        right
            .purchase("a long key", 400, "bad-request")
            .header("idempotency-key", "k".repeat(256)),
    ] {
        case.answered_by(&shop.doors[0]).await?;
    }
    nothing_was_accepted(&shop).await
}

#[tokio::test]
async fn places_that_are_not_there_are_refused() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let right = Right::of_a_guest(&shop).await?;
    let unknown = |name, path: &str| right.purchase(name, 404, "unknown-sale").to("POST", path);
    let nothing =
        |name, method, path: &str| right.purchase(name, 404, "not-found").to(method, path);
    let wrong = |name, method, path: &str| {
        right
            .purchase(name, 405, "method-not-allowed")
            .to(method, path)
    };
    for case in [
        unknown(
            "a sale nobody opened",
            "/v1/sales/0192f0c1-2b3c-8000-8000-000000000001/purchases",
        ),
        unknown("a malformed sale", "/v1/sales/none/purchases"),
        nothing("no product", "GET", "/v1/products/%ff"),
        unknown(
            "a UUID of another kind",
            "/v1/sales/6f9619ff-8b86-4d01-b42d-00cf4fc964ff/purchases",
        ),
        right
            .purchase("a look at no sale", 404, "unknown-sale")
            .to("GET", "/v1/sales/none"),
        unknown("a sale that is no text", "/v1/sales/%FF/purchases"),
        right
            .purchase("a look at what is no text", 404, "unknown-sale")
            .to("GET", "/v1/sales/%FF"),
        right
            .purchase("a ticket that is no text", 404, "bad-ticket")
            .to("GET", "/v1/tickets/%FF"),
        right
            .purchase("an order that is no text", 404, "unknown-order")
            .to("GET", "/v1/orders/%FF"),
        nothing("an unknown path", "GET", "/v1/nothing"),
        nothing("the root", "GET", "/"),
        nothing("a path with dots", "GET", "/v1/../../etc/passwd"),
        wrong("a purchase that is deleted", "DELETE", &right.path),
        wrong("a purchase that is read", "GET", &right.path),
        wrong("a sale that is put", "PUT", "/v1/sales"),
        right
            .purchase("an unknown filter", 400, "bad-request")
            .to("GET", "/v1/sales?state=lost"),
        right
            .purchase("an unknown parameter", 400, "bad-request")
            .to("GET", "/v1/sales?colour=red"),
    ] {
        case.answered_by(&shop.doors[0]).await?;
    }
    nothing_was_accepted(&shop).await
}

#[tokio::test]
async fn people_who_may_not_are_refused() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let right = Right::of_a_guest(&shop).await?;
    let stranger = |name, value: &str| {
        right
            .purchase(name, 401, "unauthorized")
            .header("authorization", value)
    };
    let mut tampered = right.authorization.clone().into_bytes();
    let last = tampered.len() - 5;
    tampered[last] = if tampered[last] == b'A' { b'B' } else { b'A' };
    let tampered = String::from_utf8(tampered)?;
    let close = format!("/v1/sales/{}/close", shop.sale);
    let not_theirs = |name, path: &str| right.purchase(name, 403, "forbidden").to("POST", path);
    for case in [
        right
            .purchase("no token", 401, "unauthorized")
            .without("authorization"),
        stranger("garbage", "Bearer garbage"),
        stranger("an empty token", "Bearer "),
        stranger("another scheme", "Basic c2hvcHBlcjpzZWNyZXQ="),
        stranger("a changed signature", &tampered),
        not_theirs("a shopper who closes", &close),
        not_theirs("a shopper who opens", "/v1/sales").body("{}"),
        not_theirs("a shopper who adds a product", "/v1/products").body("{\"name\":\"x\"}"),
        right
            .purchase("a stranger who closes", 401, "unauthorized")
            .to("POST", close.clone())
            .without("authorization"),
    ] {
        case.answered_by(&shop.doors[0]).await?;
    }
    nothing_was_accepted(&shop).await
}

#[tokio::test]
async fn a_session_ends_when_it_says() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let mut made = Command::new(env!("CARGO_BIN_EXE_ingress"));
    made.args(["operator-token", "--hours", "0"])
        .env("SESSION_KEYS", &shop.stack.keys().sessions);
    let token = String::from_utf8(made.output().await?.stdout)?;
    let authorization = format!("Bearer {}", token.trim());
    let url = format!("{}/v1/products", shop.doors[0]);
    let http = Http::new();
    let refused = until("the end of a session", SOON, async || {
        let headers = [("authorization", authorization.as_str())];
        let body = serde_json::json!({ "name": "" });
        let answer = http
            .send("POST".parse()?, &url, &headers, Some(&body))
            .await?;
        // Until then the token is good, and the product is not.
        Ok((answer.status != 422).then_some(answer))
    })
    .await?;
    is_problem("an expired token", &refused, (401, "unauthorized"));
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    shop.stack.stop().await
}

#[tokio::test]
async fn a_ticket_with_any_bit_changed_is_refused() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let shopper = shop.shopper().await?;
    let bought = shopper.buy(&shop.sale, None).await?;
    let real: uuid::Uuid = ticket(&bought)?.parse()?;

    for bit in 0..128 {
        let forged = uuid::Uuid::from_u128(real.as_u128() ^ 1 << bit);
        let answer = shopper.ticket(&forged.to_string(), 0).await?;
        is_problem(&format!("bit {bit}"), &answer, (404, "bad-ticket"));
    }
    for garbage in [
        "none",
        "00000000-0000-0000-0000-000000000000",
        "%F0%9F%8E%AB",
    ] {
        let answer = shopper.ticket(garbage, 0).await?;
        is_problem(garbage, &answer, (404, "bad-ticket"));
    }
    for wait in ["soon", "21", "-1"] {
        let answer = shopper
            .get(&format!("/v1/tickets/{real}?wait={wait}"))
            .await?;
        is_problem(wait, &answer, (400, "bad-request"));
    }
    shop.stack.stop().await
}

#[tokio::test]
async fn terms_that_cannot_be_are_refused() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let operator = shop.stack.operator().await?;
    let product = serde_json::json!({ "name": "A scarce thing" });
    let product = operator.post("/v1/products", Some(&product)).await?;
    let right = serde_json::json!({
        "product_id": product.body["id"], "stock": 1, "unit_limit": 1,
        "price": { "amount_minor": 100, "currency": "EUR" },
        "starts_at": "2030-01-01T10:00:00Z", "ends_at": "2030-01-01T11:00:00Z",
    });
    let wrong = [
        ("product_id", serde_json::json!(uuid::Uuid::nil())),
        ("stock", serde_json::json!(10_000_001)),
        ("stock", serde_json::json!(-1)),
        ("unit_limit", serde_json::json!(0)),
        ("unit_limit", serde_json::json!(101)),
        (
            "price",
            serde_json::json!({ "amount_minor": 100, "currency": "euro" }),
        ),
        ("ends_at", serde_json::json!("2030-01-01T10:00:00Z")),
        ("ends_at", serde_json::json!("tomorrow")),
        ("discount", serde_json::json!(10)),
    ];
    for (field, value) in wrong {
        let mut terms = right.clone();
        terms[field] = value;
        let answer = operator.post("/v1/sales", Some(&terms)).await?;
        is_problem(field, &answer, (422, "invalid"));
    }
    nothing_was_accepted(&shop).await
}

#[tokio::test]
async fn guests_are_let_in_only_where_they_are_wanted() -> Result<()> {
    let stack = devstack::Stack::builder()
        .notifiers(0)
        .allocators(0)
        .env(devstack::Role::Ingress, "GUEST_SESSIONS", "false")
        .start()
        .await?;
    let turned_away = Shopper::guest(&stack.ingress(0).url()).await.err();
    let turned_away = turned_away.context("a guest was let in")?.to_string();
    assert!(turned_away.contains("/problems/forbidden"), "{turned_away}");
    stack.stop().await
}
