//! The shoppers of a run, and the purchases they send.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::Deserialize;
use uuid::Uuid;

use crate::door::Door;
use crate::request::{self, finish_purchase, purchase_head};

/// The most units that a sale may allow one shopper.
pub(crate) const UNIT_LIMIT: u16 = 100;

/// Sign-ins at a time, before anything is measured.
const ARRIVING_AT_ONCE: usize = 64;

/// A door that limits how often one address may ask is asked again when it says; but not for ever.
const ASKED_MAX: u32 = 60;

/// Signed-in shoppers.
pub(crate) struct Shoppers(Vec<Session>);

/// Somebody who is signed in.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Session {
    #[serde(rename = "shopper_id")]
    pub(crate) id: Uuid,
    pub(crate) token: String,
}

impl Shoppers {
    /// As many new guests as it takes for so many purchases, none above the limit.
    pub(crate) async fn for_purchases(purchases: u64, door: SocketAddr) -> Result<Self> {
        let door = Door::at(door, &door.to_string(), ARRIVING_AT_ONCE);
        Self::guests(shoppers_for(purchases), &door).await
    }

    /// New guests.
    pub(crate) async fn guests(count: u64, door: &Door) -> Result<Self> {
        let guests = stream::iter(0..count)
            .map(|_| guest(door))
            .buffer_unordered(ARRIVING_AT_ONCE);
        Ok(Self(guests.try_collect().await?))
    }

    /// The first ones of those whose tokens are in a file, one a line.
    pub(crate) async fn of_file(file: &Path, count: u64, door: &Door) -> Result<Self> {
        let text = std::fs::read_to_string(file);
        let text = text.with_context(|| format!("cannot read {}", file.display()))?;
        let tokens = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let tokens = tokens.take(usize::try_from(count)?);
        let sessions = stream::iter(tokens.map(str::to_owned))
            .map(|token| session(door, token))
            .buffer_unordered(ARRIVING_AT_ONCE);
        let sessions = Self(sessions.try_collect().await?);
        ensure!(sessions.count() > 0, "no token in {}", file.display());
        Ok(sessions)
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// Purchases that they can make together in one sale.
    pub(crate) fn purchases_max(&self) -> u64 {
        self.count() * u64::from(UNIT_LIMIT)
    }

    /// They take turns.
    pub(crate) fn of_turn(&self, number: u64) -> &Session {
        &self.0[(number % self.count()) as usize]
    }
}

async fn guest(door: &Door) -> Result<Session> {
    let request = request::guest(door.host());
    for _ in 0..ASKED_MAX {
        let answer = door.ask(&request).await?;
        match answer.status {
            201 => return Ok(serde_json::from_slice(&answer.body)?),
            429 => tokio::time::sleep(answer.retry_after().unwrap_or(Duration::from_secs(1))).await,
            403 | 404 => bail!(
                "the target lets no guests in: name shoppers' tokens with --sessions FILE ({})",
                answer.problem()
            ),
            status => bail!("no session: {status} {}", answer.problem()),
        }
    }
    bail!(
        "the target limits sessions of one address: set RATE_LIMITS=off there, or use --sessions FILE"
    )
}

/// Whose token it is.
async fn session(door: &Door, token: String) -> Result<Session> {
    let request = request::get(door.host(), "/v1/sessions/mine", Some(&token));
    let answer = door.ask(&request).await?;
    ensure!(
        answer.status == 200,
        "a token of --sessions is refused: {} {}",
        answer.status,
        answer.problem()
    );
    #[derive(Deserialize)]
    struct Mine {
        shopper_id: Uuid,
    }
    let mine: Mine = serde_json::from_slice(&answer.body).context("a session of no shopper")?;
    Ok(Session {
        id: mine.shopper_id,
        token,
    })
}

fn shoppers_for(purchases: u64) -> u64 {
    purchases.div_ceil(u64::from(UNIT_LIMIT)).max(1)
}

/// The purchases of one sale. Shoppers take turns, each with a new key every time.
pub(crate) struct Purchases {
    shoppers: Arc<Shoppers>,
    /// What all of them begin with.
    head: String,
    made: AtomicU64,
}

impl Purchases {
    pub(crate) fn of(shoppers: &Arc<Shoppers>, sale: &str, door: SocketAddr) -> Self {
        Self {
            shoppers: shoppers.clone(),
            head: purchase_head(&door.to_string(), sale),
            made: AtomicU64::new(0),
        }
    }

    /// Writes the next request into an empty buffer, unless every shopper has made all of theirs.
    pub(crate) fn next<'a>(&self, request: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        if number >= self.shoppers.purchases_max() {
            return None;
        }
        request.clear();
        request.extend_from_slice(self.head.as_bytes());
        finish_purchase(request, &self.shoppers.of_turn(number).token, number);
        Some(request)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    fn session_of(token: &str) -> Session {
        Session {
            id: Uuid::nil(),
            token: token.to_owned(),
        }
    }

    fn header<'a>(request: &'a str, name: &str) -> &'a str {
        let lines = request.split("\r\n");
        let mut named = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        named.next().unwrap()
    }

    #[test]
    fn nobody_is_sent_above_the_limit_and_no_key_comes_twice() {
        let shoppers = Arc::new(Shoppers(["a", "b"].map(session_of).to_vec()));
        let purchases = Purchases::of(&shoppers, "s", "127.0.0.1:1".parse().unwrap());

        let mut units: HashMap<String, u16> = HashMap::new();
        let mut keys = HashSet::new();
        let mut request = Vec::new();
        while let Some(request) = purchases.next(&mut request) {
            let text = str::from_utf8(request).unwrap();
            assert!(text.starts_with("POST /v1/sales/s/purchases HTTP/1.1\r\n"));
            assert!(text.ends_with("\r\n\r\n{}"), "{text}");
            *units
                .entry(header(text, "authorization").to_owned())
                .or_default() += 1;
            assert!(keys.insert(header(text, "idempotency-key").to_owned()));
        }

        let limits = ["Bearer a", "Bearer b"].map(|token| (token.to_owned(), UNIT_LIMIT));
        assert_eq!(units, HashMap::from(limits));
    }

    #[test]
    fn there_are_as_many_shoppers_as_the_limit_asks_for() {
        assert_eq!([0, 1, 100, 101, 1_000].map(shoppers_for), [1, 1, 1, 2, 10]);
    }
}
