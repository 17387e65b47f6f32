//! An HTTP/1.1 server for axum routers with every wait and size bounded.
//!
//! It exists because `axum::serve` 0.8 waits forever for a half-sent request and forgets upgraded
//! WebSockets when it stops. Per request it does what axum needs and nothing more.
//!
//! Not bounded here: the time a request's body takes to arrive and its size. The router's
//! middleware knows which routes take bodies, and bounds both.

mod deadline;
mod socket;

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router, body::Body, extract::ConnectInfo, http::Request, response::Response,
    routing::future::RouteFuture,
};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

pub use self::socket::Socket;
use self::{deadline::HeadDeadlines, socket::Arrived};
use crate::backoff::Backoff;

/// Below the 20,000 files a process may commonly open, which leaves room for clients and logs.
pub const MAX_CONNECTIONS: usize = 16_384;

/// A browser sends its request in one packet; whoever takes this long holds a place on purpose.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Longer than the 60 s balancers commonly keep a connection for its next request: the side that
/// sends requests should be the one that closes, or a request may meet a closing connection.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// How long a client may leave our bytes unread: whoever reads at all makes room sooner, through a
/// tunnel too; whoever does not holds a place and what the kernel keeps for it.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// Cookies, a bearer token and what browsers add are 2 KiB; proxies commonly stop at 8 to 16 KiB.
pub const MAX_HEAD_BYTES: usize = 16 * 1024;

/// What one connection may hold in memory in each direction, and with it the cost of a connection
/// whose client reads or writes slowly.
const MAX_BUFFER_BYTES: usize = 64 * 1024;

/// First and longest wait after a failed accept. It fails when files run out, and trying again at
/// once would burn a processor without helping.
const ACCEPT_RETRY: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// Connections that the kernel completes before they are accepted. Above it SYNs are dropped, and those clients
/// try again after 1, 3 and 7 s: a crowd that comes back at once has to fit. The standard library's 128 is
/// far too few; the kernel cuts this to `net.core.somaxconn`, which is commonly the same.
const BACKLOG: u32 = 4_096;

/// Listens, for crowds. Of an accepted connection the kernel sends from a buffer of that many bytes
/// (Linux takes twice as many), or of the size it likes.
pub fn listen(addr: SocketAddr, send_buffer: Option<u32>) -> io::Result<TcpListener> {
    let socket = match addr {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A restarted process takes its address over from connections that are still closing.
    socket.set_reuseaddr(true)?;
    if let Some(bytes) = send_buffer {
        socket.set_send_buffer_size(bytes)?;
    }
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}

/// What one listener grants its clients.
#[derive(Debug, Clone)]
pub struct HttpLimits {
    /// Connections at a time, upgraded ones included. At the limit nothing is accepted: new
    /// connections wait in the kernel's backlog, and when that is full their SYNs are dropped.
    pub max_connections: usize,
    /// How long a request's head may take from its first byte, and how long a new connection may
    /// stay mute; then the connection is closed.
    pub head_timeout: Duration,
    /// How long a connection may wait for its next request; then it is closed.
    pub idle_timeout: Duration,
    /// How long an answer may wait for its client to take a byte more; then the connection is closed.
    pub write_timeout: Duration,
    /// Size of a request's line and headers; above it 431 and the connection is closed.
    pub max_head_bytes: usize,
    /// How long requests under way may take once draining has begun; then they are cut off.
    pub drain: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            max_connections: MAX_CONNECTIONS,
            head_timeout: HEAD_TIMEOUT,
            idle_timeout: IDLE_TIMEOUT,
            write_timeout: WRITE_TIMEOUT,
            max_head_bytes: MAX_HEAD_BYTES,
            drain: Duration::from_secs(crate::config::DRAIN_S),
        }
    }
}

/// Serves `app` on `listener` until `drain` is cancelled, then refuses new connections, lets
/// requests under way finish with `Connection: close`, and returns when no connection is left or
/// `limits.drain` is over.
///
/// Handlers find the peer's address as `ConnectInfo<SocketAddr>`. A connection that was upgraded
/// counts (for the limit and for the drain) until its [`Socket`] is dropped; whoever holds it
/// watches `drain` itself and says goodbye.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    limits: HttpLimits,
    drain: CancellationToken,
) {
    let slots = Arc::new(Semaphore::new(limits.max_connections));
    let mut retry = Backoff::new(ACCEPT_RETRY.0, ACCEPT_RETRY.1);
    while let Some((stream, peer, slot)) = drain
        .run_until_cancelled(next_connection(&listener, &slots, &mut retry))
        .await
        .flatten()
    {
        let routes = Routes {
            router: app.clone(),
            peer,
        };
        // A token per connection: one shared by all would be one lock for all.
        let drain = drain.child_token();
        tokio::spawn(serve_connection(
            stream,
            slot,
            routes,
            limits.clone(),
            drain,
        ));
    }
    drop(listener);
    all_closed(&slots, &limits).await;
}

/// Waits for a free slot, then for a connection. `None` cannot happen: the semaphore stays open.
async fn next_connection(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
    retry: &mut Backoff,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                retry.reset();
                return Some((stream, peer, slot));
            }
            Err(error) if belongs_to_one_client(&error) => {}
            Err(error) => {
                if retry.failures() == 0 {
                    tracing::error!(error = %error, "cannot accept connections, trying on");
                }
                retry.wait().await;
            }
        }
    }
}

/// The client gave up between its SYN and our accept; the next one is not affected.
fn belongs_to_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

async fn serve_connection(
    stream: TcpStream,
    slot: OwnedSemaphorePermit,
    routes: Routes,
    limits: HttpLimits,
    drain: CancellationToken,
) {
    // Answers are small and complete when written; waiting to fill a packet only delays them.
    // A failure means that the client is gone already, which the first read tells.
    let _ = stream.set_nodelay(true);
    let arrived = Arrived::default();
    let deadlines = HeadDeadlines::new(limits.head_timeout, limits.idle_timeout, arrived.clone());
    let socket = Socket::new(stream, arrived, limits.write_timeout, slot);
    let io = TokioIo::new(socket);
    let connection = http1::Builder::new()
        .timer(deadlines)
        .header_read_timeout(limits.idle_timeout)
        .max_header_size(limits.max_head_bytes)
        .max_buf_size(MAX_BUFFER_BYTES.max(limits.max_head_bytes))
        .serve_connection(io, routes)
        .with_upgrades();
    let mut connection = pin!(connection);
    // Errors end here unlogged: each is one client's, and anybody can cause them in any number.
    // The drain is looked at first, so that answers given after it began say `close`.
    tokio::select! {
        biased;
        () = drain.cancelled() => {}
        _ = connection.as_mut() => return,
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(limits.drain, connection).await;
}

async fn all_closed(slots: &Semaphore, limits: &HttpLimits) {
    let all = u32::try_from(limits.max_connections).unwrap_or(u32::MAX);
    if timeout(limits.drain, slots.acquire_many(all))
        .await
        .is_err()
    {
        let left = limits.max_connections - slots.available_permits();
        tracing::warn!(
            http.connections = left,
            "connections outlived the drain and are cut off"
        );
    }
}

/// One connection's view of the router.
struct Routes {
    router: Router,
    peer: SocketAddr,
}

impl hyper::service::Service<Request<Incoming>> for Routes {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = RouteFuture<Infallible>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(ConnectInfo(self.peer));
        // An axum router is always ready, so there is nothing to poll before the call.
        tower::Service::call(&mut self.router.clone(), request)
    }
}
