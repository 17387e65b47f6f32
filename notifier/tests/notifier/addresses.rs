//! How many connections one address may have, and which address counts.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use devstack::{Role, Stack, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A place is given back within milliseconds.
const SOON: Duration = Duration::from_secs(20);

/// A handshake that a balancer passed on for this client, and the status it got.
async fn knock(at: SocketAddr, client: &str) -> Result<(u16, TcpStream, String)> {
    let mut stream = TcpStream::connect(at).await?;
    let handshake = format!(
        "GET /v1/live HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: firstcome.v1\r\n\
         x-forwarded-for: 6.6.6.6, {client}\r\n\r\n"
    );
    stream.write_all(handshake.as_bytes()).await?;
    let mut answer = vec![0; 2048];
    let read = stream.read(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    let status = answer.split(' ').nth(1).context("no status")?.parse()?;
    Ok((status, stream, answer))
}

#[tokio::test]
async fn an_address_has_so_many_connections_and_others_are_not_in_its_way() -> Result<()> {
    let stack = Stack::builder()
        .ingress(0)
        .env(Role::Notifier, "CONNECTIONS_PER_ADDRESS_MAX", "2")
        .env(Role::Notifier, "TRUSTED_HOPS", "1")
        .start()
        .await?;
    let door = stack.notifier(0).addr();

    // One network of IPv6 is one client.
    let mut held = Vec::new();
    for client in ["2001:db8::1", "2001:db8::2"] {
        let (status, stream, answer) = knock(door, client).await?;
        assert_eq!(status, 101, "{answer}");
        held.push(stream);
    }
    let (status, _, answer) = knock(door, "2001:db8::3").await?;
    assert_eq!(status, 429, "{answer}");
    assert!(
        answer.contains("/problems/too-many-connections"),
        "{answer}"
    );
    assert!(answer.contains("retry-after: "), "{answer}");

    let (status, _other, answer) = knock(door, "192.0.2.1").await?;
    assert_eq!(status, 101, "{answer}");

    held.pop();
    until("a place of the address", SOON, async || {
        let (status, ..) = knock(door, "2001:db8::3").await?;
        Ok((status == 101).then_some(()))
    })
    .await?;
    stack.stop().await
}
