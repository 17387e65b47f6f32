//! Handshakes: the rules by themselves, then over a real socket.

use axum::http::HeaderValue;
use service::config::Drain;
use service::http::HttpLimits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::desk::tests::given_an_empty_desk;

const PAGE: &str = "https://shop.example";

/// The example of RFC 6455, 1.3, with our subprotocol among others.
const HANDSHAKE: [(&str, &str); 6] = [
    ("connection", "keep-alive, Upgrade"),
    ("upgrade", "WebSocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("sec-websocket-protocol", "chat, firstcome.v1"),
    ("origin", PAGE),
];

/// A handshake with one header replaced, or left out.
fn given_a_handshake_but(name: &'static str, value: Option<&'static str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in HANDSHAKE {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.remove(name);
    if let Some(value) = value {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
}

fn checked(headers: &HeaderMap) -> Result<String, Refusal> {
    check(&Method::GET, headers, &PAGE.parse().unwrap())
}

#[test]
fn a_right_handshake_is_accepted() {
    let headers = given_a_handshake_but("x", None);
    assert_eq!(checked(&headers).unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    // A program is no page.
    checked(&given_a_handshake_but("origin", None)).unwrap();
}

#[test]
fn a_wrong_handshake_is_refused() {
    let bad_request = StatusCode::BAD_REQUEST;
    for (name, value, status) in [
        ("connection", None, StatusCode::UPGRADE_REQUIRED),
        ("upgrade", Some("h2c"), StatusCode::UPGRADE_REQUIRED),
        (
            "sec-websocket-version",
            Some("8"),
            StatusCode::UPGRADE_REQUIRED,
        ),
        (
            "origin",
            Some("https://other.example"),
            StatusCode::FORBIDDEN,
        ),
        ("origin", Some("null"), StatusCode::FORBIDDEN),
        ("sec-websocket-protocol", None, bad_request),
        ("sec-websocket-protocol", Some("firstcome.v2"), bad_request),
        ("sec-websocket-key", None, bad_request),
        ("sec-websocket-key", Some("short"), bad_request),
        (
            "sec-websocket-key",
            Some("dGhlIHNhbXBsZSBub25jZQdGhl"),
            bad_request,
        ),
    ] {
        let refusal = checked(&given_a_handshake_but(name, value)).unwrap_err();
        assert_eq!(refusal.status(), status, "{name}: {value:?}");
    }
}

#[test]
fn a_websocket_begins_with_get() {
    let headers = given_a_handshake_but("x", None);
    let refusal = check(&Method::HEAD, &headers, &Origins::Any).unwrap_err();
    assert_eq!(refusal, Refusal::MethodNotAllowed);
}

/// A door at a real socket, behind which nothing is loaded yet.
async fn given_a_door() -> (TcpStream, Shutdown) {
    let shutdown = Shutdown::new(&Drain::default());
    let door = Door {
        desk: given_an_empty_desk().await,
        origins: PAGE.parse().unwrap(),
        slots: Arc::new(Semaphore::new(1)),
        per_address: PerAddress::new(1),
        hops: TrustedHops(0),
        shutdown: shutdown.clone(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap());
    let client = client.await.unwrap();
    let serving = service::http::serve(
        listener,
        router(door),
        HttpLimits::default(),
        shutdown.closing(),
    );
    tokio::spawn(serving);
    (client, shutdown)
}

async fn answer(client: &mut TcpStream, request_line: &str, headers: &[(&str, &str)]) -> String {
    let mut request = format!("{request_line} HTTP/1.1\r\nhost: test\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += "\r\n";
    client.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    while !answer.ends_with('}') {
        let mut bytes = [0; 4096];
        let n = client.read(&mut bytes).await.unwrap();
        assert!(n > 0, "closed after {answer:?}");
        answer += &String::from_utf8_lossy(&bytes[..n]);
    }
    answer
}

fn assert_problem(answer: &str, status: u16, code: &str) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{answer}"
    );
    assert!(answer.contains("content-type: application/problem+json\r\n"));
    assert!(
        answer.contains(&format!("\"type\":\"/problems/{code}\"")),
        "{answer}"
    );
}

#[tokio::test]
async fn refusals_are_problems() {
    let (mut client, _shutdown) = given_a_door().await;
    let plain = answer(&mut client, "GET /v1/live", &[]).await;
    assert_problem(&plain, 426, "upgrade-required");
    assert!(plain.contains("upgrade: websocket\r\n"), "{plain}");
    let elsewhere = answer(&mut client, "GET /v1/dead", &[]).await;
    assert_problem(&elsewhere, 404, "not-found");
    let post = answer(&mut client, "POST /v1/live", &HANDSHAKE).await;
    assert_problem(&post, 405, "method-not-allowed");
    let mut foreign = HANDSHAKE;
    foreign[5].1 = "https://other.example";
    let foreign = answer(&mut client, "GET /v1/live", &foreign).await;
    assert_problem(&foreign, 403, "forbidden");
}

#[tokio::test]
async fn nobody_is_let_in_before_the_feed_is_loaded() {
    let (mut client, _shutdown) = given_a_door().await;
    let answer = answer(&mut client, "GET /v1/live", &HANDSHAKE).await;
    assert_problem(&answer, 503, "busy");
    assert!(answer.contains("retry-after: "), "{answer}");
    assert!(answer.contains("\"retry_after_ms\":"), "{answer}");
    assert!(answer.contains("is starting"), "{answer}");
}

#[tokio::test]
async fn nobody_is_let_in_during_a_drain() {
    let (mut client, shutdown) = given_a_door().await;
    shutdown.draining().cancel();
    let answer = answer(&mut client, "GET /v1/live", &HANDSHAKE).await;
    assert_problem(&answer, 503, "busy");
    assert!(answer.contains("retry-after: "), "{answer}");
    assert!(answer.contains("This notifier stops"), "{answer}");
}
