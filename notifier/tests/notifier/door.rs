//! Who gets no WebSocket, and is told why.

use anyhow::Result;
use devstack::{Answer, Http, Live, Role, Stack, until};

use crate::owner::Owner;
use crate::shop::SOON;

const PAGE: &str = "https://shop.example";

/// A handshake that is right.
const HANDSHAKE: [(&str, &str); 6] = [
    ("connection", "upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("sec-websocket-protocol", "firstcome.v1"),
    ("origin", PAGE),
];

#[tokio::test]
async fn a_wrong_handshake_is_told_what_is_wrong_with_it() -> Result<()> {
    let builder = Stack::builder().env(Role::Notifier, "ALLOWED_ORIGINS", PAGE);
    let owner = Owner::with(builder).await?;
    let url = format!("{}/v1/live", owner.stack.notifier(0).url());
    for (name, value, (status, problem)) in [
        ("upgrade", None, (426, "upgrade-required")),
        ("connection", Some("close"), (426, "upgrade-required")),
        (
            "sec-websocket-version",
            Some("8"),
            (426, "upgrade-required"),
        ),
        ("origin", Some("https://other.example"), (403, "forbidden")),
        ("origin", Some("null"), (403, "forbidden")),
        ("sec-websocket-protocol", None, (400, "bad-request")),
        (
            "sec-websocket-protocol",
            Some("firstcome.v2"),
            (400, "bad-request"),
        ),
        ("sec-websocket-key", Some("short"), (400, "bad-request")),
    ] {
        let mut headers = HANDSHAKE.to_vec();
        headers.retain(|(known, _)| *known != name);
        headers.extend(value.map(|value| (name, value)));
        let answer = Http::new()
            .send("GET".parse()?, &url, &headers, None)
            .await?;
        is_problem(&answer, status, problem);
    }
    let plain = Http::new().get(&url).await?;
    is_problem(&plain, 426, "upgrade-required");
    assert_eq!(plain.header("upgrade"), Some("websocket"));
    let post = Http::new()
        .send("POST".parse()?, &url, &HANDSHAKE, None)
        .await?;
    is_problem(&post, 405, "method-not-allowed");
    owner.stack.stop().await
}

#[tokio::test]
async fn a_full_notifier_refuses_until_somebody_leaves() -> Result<()> {
    let builder = Stack::builder().env(Role::Notifier, "CONNECTIONS_MAX", "2");
    let owner = Owner::with(builder).await?;
    let notifier = owner.stack.notifier(0);
    let inside = [owner.live().await?, owner.live().await?];

    let url = format!("{}/v1/live", notifier.url());
    let answer = Http::new()
        .send("GET".parse()?, &url, &HANDSHAKE[..5], None)
        .await?;
    is_problem(&answer, 503, "busy");
    let wait_ms = answer.body["retry_after_ms"].as_u64().unwrap_or_default();
    assert!((1_000..5_000).contains(&wait_ms), "{}", answer.body);
    let wait_s = wait_ms.div_ceil(1_000).to_string();
    assert_eq!(answer.header("retry-after"), Some(wait_s.as_str()));

    let [left, _stays] = inside;
    drop(left);
    until("a free place", SOON, async || {
        Ok(Live::connect(&notifier.live_url()).await.ok())
    })
    .await?;
    owner.stack.stop().await
}

/// It is that problem, told the way problems are told.
fn is_problem(answer: &Answer, status: u16, problem: &str) {
    assert_eq!(
        (answer.status, answer.problem()),
        (status, Some(problem)),
        "{}",
        answer.body
    );
    assert_eq!(answer.body["status"], status);
    assert!(
        answer
            .text("detail")
            .is_some_and(|detail| !detail.is_empty()),
        "{}",
        answer.body
    );
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
}
