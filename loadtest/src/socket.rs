//! A WebSocket to a notifier, with buffers as small as the messages.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context, Result};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// The longest message, of a sale, is below 4 KiB; most are of tickets.
const BUFFER_BYTES: usize = 1024;

/// A connection to a notifier.
pub(crate) type Socket = WebSocketStream<TcpStream>;

/// Connects to `ws://…/v1/live` at an address, from one of this machine's when that matters.
pub(crate) async fn connect(url: &str, to: SocketAddr, from: Option<IpAddr>) -> Result<Socket> {
    let socket = match to {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    if let Some(from) = from {
        socket.bind((from, 0).into())?;
    }
    let stream = socket.connect(to).await;
    let stream = stream.with_context(|| format!("cannot connect to {to}"))?;
    stream.set_nodelay(true)?;
    let mut request = url.into_client_request()?;
    let protocol = HeaderValue::from_static("firstcome.v1");
    request
        .headers_mut()
        .insert("sec-websocket-protocol", protocol);
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(0);
    let (socket, _) = client_async_with_config(request, stream, Some(config)).await?;
    Ok(socket)
}
