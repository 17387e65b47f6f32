//! The notifier's WebSocket.

use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{WebSocketStream, client_async};

/// Nothing a test waits for takes this long; it ends a test that waits for what never comes.
const EVENT_LIMIT: Duration = Duration::from_secs(40);

/// What the server says. Fields that an event has only in some states are optional.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Event {
    /// The first message of every connection.
    Hello {
        /// RFC 3339.
        server_time: String,
    },
    /// A watched ticket's state.
    Ticket {
        /// Which one.
        ticket: String,
        /// `queued`, `won` or `lost`.
        state: String,
        /// When won.
        order_id: Option<String>,
        /// When lost.
        reason: Option<String>,
        /// When queued: purchases before this one.
        ahead: Option<u64>,
        /// When queued: an estimate.
        wait_ms: Option<u64>,
    },
    /// A watched sale's state.
    Sale {
        /// Which one.
        id: String,
        /// `active`, `sold-out` and so on.
        state: String,
        /// Units left.
        remaining: u64,
        /// Grows with every change.
        version: u64,
    },
    /// Something that could not be watched.
    Refused {
        /// The ticket or the sale.
        what: String,
        /// Why.
        problem: String,
        /// When it was too much: how many there may be.
        limit: Option<u64>,
    },
    /// The server is about to stop.
    Bye {
        /// When to come back.
        retry_ms: u64,
    },
    /// The server closed the connection, with this code when it gave one.
    #[serde(skip)]
    Closed(Option<u16>),
}

/// One connection.
pub struct Live {
    socket: WebSocketStream<TcpStream>,
}

impl Live {
    /// Connects to a notifier, as [`crate::Process::live_url`] names it.
    pub async fn connect(url: &str) -> Result<Self> {
        let mut request = url.into_client_request()?;
        request.headers_mut().insert(
            "sec-websocket-protocol",
            HeaderValue::from_static("firstcome.v1"),
        );
        let authority = request
            .uri()
            .authority()
            .context("the URL names no host")?
            .as_str()
            .to_owned();
        let stream = TcpStream::connect(&authority)
            .await
            .with_context(|| format!("connecting to {authority}"))?;
        stream.set_nodelay(true)?;
        let (socket, _) = client_async(request, stream)
            .await
            .with_context(|| format!("opening {url}"))?;
        Ok(Self { socket })
    }

    /// Asks for the results of tickets.
    pub async fn watch(&mut self, tickets: &[&str]) -> Result<()> {
        self.say(&json!({ "watch": tickets })).await
    }

    /// Asks for the state of sales.
    pub async fn watch_sales(&mut self, sales: &[&str]) -> Result<()> {
        self.say(&json!({ "sales": sales })).await
    }

    /// Sends any JSON.
    pub async fn say(&mut self, message: &serde_json::Value) -> Result<()> {
        Ok(self.socket.send(Message::text(message.to_string())).await?)
    }

    /// The next event; fails when none comes in time.
    pub async fn next(&mut self) -> Result<Event> {
        let event = tokio::time::timeout(EVENT_LIMIT, self.read());
        event.await.context("no event in time")?
    }

    /// Waits for the result of a ticket, skipping everything else.
    pub async fn result_of(&mut self, wanted: &str) -> Result<Event> {
        loop {
            let event = self.next().await?;
            match &event {
                Event::Ticket { ticket, state, .. } if ticket == wanted && state != "queued" => {
                    return Ok(event);
                }
                Event::Closed(_) | Event::Refused { .. } => {
                    anyhow::bail!("no result of {wanted} but {event:?}")
                }
                _ => {}
            }
        }
    }

    async fn read(&mut self) -> Result<Event> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    return serde_json::from_str(&text)
                        .with_context(|| format!("not an event: {text}"));
                }
                Some(Ok(Message::Close(frame))) => {
                    return Ok(Event::Closed(frame.map(|frame| frame.code.into())));
                }
                None => return Ok(Event::Closed(None)),
                // Pings are answered by the library while we read on.
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error).context("the connection broke"),
            }
        }
    }
}
