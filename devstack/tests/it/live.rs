//! The WebSocket client, against a server that says what it is told to.

use anyhow::{Context, Result, ensure};
use devstack::Live;
use devstack::client::Event;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

const HELLO: &str = r#"{"type":"hello","server_time":"2026-11-21T10:00:00.000Z"}"#;
const QUEUED: &str = r#"{"type":"ticket","ticket":"a","state":"queued","ahead":3,"wait_ms":20}"#;
const WON: &str = r#"{"type":"ticket","ticket":"a","state":"won","order_id":"a","sale_id":"s"}"#;

#[expect(
    clippy::result_large_err,
    reason = "the closure has the library's signature"
)]
/// Serves one client: says hello, waits for a wish, answers it, and closes for a restart.
async fn serve(listener: TcpListener) -> Result<String> {
    let (stream, _) = listener.accept().await?;
    let agree = |_: &Request, mut response: Response| {
        let protocol = HeaderValue::from_static("firstcome.v1");
        response
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        Ok(response)
    };
    let mut socket = accept_hdr_async(stream, agree).await?;
    socket.send(Message::text(HELLO)).await?;
    let wish = socket
        .next()
        .await
        .context("no wish")??
        .into_text()?
        .to_string();
    for line in [QUEUED, WON] {
        socket.send(Message::text(line)).await?;
    }
    let frame = CloseFrame {
        code: 1012.into(),
        reason: "restart".into(),
    };
    socket.close(Some(frame)).await?;
    Ok(wish)
}

#[tokio::test]
async fn a_watched_ticket_tells_its_result_and_the_end_its_code() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}/v1/live", listener.local_addr()?);
    let server = tokio::spawn(serve(listener));
    let mut live = Live::connect(&url).await?;
    live.watch(&["a"]).await?;
    let result = live.result_of("a").await?;
    let Event::Ticket {
        state, order_id, ..
    } = result
    else {
        anyhow::bail!("got {result:?}")
    };
    ensure!(
        state == "won" && order_id.as_deref() == Some("a"),
        "got {state} {order_id:?}"
    );
    ensure!(
        live.next().await? == Event::Closed(Some(1012)),
        "no close code"
    );
    ensure!(
        server.await?? == r#"{"watch":["a"]}"#,
        "asked for something else"
    );
    Ok(())
}
