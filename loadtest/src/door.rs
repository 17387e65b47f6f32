//! One ingress, as a crowd meets it: connections that are kept and shared, as many as are needed at once.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Deserialize;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::client::Connection;

/// Shorter than an ingress keeps an idle connection (75 s): what is older may be closed while we write.
const KEPT_FOR: Duration = Duration::from_secs(30);

/// Longer than the longest poll (20 s) and the longest way into the log (11.5 s).
const ANSWER_WITHIN: Duration = Duration::from_secs(35);

/// Addresses of this machine that connections to itself come from, by turns: each has some 28,000 ports.
const SOURCES: u32 = 8;

/// An address of an ingress and the connections to it.
pub(crate) struct Door {
    addr: SocketAddr,
    /// Its name, as requests give it.
    host: String,
    idle: Mutex<Vec<(Connection, Instant)>>,
    room: Semaphore,
    /// Polls are held for seconds: theirs is a room of its own, so that nobody who buys stands behind them.
    room_to_wait: Semaphore,
    opened: AtomicU32,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// When the request was about to be sent; what went before is the generator's own delay.
    pub(crate) sent: Instant,
}

/// What is to be known of a refusal's body.
#[derive(Default, Deserialize)]
struct Problem<'a> {
    #[serde(borrow, default)]
    r#type: Cow<'a, str>,
    retry_after_ms: Option<u64>,
}

impl Answer {
    /// The problem's word, such as `sold-out`; empty when there is none.
    pub(crate) fn problem(&self) -> String {
        let word = self.read().r#type;
        word.rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// When to come back, if it tells.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.read().retry_after_ms.map(Duration::from_millis)
    }

    fn read(&self) -> Problem<'_> {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Door {
    pub(crate) fn at(addr: SocketAddr, host: &str, connections_max: usize) -> Self {
        Self {
            addr,
            host: host.to_owned(),
            idle: Mutex::default(),
            room: Semaphore::new(connections_max.div_ceil(2)),
            room_to_wait: Semaphore::new(connections_max.div_ceil(2)),
            opened: AtomicU32::new(0),
        }
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Sends a whole request over a connection that nobody uses, or a new one. Waits while there are too many.
    pub(crate) async fn ask(&self, request: &[u8]) -> Result<Answer> {
        self.ask_within(&self.room, request).await
    }

    /// Likewise, for an answer that the server holds back.
    pub(crate) async fn ask_and_wait(&self, request: &[u8]) -> Result<Answer> {
        self.ask_within(&self.room_to_wait, request).await
    }

    async fn ask_within(&self, room: &Semaphore, request: &[u8]) -> Result<Answer> {
        let _place: SemaphorePermit<'_> = room.acquire().await?;
        let sent = Instant::now();
        let answered = timeout(ANSWER_WITHIN, self.exchange(request)).await;
        let (status, body) = answered.context("no answer in time").flatten()?;
        Ok(Answer { status, body, sent })
    }

    async fn exchange(&self, request: &[u8]) -> Result<(u16, Vec<u8>)> {
        let mut connection = match self.kept() {
            Some(connection) => connection,
            None => self.open().await?,
        };
        let status = connection.send(request).await?;
        let body = connection.body().to_vec();
        if connection.is_kept() {
            self.idle().push((connection, Instant::now()));
        }
        Ok((status, body))
    }

    /// The one used last: the others grow old and are dropped.
    fn kept(&self) -> Option<Connection> {
        let mut idle = self.idle();
        let (connection, since) = idle.pop()?;
        if since.elapsed() < KEPT_FOR {
            return Some(connection);
        }
        idle.clear();
        None
    }

    async fn open(&self) -> Result<Connection> {
        let turn = self.opened.fetch_add(1, Ordering::Relaxed);
        match source(self.addr.ip(), turn) {
            Some(from) => Connection::open_from(from, self.addr).await,
            None => Connection::open(self.addr).await,
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Connection, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the `turn`-th connection to an address comes from, where that can be chosen: 127.0.0.2 and so on, as
/// 127.0.0.1 has the stack's own connections.
pub(crate) fn source(to: IpAddr, turn: u32) -> Option<IpAddr> {
    (to == IpAddr::V4(Ipv4Addr::LOCALHOST))
        .then(|| Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits() + 1 + turn % SOURCES).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_to_this_machine_come_from_several_addresses() {
        let here: IpAddr = Ipv4Addr::LOCALHOST.into();
        let from = |turn| source(here, turn).map(|from| from.to_string());
        assert_eq!(from(0).as_deref(), Some("127.0.0.2"));
        assert_eq!(from(7).as_deref(), Some("127.0.0.9"));
        assert_eq!(from(8), from(0));
        assert_eq!(source("192.0.2.1".parse().unwrap(), 0), None);
    }
}
