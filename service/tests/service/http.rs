//! What the server grants its clients.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use axum::{Router, extract::ConnectInfo, routing::get};
use service::http::HttpLimits;
use tokio::{io::AsyncReadExt, time::timeout};

use crate::client::{Client, Server};

const SHORT: Duration = Duration::from_millis(60);
const LONG: Duration = Duration::from_secs(60);

fn limits() -> HttpLimits {
    HttpLimits {
        head_timeout: LONG,
        idle_timeout: LONG,
        ..HttpLimits::default()
    }
}

async fn given_a_server(limits: HttpLimits) -> Server {
    let peer = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() };
    Server::start(Router::new().route("/", get(peer)), limits).await
}

#[tokio::test]
async fn a_handler_sees_its_peer() {
    let server = given_a_server(limits()).await;
    let mut client = Client::connect(server.addr).await;
    let own_addr = client.0.local_addr().unwrap().to_string();
    assert!(client.get("/").await.ends_with(&own_addr));
}

#[tokio::test]
async fn a_half_sent_head_is_not_waited_for() {
    let server = given_a_server(HttpLimits {
        head_timeout: SHORT,
        ..limits()
    })
    .await;
    let started = Instant::now();
    let mut client = Client::connect(server.addr).await;
    client.send("GET / HTTP/1.1\r\nhost: te").await;
    client.closed().await;
    assert!(started.elapsed() >= SHORT);
}

#[tokio::test]
async fn a_mute_connection_is_closed() {
    let server = given_a_server(HttpLimits {
        head_timeout: SHORT,
        ..limits()
    })
    .await;
    let mut client = Client::connect(server.addr).await;
    assert_eq!(client.closed().await, "");
}

#[tokio::test]
async fn an_idle_connection_is_kept_longer_than_a_head_may_take() {
    let idle = SHORT * 5;
    let server = given_a_server(HttpLimits {
        head_timeout: SHORT,
        idle_timeout: idle,
        ..limits()
    })
    .await;
    let mut client = Client::connect(server.addr).await;
    let started = Instant::now();
    client.get("/").await;
    client.closed().await;
    assert!(started.elapsed() > SHORT * 4, "{:?}", started.elapsed());
}

#[tokio::test]
async fn after_idling_a_half_sent_head_is_not_waited_for_either() {
    let server = given_a_server(HttpLimits {
        head_timeout: SHORT,
        ..limits()
    })
    .await;
    let mut client = Client::connect(server.addr).await;
    client.get("/").await;
    client.send("GET / HT").await;
    client.closed().await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let server = given_a_server(HttpLimits {
        max_head_bytes: 1_000,
        ..limits()
    })
    .await;
    let mut client = Client::connect(server.addr).await;
    let cookie = "c".repeat(2_000);
    client
        .send(&format!("GET / HTTP/1.1\r\ncookie: {cookie}\r\n\r\n"))
        .await;
    assert!(client.closed().await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn above_the_limit_connections_wait_for_a_place() {
    let server = given_a_server(HttpLimits {
        max_connections: 1,
        ..limits()
    })
    .await;
    let mut first = Client::connect(server.addr).await;
    first.get("/").await;

    let mut second = Client::connect(server.addr).await;
    second.send("GET / HTTP/1.1\r\nhost: test\r\n\r\n").await;
    let early = timeout(SHORT, second.0.read(&mut [0])).await;
    assert!(early.is_err(), "served above the limit");

    drop(first);
    assert!(second.answer().await.starts_with("http/1.1 200 "));
}

#[tokio::test]
async fn whoever_does_not_read_is_not_waited_for() {
    // Given: an answer larger than all buffers on its way, and room for one connection.
    let large = || async { vec![0_u8; 64 * 1024 * 1024] };
    let app = Router::new()
        .route("/large", get(large))
        .route("/", get(async || "served"));
    let limits = HttpLimits {
        write_timeout: SHORT,
        max_connections: 1,
        ..limits()
    };
    let server = Server::start(app, limits).await;

    // When: a client asks for it and never reads.
    let mut mute = Client::connect(server.addr).await;
    mute.send("GET /large HTTP/1.1\r\nhost: test\r\n\r\n").await;

    // Then: it loses its place to somebody else.
    let mut other = Client::connect(server.addr).await;
    assert!(other.get("/").await.ends_with("served"));
}
