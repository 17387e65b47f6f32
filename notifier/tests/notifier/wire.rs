//! A client that is closer to the bytes than any library.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::shop::SOON;

/// A handshake that is right.
pub(crate) const HANDSHAKE: &str = "GET /v1/live HTTP/1.1\r\nhost: notifier\r\n\
    connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: firstcome.v1\r\n\r\n";

/// Bits of a frame's first byte (RFC 6455, 5.2).
pub(crate) const FIN: u8 = 0x80;
pub(crate) const CONTINUATION: u8 = 0x0;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const PING: u8 = 0x9;

/// A frame of a client, masked with zeros.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match u16::try_from(payload.len()) {
        Ok(short @ ..126) => bytes.push(0x80 | short as u8),
        Ok(long) => {
            bytes.push(0x80 | 126);
            bytes.extend(long.to_be_bytes());
        }
        Err(_) => {
            bytes.push(0x80 | 127);
            bytes.extend((payload.len() as u64).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

/// A TCP connection.
pub(crate) struct Wire(TcpStream);

impl Wire {
    pub(crate) async fn to(notifier: SocketAddr) -> Result<Self> {
        Ok(Self(TcpStream::connect(notifier).await?))
    }

    /// One that takes little before it must be read.
    pub(crate) async fn narrow(notifier: SocketAddr, bytes: u32) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(bytes)?;
        Ok(Self(socket.connect(notifier).await?))
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.0.write_all(bytes).await?)
    }

    /// What comes until the server closes, which it must.
    pub(crate) async fn rest(mut self) -> Result<String> {
        let mut said = Vec::new();
        let closed = timeout(SOON, self.0.read_to_end(&mut said)).await;
        // A reset closes too.
        let _ = closed.context("the connection stays open")?;
        Ok(String::from_utf8_lossy(&said).into_owned())
    }

    /// Reads the answer to the handshake.
    pub(crate) async fn upgraded(mut self) -> Result<Socket> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        anyhow::ensure!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let stream = WebSocketStream::from_raw_socket(self.0, Role::Client, None).await;
        Ok(Socket(stream))
    }
}

/// A WebSocket.
pub(crate) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// One that has been greeted.
    pub(crate) async fn open(notifier: SocketAddr) -> Result<Self> {
        let mut wire = Wire::to(notifier).await?;
        wire.send(HANDSHAKE.as_bytes()).await?;
        let mut socket = wire.upgraded().await?;
        let hello = socket.hears().await?;
        anyhow::ensure!(hello["type"] == "hello", "no hello but {hello}");
        Ok(socket)
    }

    /// Any bytes, in one piece.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.0.get_mut().write_all(bytes).await?)
    }

    /// The next message.
    pub(crate) async fn hears(&mut self) -> Result<serde_json::Value> {
        let message = async {
            loop {
                match self.next().await? {
                    Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                    Message::Ping(_) | Message::Pong(_) => {}
                    other => anyhow::bail!("no message but {other:?}"),
                }
            }
        };
        timeout(SOON, message).await.context("nothing is said")?
    }

    /// Reads to the close frame: its code and its reason.
    pub(crate) async fn closes(&mut self) -> Result<(u16, String)> {
        let frame = async {
            loop {
                if let Message::Close(frame) = self.next().await? {
                    return frame.context("a close without a code");
                }
            }
        };
        let frame = timeout(SOON, frame).await.context("it stays open")??;
        Ok((frame.code.into(), frame.reason.to_string()))
    }

    async fn next(&mut self) -> Result<Message> {
        Ok(self.0.next().await.context("it ended")??)
    }
}
