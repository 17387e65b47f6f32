//! HTTP with keep-alive, answers as JSON.

use std::time::Duration;

use anyhow::{Context, Result};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Method, Request, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde_json::Value;

use super::exchanges;

/// Longer than the longest `?wait`; an answer later than this is a fault to report, not to wait for.
const ANSWER_LIMIT: Duration = Duration::from_secs(40);

/// A connection pool. Clones share it; it belongs to the runtime it was first used on.
#[derive(Clone)]
pub struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body if it is JSON, else its text as a JSON string; `null` when empty.
    pub body: Value,
}

impl Answer {
    /// A header's value, if it is there and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A text field of the body.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.body[field].as_str()
    }

    /// The problem's code, such as `sold-out`, of a problem+json body.
    pub fn problem(&self) -> Option<&str> {
        self.text("type")?.strip_prefix("/problems/")
    }
}

impl Default for Http {
    fn default() -> Self {
        Self::new()
    }
}

impl Http {
    /// An empty pool.
    pub fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self { client }
    }

    /// `GET` without a sign-in.
    pub async fn get(&self, url: &str) -> Result<Answer> {
        self.send(Method::GET, url, &[], None).await
    }

    /// Any request. A body is sent as JSON.
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer> {
        let Some(body) = body else {
            return self.send_bytes(method, url, headers, Vec::new()).await;
        };
        let mut headers = headers.to_vec();
        headers.push((header::CONTENT_TYPE.as_str(), "application/json"));
        let body = serde_json::to_vec(body)?;
        self.send_bytes(method, url, &headers, body).await
    }

    /// Any request with any body, whatever its headers call it.
    pub async fn send_bytes(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer> {
        let mut request = Request::builder().method(method.clone()).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body)))?;
        let answer = tokio::time::timeout(ANSWER_LIMIT, self.exchange(request)).await;
        answer
            .context("no answer in time")
            .flatten()
            .with_context(|| format!("{method} {url}"))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer> {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.client.request(request).await?;
        exchanges::note(&method, &path, response.status());
        let (head, body) = response.into_parts();
        let bytes = body.collect().await?.to_bytes();
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        let body = match bytes.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&bytes).unwrap_or_else(|_| text()),
        };
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        })
    }
}
