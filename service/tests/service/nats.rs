//! Connections to a server that says exactly what the test wants. What the real one says is the
//! business of the crates that talk to it.

use std::{net::SocketAddr, sync::Arc};

use service::{
    config::{Nats, Secret},
    nats::{close, connect, connect_for, ready},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use crate::client::within;

/// Greets with a version, answers each PING, and hangs up when told to.
struct FakeServer {
    addr: SocketAddr,
    hang_up: Arc<Notify>,
}

impl FakeServer {
    async fn start(version: &'static str, pong: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let hang_up = Arc::new(Notify::new());
        let hung_up = Arc::clone(&hang_up);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::select! {
                    () = talk(stream, version, pong) => {}
                    () = hung_up.notified() => {}
                }
            }
        });
        Self { addr, hang_up }
    }

    fn config(&self) -> Nats {
        Nats {
            nats_url: vec![format!("nats://{}", self.addr)],
            nats_user: Some("ingress".to_owned()),
            nats_password: Some(Secret::from("hunter2")),
            nats_ca_file: None,
        }
    }
}

async fn talk(mut stream: TcpStream, version: &str, pong: &str) {
    let (read, mut write) = stream.split();
    let greeting = format!("INFO {{\"version\":\"{version}\",\"headers\":true}}\r\n");
    write.write_all(greeting.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(read).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if line == "PING" && write.write_all(pong.as_bytes()).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_new_enough_server_is_ready() {
    let server = FakeServer::start("2.15.1", "PONG\r\n").await;
    let client = connect(&server.config(), "ingress").await.unwrap();
    assert_eq!(ready(&client), Ok(()));
    assert!(client.new_inbox().starts_with("_INBOX_ingress."));
    within(close(&client)).await;
}

#[tokio::test]
async fn an_old_server_is_refused_in_one_sentence() {
    let server = FakeServer::start("2.10.29", "PONG\r\n").await;
    let error = connect(&server.config(), "ingress").await.unwrap_err();
    let expected = format!(
        "NATS server 2.10.29 is too old: 2.14 or newer is needed (nats://{})",
        server.addr
    );
    assert_eq!(format!("{error:#}"), expected);
}

#[tokio::test]
async fn a_refused_user_is_told_at_once_without_the_password() {
    let server = FakeServer::start("2.15.1", "-ERR 'Authorization Violation'\r\n").await;
    let error = within(connect(&server.config(), "ingress")).await;
    let error = format!("{:#}", error.unwrap_err());
    assert!(error.contains("NATS refused the user ingress"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_missing_server_is_waited_for_and_then_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = Nats {
        nats_url: vec![format!("nats://{}", listener.local_addr().unwrap())],
        ..Nats::default()
    };
    drop(listener);
    let error = connect(&config, "ingress").await.unwrap_err();
    let expected = format!("NATS did not answer within 15 s ({})", config.nats_url[0]);
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn a_lost_connection_is_unready_until_it_is_back() {
    let server = FakeServer::start("2.15.1", "PONG\r\n").await;
    let client = connect_for(&server.config(), "ingress", "feed")
        .await
        .unwrap();
    server.hang_up.notify_one();
    within(async {
        while ready(&client).is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(ready(&client).unwrap_err(), "no connection to NATS");
    within(async {
        while ready(&client).is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
