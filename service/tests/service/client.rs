//! A server under test and a client that can misbehave.

use std::{future::Future, net::SocketAddr, time::Duration};

use axum::Router;
use service::http::{HttpLimits, serve};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Longer than anything here takes; a test that reaches it has failed.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    pub(crate) drain: CancellationToken,
    serving: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(app: Router, limits: HttpLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let drain = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, app, limits, drain.clone()));
        Self {
            addr,
            drain,
            serving,
        }
    }

    pub(crate) fn returned(&self) -> bool {
        self.serving.is_finished()
    }

    pub(crate) async fn returns(self) {
        within(self.serving).await.unwrap();
    }
}

pub(crate) struct Client(pub(crate) TcpStream);

impl Client {
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        Self(TcpStream::connect(addr).await.unwrap())
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    pub(crate) async fn get(&mut self, path: &str) -> String {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n"))
            .await;
        self.answer().await
    }

    /// The next answer: head and body, in lower case.
    pub(crate) async fn answer(&mut self) -> String {
        let mut answer = String::new();
        while !is_complete(&answer) {
            let mut bytes = [0; 4096];
            let n = within(self.0.read(&mut bytes)).await.unwrap();
            assert!(n > 0, "closed in the middle of an answer: {answer:?}");
            answer += &String::from_utf8_lossy(&bytes[..n]).to_lowercase();
        }
        answer
    }

    /// Waits until the server closes the connection and returns what it said before.
    pub(crate) async fn closed(&mut self) -> String {
        let mut rest = Vec::new();
        // A reset is a way to close, too.
        let _ = within(self.0.read_to_end(&mut rest)).await;
        String::from_utf8_lossy(&rest).into_owned()
    }
}

fn is_complete(answer: &str) -> bool {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    body.len() >= length
}

pub(crate) async fn within<F: Future>(work: F) -> F::Output {
    timeout(PATIENCE, work)
        .await
        .expect("took longer than a test may")
}
