//! `GET /v1/live`: who may have a WebSocket, and how the HTTP connection becomes one.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::any;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use service::client_address::{ClientAddress, TrustedHops};
use service::http::Socket;
use service::shutdown::Shutdown;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::desk::Desk;
use crate::message::SUBPROTOCOL;
use crate::origin::Origins;
use crate::per_address::{Counted, PerAddress};
use crate::refusal::Refusal;
use crate::session;
use crate::wire::Wire;

/// What the door needs to know.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) desk: Arc<Desk>,
    pub(crate) origins: Origins,
    /// One permit for each WebSocket there may be.
    pub(crate) slots: Arc<Semaphore>,
    /// And how many of them one address may have.
    pub(crate) per_address: PerAddress,
    pub(crate) hops: TrustedHops,
    pub(crate) shutdown: Shutdown,
}

pub(crate) fn router(door: Door) -> Router {
    Router::new()
        .route("/v1/live", any(upgrade))
        .fallback(async || Refusal::NotFound)
        .with_state(Arc::new(door))
}

async fn upgrade(
    State(door): State<Arc<Door>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
) -> Result<Response, Refusal> {
    let accept = check(request.method(), request.headers(), &door.origins)?;
    let admitted = door.admit(door.hops.client(request.headers(), peer.ip()))?;
    let upgrade = hyper::upgrade::on(&mut request);
    let serving = serve(Arc::clone(&door), upgrade, admitted);
    // The drain waits for it: it outlives the HTTP connection.
    door.shutdown.work().spawn(serving);
    switching_protocols(&accept)
}

/// A WebSocket's place among all, and among those of its address.
type Admitted = (OwnedSemaphorePermit, Counted);

impl Door {
    fn admit(&self, client: ClientAddress) -> Result<Admitted, Refusal> {
        if self.shutdown.draining().is_cancelled() {
            return Err(Refusal::Busy(
                "This notifier stops; another one will answer.",
            ));
        }
        // Without a view of the partitions every ticket would look forged.
        if !self.desk.feed.is_loaded() {
            return Err(Refusal::Busy("This notifier is starting."));
        }
        let slot = Arc::clone(&self.slots)
            .try_acquire_owned()
            .map_err(|_| Refusal::Busy("This notifier has as many connections as it may."))?;
        let counted = self.per_address.admit(client.network());
        Ok((slot, counted.ok_or(Refusal::TooManyConnections)?))
    }
}

async fn serve(door: Arc<Door>, upgrade: OnUpgrade, _admitted: Admitted) {
    // Who hangs up before the answer arrives is gone; there is nothing to log about it.
    let Ok(upgraded) = upgrade.await else { return };
    let Some((socket, read)) = take_apart(upgraded) else {
        tracing::error!("a connection was served by something else than `service::http`");
        return;
    };
    let desk = Arc::clone(&door.desk);
    let wire = Wire::new(socket, read, desk.meters.clone()).await;
    // A token of its own: waiting on one shared by all would be one lock for all.
    let draining = door.shutdown.draining().child_token();
    session::serve(desk, wire, draining).await;
}

/// The socket, and what came with the handshake. A function of its own, so that hyper's buffer of 8 KiB is dropped
/// here and not at the end of the connection.
fn take_apart(upgraded: Upgraded) -> Option<(Socket, Vec<u8>)> {
    let parts = upgraded.downcast::<TokioIo<Socket>>().ok()?;
    Some((parts.io.into_inner(), parts.read_buf.to_vec()))
}

fn switching_protocols(accept: &str) -> Result<Response, Refusal> {
    Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, accept)
        .header(header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL)
        .body(Body::empty())
        .map_err(|_| Refusal::BadRequest("The handshake cannot be answered."))
}

/// Whether this is a handshake that may go on; `Sec-WebSocket-Accept` if so (RFC 6455, 4.2).
fn check(method: &Method, headers: &HeaderMap, origins: &Origins) -> Result<String, Refusal> {
    if method != Method::GET {
        return Err(Refusal::MethodNotAllowed);
    }
    let version = headers.get(header::SEC_WEBSOCKET_VERSION);
    if !lists(headers, header::CONNECTION, "upgrade")
        || !lists(headers, header::UPGRADE, "websocket")
        || version.is_none_or(|version| version != "13")
    {
        return Err(Refusal::UpgradeRequired);
    }
    let origin = headers.get(header::ORIGIN);
    if !origins.allow(origin.map(header::HeaderValue::as_bytes)) {
        return Err(Refusal::Forbidden);
    }
    if !lists(headers, header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL) {
        return Err(Refusal::BadRequest(
            "Name firstcome.v1 in Sec-WebSocket-Protocol.",
        ));
    }
    headers
        .get(header::SEC_WEBSOCKET_KEY)
        .map(header::HeaderValue::as_bytes)
        .filter(|key| is_nonce(key))
        .map(derive_accept_key)
        .ok_or(Refusal::BadRequest(
            "Sec-WebSocket-Key must be 16 bytes in base64.",
        ))
}

/// Whether a comma-separated header, which may come several times, has an element.
fn lists(headers: &HeaderMap, name: HeaderName, wanted: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|element| element.trim().eq_ignore_ascii_case(wanted))
}

/// 16 bytes in base64 are 22 digits and two fillers.
fn is_nonce(key: &[u8]) -> bool {
    let (digits, filler) = key.split_at(key.len().min(22));
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    digits.len() == 22 && digits.iter().all(is_digit) && filler == b"=="
}

#[cfg(test)]
mod tests;
