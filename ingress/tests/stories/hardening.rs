//! What every request meets, and what strangers send.

use anyhow::{Context, Result};
use devstack::{Answer, Http};

use crate::request::{Right, is_problem};
use crate::shop::{SOON, Shop};
use crate::wire::Wire;

async fn ask(
    shop: &Shop,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Answer> {
    let url = format!("{}{path}", shop.doors[0]);
    let body = body.as_bytes().to_vec();
    Http::new()
        .send_bytes(method.parse()?, &url, headers, body)
        .await
}

#[tokio::test]
async fn every_answer_has_an_id() -> Result<()> {
    let shop = Shop::selling(1).await?;
    for (given, is_kept) in [
        ("from-the_client.1", true),
        ("with spaces", false),
        ("\"quoted\"", false),
    ] {
        for path in ["/v1/sales", "/v1/nothing"] {
            let answer = ask(&shop, "GET", path, &[("x-request-id", given)], "").await?;
            let id = answer.header("x-request-id").context("no id")?;
            assert_eq!(id == given, is_kept, "{id}");
        }
    }
    shop.stack.stop().await
}

#[tokio::test]
async fn a_failed_request_is_found_in_the_log_by_its_id() -> Result<()> {
    // Given: a database without one of its tables.
    let shop = Shop::selling(1).await?;
    let operator = format!("Bearer {}", shop.stack.operator_token().await?);
    sqlx::query("ALTER TABLE products RENAME TO elsewhere")
        .execute(shop.stack.pool())
        .await?;

    let headers = [
        ("authorization", operator.as_str()),
        ("content-type", "application/json"),
        ("x-request-id", "find-me"),
    ];
    let failed = ask(&shop, "POST", "/v1/products", &headers, "{\"name\":\"x\"}").await?;

    is_problem("a failure", &failed, (500, "internal"));
    assert_eq!(failed.text("request_id"), Some("find-me"));
    assert_eq!(failed.header("x-request-id"), Some("find-me"));
    assert!(!failed.body.to_string().contains("products"), "{failed:?}");
    let door = shop.stack.ingress(0);
    let line = door.wait_for_log("request_id=\"find-me\"", SOON).await?;
    assert!(line.contains("/v1/products"), "{line}");
    shop.stack.stop().await
}

#[tokio::test]
async fn every_answer_tells_browsers_what_not_to_do() -> Result<()> {
    let shop = Shop::selling(1).await?;
    for (method, path, status) in [
        ("GET", "/v1/sales", 200),
        ("GET", "/config.json", 200),
        ("POST", "/v1/sessions/guest", 201),
        ("POST", "/v1/products", 401),
        ("GET", "/v1/nothing", 404),
        ("PUT", "/v1/sales", 405),
    ] {
        let answer = ask(&shop, method, path, &[("x-forwarded-proto", "https")], "").await?;
        assert_eq!(answer.status, status, "{path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            (
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'none'",
            ),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}: {name}");
        }
        assert_eq!(
            answer.header("strict-transport-security"),
            None,
            "nobody is trusted to say https"
        );
    }
    shop.stack.stop().await
}

#[tokio::test]
async fn behind_tls_browsers_are_told_to_stay_there() -> Result<()> {
    let stack = devstack::Stack::builder()
        .notifiers(0)
        .allocators(0)
        .env(devstack::Role::Ingress, "TRUSTED_HOPS", "1")
        .start()
        .await?;
    let url = format!("{}/v1/sales", stack.ingress(0).url());
    for (scheme, told) in [("https", Some("max-age=31536000")), ("http", None)] {
        let headers = [("x-forwarded-proto", scheme)];
        let answer = Http::new()
            .send("GET".parse()?, &url, &headers, None)
            .await?;
        assert_eq!(answer.header("strict-transport-security"), told);
    }
    stack.stop().await
}

#[tokio::test]
async fn pages_of_other_origins_are_given_nothing() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let right = Right::of_a_guest(&shop).await?;
    let preflight = [
        ("origin", "https://evil.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type"),
    ];
    for (method, path) in [("OPTIONS", &*right.path), ("GET", "/v1/sales")] {
        let answer = ask(&shop, method, path, &preflight, "").await?;
        let allowed = answer
            .headers
            .keys()
            .find(|name| name.as_str().starts_with("access-control"));
        assert_eq!(allowed, None, "{method} {path}");
    }
    shop.stack.stop().await
}

#[tokio::test]
async fn bodies_made_to_hurt_are_refused() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let right = Right::of_a_guest(&shop).await?;
    let deep = |open: &str, close: &str| {
        let (open, close) = (open.repeat(10_000), close.repeat(10_000));
        format!("{{\"quantity\":{open}{close}}}")
    };
    let case = |name, status, problem| right.purchase(name, status, problem);
    for case in [
        case("deep lists", 422, "invalid").body(deep("[", "]")),
        case("deep lists alone", 422, "invalid").body("[".repeat(10_000)),
        case("a deep field nobody knows", 422, "invalid")
            .body(format!("{{\"x\":{}", "[".repeat(10_000))),
        case("a field twice", 422, "invalid").body("{\"quantity\":1,\"quantity\":1}"),
        case("more than any number", 400, "bad-request").body("{\"quantity\":1e999}"),
        case("more than 64 bits", 422, "invalid").body("{\"quantity\":99999999999999999999}"),
        case("a number of 30,000 digits", 400, "bad-request")
            .body(format!("{{\"quantity\":{}}}", "9".repeat(30_000))),
        case("half a character", 400, "bad-request").body(b"{\"quantity\":\"\xc3\"}".to_vec()),
        case("something after the end", 400, "bad-request").body("{} {}"),
    ] {
        case.answered_by(&shop.doors[0]).await?;
    }
    assert_eq!(shop.records().await?, 1, "nothing but its opening");
    assert_eq!(
        shop.shopper().await?.buy(&shop.sale, None).await?.status,
        202
    );
    shop.stack.stop().await
}

#[tokio::test]
async fn heads_and_bodies_without_end_are_cut_off() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let right = Right::of_a_guest(&shop).await?;
    let door = shop.stack.ingress(0).addr();
    let get =
        |path: &str, headers: &str| format!("GET {path} HTTP/1.1\r\nhost: shop\r\n{headers}\r\n");
    let many: String = (0..200).map(|number| format!("h{number}: x\r\n")).collect();
    let chunked = right
        .on_the_wire("")
        .replace("content-length: 0", "transfer-encoding: chunked");
    let piece = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
    for (name, request, status) in [
        (
            "a long header",
            get("/v1/sales", &format!("cookie: {}\r\n", "c".repeat(20_000))),
            "431",
        ),
        ("many headers", get("/v1/sales", &many), "431"),
        (
            "a long path",
            get(&format!("/{}", "p".repeat(20_000)), ""),
            "431",
        ),
        ("no HTTP", "hello\r\n\r\n".to_owned(), "400"),
        ("a body without end", chunked + &piece.repeat(9), "413"),
    ] {
        let mut wire = Wire::to(door).await?;
        // It may be refused before all of it is sent.
        let _ = wire.send(&request).await;
        let said = wire.rest().await?;
        assert!(
            said.starts_with(&format!("HTTP/1.1 {status} ")),
            "{name}: {said}"
        );
    }
    shop.stack.stop().await
}

#[tokio::test]
async fn requests_are_counted_by_route_and_never_by_path() -> Result<()> {
    let shop = Shop::selling(1).await?;
    shop.shopper().await?.buy(&shop.sale, None).await?;
    ask(&shop, "GET", "/v1/invented/by/a/stranger", &[], "").await?;
    ask(&shop, "BREW", "/v1/sales", &[], "").await?;

    let metrics = shop.metrics().await?;
    for line in [
        "ingress_http_requests_total{route=\"/v1/sales/{sale}/purchases\",method=\"POST\",status=\"202\"} 1",
        "ingress_http_requests_total{route=\"unmatched\",method=\"GET\",status=\"404\"} 1",
        "ingress_http_requests_total{route=\"/v1/sales\",method=\"other\",status=\"405\"} 1",
        "ingress_http_request_seconds_count{route=\"/v1/sales/{sale}/purchases\"} 1",
    ] {
        assert!(metrics.contains(line), "no {line} in\n{metrics}");
    }
    for stranger in ["invented", "BREW", &shop.sale] {
        assert!(!metrics.contains(stranger), "{stranger}");
    }
    shop.stack.stop().await
}
