//! One HTTP/1.1 connection. It is driven by the task that uses it, without a task or a pool in between: what the
//! load costs is taken from what it measures.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Sends one request after the other.
pub(crate) struct Requests(SendRequest<Full<Bytes>>);

impl Requests {
    /// The status of the answer, once all of it has arrived.
    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<u16> {
        self.0.ready().await?;
        let response = self.0.send_request(request).await?;
        let status = response.status().as_u16();
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            frame?;
        }
        Ok(status)
    }
}

/// Connects, and lets `work` send its requests.
pub(crate) async fn with_connection<T>(
    to: SocketAddr,
    work: impl AsyncFnOnce(Requests) -> Result<T>,
) -> Result<T> {
    let stream = TcpStream::connect(to)
        .await
        .with_context(|| format!("cannot connect to {to}"))?;
    stream.set_nodelay(true)?;
    let (requests, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::select! {
        biased;
        done = work(Requests(requests)) => done,
        broken = connection => {
            broken.context("the connection broke")?;
            bail!("the connection was closed");
        }
    }
}
