//! What supervisors and Prometheus are told.

use std::net::SocketAddr;

use serde_json::{Value, json};
use service::{
    config::{self, Drain},
    health::Health,
    shutdown::Shutdown,
};

use crate::client::Client;

async fn given_a_process(shutdown: &Shutdown) -> (Health, SocketAddr) {
    let health = Health::new(shutdown);
    let config = config::Health {
        health_addr: "127.0.0.1:0".parse().unwrap(),
    };
    let addr = health.start(&config, "test", shutdown).await.unwrap();
    (health, addr)
}

async fn given_a_started_process(shutdown: &Shutdown) -> (Health, SocketAddr) {
    let (health, addr) = given_a_process(shutdown).await;
    health.started();
    (health, addr)
}

async fn when_probed(addr: SocketAddr) -> (String, Value) {
    let answer = Client::connect(addr).await.get("/readyz").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap();
    (status.to_owned(), serde_json::from_str(body).unwrap())
}

#[tokio::test]
async fn a_process_is_not_ready_before_it_says_so() {
    let shutdown = Shutdown::new(&Drain::default());
    let (health, addr) = given_a_process(&shutdown).await;
    let (status, body) = when_probed(addr).await;
    let reasons = json!([{"check": "start", "reason": "starting"}]);
    assert_eq!((status.as_str(), &body["reasons"]), ("503", &reasons));
    health.started();
    assert_eq!(when_probed(addr).await.0, "200");
}

#[tokio::test]
async fn readiness_names_every_reason() {
    let shutdown = Shutdown::new(&Drain::default());
    let (health, addr) = given_a_started_process(&shutdown).await;
    health.register("postgres", || Ok(()));
    assert_eq!(
        when_probed(addr).await,
        ("200".to_owned(), json!({"ready": true}))
    );

    let feed = health.flag("feed", "not loaded yet");
    health.register("nats", || Err("no connection".to_owned()));
    let (status, body) = when_probed(addr).await;
    assert_eq!(status, "503");
    let reasons = json!([
        {"check": "feed", "reason": "not loaded yet"},
        {"check": "nats", "reason": "no connection"},
    ]);
    assert_eq!(body, json!({"ready": false, "reasons": reasons}));

    feed.ready();
    assert_eq!(health.reasons().len(), 1);
    feed.unready("a gap");
    assert_eq!(health.reasons()[0].reason, "a gap");
}

#[tokio::test]
async fn draining_is_unready_and_still_alive() {
    let shutdown = Shutdown::new(&Drain::default());
    let (_health, addr) = given_a_started_process(&shutdown).await;
    shutdown.begin();
    let (status, body) = when_probed(addr).await;
    assert_eq!(status, "503");
    assert_eq!(
        body["reasons"],
        json!([{"check": "shutdown", "reason": "draining"}])
    );
    let alive = Client::connect(addr).await.get("/livez").await;
    assert!(alive.starts_with("http/1.1 200 "));
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    let shutdown = Shutdown::new(&Drain::default());
    let (_health, addr) = given_a_process(&shutdown).await;
    let metrics = Client::connect(addr).await.get("/metrics").await;
    assert!(metrics.contains("content-type: text/plain; version=0.0.4"));
    assert!(metrics.contains("firstcome_build_info{process=\"test\""));
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let shutdown = Shutdown::new(&Drain::default());
    let (health, addr) = given_a_process(&shutdown).await;
    let config = config::Health { health_addr: addr };
    let error = health.start(&config, "test", &shutdown).await.unwrap_err();
    let expected = format!("HEALTH_ADDR {addr} cannot be used");
    assert_eq!(error.to_string(), expected);
}
