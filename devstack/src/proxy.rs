//! A TCP proxy that stops a conversation at a chosen byte: a server's answer, or the request itself,
//! is lost where a test wants it to be. Nothing here waits for a clock; the test says when to go on.
//!
//! ```text
//! catch(pattern)  a request with these bytes comes by: its connection is held ──▶ Caught
//! Caught          pass · cut (the server never sees it) · cut_short · answered ──▶ Answered
//! Answered        the server has answered, its answer is held: pass · cut · cut_short
//! ```

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::ports::PortLease;

/// One read of a socket: a database statement of some hundred rows.
const CHUNK_BYTES: usize = 64 * 1024;

/// Held connections that wait for the test; the next one waits before it is reported.
const CAUGHT_MAX: usize = 16;

/// A way to a server that can be broken. Carries every connection between client and server; a client that
/// sends while the server sends is carried as well, as long as neither floods the other.
pub struct Proxy {
    url: String,
    wire: Arc<Wire>,
    listening: JoinHandle<()>,
    _port: PortLease,
}

/// What every connection knows.
struct Wire {
    to: SocketAddr,
    trap: Mutex<Option<Trap>>,
    blade: Mutex<Option<Blade>>,
    /// Connections of an older age end.
    age: watch::Sender<u64>,
}

#[derive(Clone)]
struct Trap {
    pattern: Vec<u8>,
    tell: mpsc::Sender<Caught>,
}

/// Ends connections whose server says something, so many times.
struct Blade {
    pattern: Vec<u8>,
    cuts: usize,
}

impl Proxy {
    /// In front of the server that a URL such as `postgres://user:password@127.0.0.1:5432/name` or
    /// `nats://127.0.0.1:4222` names by address.
    pub async fn before(url: &str) -> Result<Self> {
        let (head, to, tail) = around_address(url)?;
        let port = PortLease::any()?;
        let listener = TcpListener::bind(port.addr()).await?;
        let wire = Arc::new(Wire {
            to: to.parse().context("the URL has no address")?,
            trap: Mutex::default(),
            blade: Mutex::default(),
            age: watch::Sender::new(0),
        });
        Ok(Self {
            url: format!("{head}{}{tail}", port.addr()),
            listening: tokio::spawn(listen(listener, wire.clone())),
            wire,
            _port: port,
        })
    }

    /// The same URL, by way of this proxy.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From here on, holds every connection whose client sends these bytes, until the test decides. A
    /// connection is not held again before the server has answered. Dropping what this gives lets
    /// everything pass again; a second call replaces the first.
    pub fn catch(&self, pattern: &[u8]) -> Catches {
        let (tell, caught) = mpsc::channel(CAUGHT_MAX);
        let trap = Trap {
            pattern: pattern.to_vec(),
            tell,
        };
        *self
            .wire
            .trap
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(trap);
        Catches(caught)
    }

    /// The next `times` connections whose server says this, in one piece, end before the client hears it.
    pub fn cut_before(&self, pattern: &[u8], times: usize) {
        let blade = Blade {
            pattern: pattern.to_vec(),
            cuts: times,
        };
        *self.wire.blade() = Some(blade);
    }

    /// Cuts of [`Proxy::cut_before`] that are still to come.
    pub fn cuts_left(&self) -> usize {
        self.wire.blade().as_ref().map_or(0, |blade| blade.cuts)
    }

    /// Ends every connection there is; new ones are welcome.
    pub fn cut_all(&self) {
        self.wire.age.send_modify(|age| *age += 1);
    }
}

impl Wire {
    fn blade(&self) -> MutexGuard<'_, Option<Blade>> {
        self.blade.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cuts(&self, answer: &[u8]) -> bool {
        let mut blade = self.blade();
        let Some(blade) = blade.as_mut().filter(|blade| blade.cuts > 0) else {
            return false;
        };
        let falls = contains(answer, &blade.pattern);
        blade.cuts -= usize::from(falls);
        falls
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
        self.cut_all();
    }
}

/// The held connections, in the order in which they were caught.
pub struct Catches(mpsc::Receiver<Caught>);

impl Catches {
    /// Waits for the next one.
    pub async fn next(&mut self) -> Result<Caught> {
        self.0.recv().await.context("the proxy is gone")
    }
}

/// A connection that is held before a request. Dropping it lets the request pass.
pub struct Caught(oneshot::Sender<Fate>);

/// What becomes of a held request.
enum Fate {
    Pass,
    Cut,
    CutShort,
    Answer(oneshot::Sender<Answered>),
}

impl Caught {
    /// Lets it go on.
    pub fn pass(self) {
        self.decide(Fate::Pass);
    }

    /// Ends the connection; the server does not see the request.
    pub fn cut(self) {
        self.decide(Fate::Cut);
    }

    /// Ends the connection before the last byte: the server has the request, all but its end.
    pub fn cut_short(self) {
        self.decide(Fate::CutShort);
    }

    /// Lets the request pass and holds the answer.
    pub async fn answered(self) -> Result<Answered> {
        let (tell, answered) = oneshot::channel();
        self.decide(Fate::Answer(tell));
        answered
            .await
            .context("the connection ended without an answer")
    }

    fn decide(self, fate: Fate) {
        // The connection may be gone already, by `cut_all`.
        let _ = self.0.send(fate);
    }
}

/// A connection that is held before the answer to a caught request. Dropping it lets the answer pass.
pub struct Answered(oneshot::Sender<Fate>);

impl Answered {
    /// Lets it go on.
    pub fn pass(self) {
        let _ = self.0.send(Fate::Pass);
    }

    /// Ends the connection; the client does not see the answer.
    pub fn cut(self) {
        let _ = self.0.send(Fate::Cut);
    }

    /// Ends the connection before the last byte of the answer.
    pub fn cut_short(self) {
        let _ = self.0.send(Fate::CutShort);
    }
}

/// A URL in three: what comes before its address, the address, and what follows.
fn around_address(url: &str) -> Result<(&str, &str, &str)> {
    let scheme = url.find("://").context("the URL has no scheme")? + "://".len();
    let end = url[scheme..].find('/').map_or(url.len(), |at| scheme + at);
    let start = url[..end].rfind('@').map_or(scheme, |at| at + 1);
    Ok((&url[..start], &url[start..end], &url[end..]))
}

async fn listen(listener: TcpListener, wire: Arc<Wire>) {
    while let Ok((client, _)) = listener.accept().await {
        let wire = wire.clone();
        tokio::spawn(async move {
            let mut age = wire.age.subscribe();
            let born = *age.borrow_and_update();
            tokio::select! {
                // A broken connection is what this is for; both ends learn of it by its end.
                _ = carry(client, &wire) => {}
                _ = age.wait_for(|age| *age != born) => {}
            }
        });
    }
}

/// What a connection's next bytes from the server are.
enum Next {
    /// Nothing was caught since the server spoke last.
    Free,
    /// The answer to a request that was let pass.
    Passing,
    /// The answer to hold.
    Held(oneshot::Sender<Answered>),
}

async fn carry(mut client: TcpStream, wire: &Wire) -> Result<()> {
    let mut server = TcpStream::connect(wire.to).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut request, mut answer) = (vec![0; CHUNK_BYTES], vec![0; CHUNK_BYTES]);
    let mut seen = Vec::new();
    let mut next = Next::Free;
    loop {
        tokio::select! {
            count = client.read(&mut request) => {
                let chunk = some(&request, count?)?;
                let fate = match &next {
                    Next::Free => held(wire, &mut seen, chunk).await,
                    Next::Passing | Next::Held(_) => None,
                };
                if let Some(fate) = fate {
                    seen.clear();
                    next = deliver(&mut server, chunk, fate).await?;
                } else {
                    server.write_all(chunk).await?;
                }
            }
            count = server.read(&mut answer) => {
                let chunk = some(&answer, count?)?;
                ensure!(!wire.cuts(chunk), "cut before the answer");
                let fate = match std::mem::replace(&mut next, Next::Free) {
                    Next::Held(tell) => hold(|hand| tell.send(Answered(hand)).is_ok()).await,
                    Next::Free | Next::Passing => Fate::Pass,
                };
                deliver(&mut client, chunk, fate).await?;
            }
        }
    }
}

fn some(buffer: &[u8], count: usize) -> Result<&[u8]> {
    buffer
        .get(..count)
        .filter(|chunk| !chunk.is_empty())
        .context("one end closed")
}

/// Looks for the pattern, also across reads, and waits for what shall happen when it is there.
async fn held(wire: &Wire, seen: &mut Vec<u8>, chunk: &[u8]) -> Option<Fate> {
    let trap = wire
        .trap
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()?;
    seen.extend_from_slice(chunk);
    if !contains(seen, &trap.pattern) {
        let keep = seen.len().min(trap.pattern.len().saturating_sub(1));
        seen.drain(..seen.len() - keep);
        return None;
    }
    let (hand, fate) = oneshot::channel();
    trap.tell.send(Caught(hand)).await.ok()?;
    Some(fate.await.unwrap_or(Fate::Pass))
}

fn contains(bytes: &[u8], pattern: &[u8]) -> bool {
    bytes.windows(pattern.len()).any(|some| some == pattern)
}

async fn hold(give: impl FnOnce(oneshot::Sender<Fate>) -> bool) -> Fate {
    let (hand, fate) = oneshot::channel();
    if !give(hand) {
        return Fate::Pass;
    }
    fate.await.unwrap_or(Fate::Pass)
}

/// Fails when the connection has to end.
async fn deliver(to: &mut TcpStream, chunk: &[u8], fate: Fate) -> Result<Next> {
    match fate {
        Fate::Cut => anyhow::bail!("cut"),
        Fate::CutShort => {
            to.write_all(&chunk[..chunk.len() - 1]).await?;
            anyhow::bail!("cut short")
        }
        Fate::Pass => {
            to.write_all(chunk).await?;
            Ok(Next::Passing)
        }
        Fate::Answer(tell) => {
            to.write_all(chunk).await?;
            Ok(Next::Held(tell))
        }
    }
}
