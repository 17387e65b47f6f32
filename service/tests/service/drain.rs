//! How the server stops.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{Request, Response, StatusCode, header},
    routing::get,
};
use hyper_util::rt::TokioIo;
use service::http::{HttpLimits, Socket};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
};

use crate::client::{Client, Server, within};

/// A route `/slow` that says when it is entered and answers when it is told to.
#[derive(Clone, Default)]
struct Slow {
    entered: Arc<Notify>,
    go_on: Arc<Notify>,
}

impl Slow {
    fn app(&self) -> Router {
        let slow = self.clone();
        let answer = || async move {
            slow.entered.notify_one();
            slow.go_on.notified().await;
            "done"
        };
        Router::new()
            .route("/slow", get(answer))
            .route("/fast", get(|| async { "done" }))
    }
}

#[tokio::test]
async fn a_request_under_way_is_finished() {
    let slow = Slow::default();
    let server = Server::start(slow.app(), HttpLimits::default()).await;
    let mut client = Client::connect(server.addr).await;
    client
        .send("GET /slow HTTP/1.1\r\nhost: test\r\n\r\n")
        .await;
    within(slow.entered.notified()).await;

    server.drain.cancel();
    let addr = server.addr;
    assert!(!server.returned());
    slow.go_on.notify_one();
    let answer = client.answer().await;
    assert!(answer.contains("connection: close"), "{answer}");
    assert!(answer.ends_with("done"), "{answer}");
    client.closed().await;
    server.returns().await;
    assert!(TcpStream::connect(addr).await.is_err(), "still listening");
}

#[tokio::test]
async fn an_idle_connection_is_closed_at_once() {
    let server = Server::start(Slow::default().app(), HttpLimits::default()).await;
    let mut client = Client::connect(server.addr).await;
    client.get("/fast").await;
    server.drain.cancel();
    client.closed().await;
    server.returns().await;
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_cut_off() {
    let slow = Slow::default();
    let limits = HttpLimits {
        drain: Duration::from_millis(60),
        ..HttpLimits::default()
    };
    let server = Server::start(slow.app(), limits).await;
    let mut client = Client::connect(server.addr).await;
    client
        .send("GET /slow HTTP/1.1\r\nhost: test\r\n\r\n")
        .await;
    within(slow.entered.notified()).await;
    server.drain.cancel();
    assert_eq!(client.closed().await, "");
    server.returns().await;
}

async fn upgrade(request: Request<Body>) -> Response<Body> {
    tokio::spawn(async move {
        let upgraded = hyper::upgrade::on(request).await.unwrap();
        let parts = upgraded.downcast::<TokioIo<Socket>>().unwrap();
        let mut socket = parts.io.into_inner();
        let mut word = [0; 4];
        socket.read_exact(&mut word).await.unwrap();
        socket.write_all(&word).await.unwrap();
        // Holds the socket until the client leaves.
        assert_eq!(socket.read(&mut word).await.unwrap(), 0);
    });
    Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, "echo")
        .body(Body::empty())
        .unwrap()
}

#[tokio::test]
async fn an_upgraded_connection_is_waited_for() {
    let app = Router::new().route("/live", get(upgrade));
    let server = Server::start(app, HttpLimits::default()).await;
    let mut client = Client::connect(server.addr).await;
    client
        .send("GET /live HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n")
        .await;
    assert!(client.answer().await.starts_with("http/1.1 101 "));

    server.drain.cancel();
    client.send("echo").await;
    let mut word = [0; 4];
    within(client.0.read_exact(&mut word)).await.unwrap();
    assert_eq!(&word, b"echo");
    assert!(!server.returned(), "forgot the upgraded connection");

    drop(client);
    server.returns().await;
}
