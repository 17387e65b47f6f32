//! The shoppers of a run, and the purchases they send.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use devstack::Http;
use futures_util::stream::{self, StreamExt, TryStreamExt};

/// The most units that a sale may allow one shopper.
pub(crate) const UNIT_LIMIT: u16 = 100;

/// Sign-ins at a time, before anything is measured.
const ARRIVING_AT_ONCE: usize = 64;

/// Signed-in shoppers, by their tokens.
pub(crate) struct Shoppers(Vec<String>);

impl Shoppers {
    /// As many new guests as it takes for so many purchases, none above the limit.
    pub(crate) async fn for_purchases(purchases: u64, door: &str) -> Result<Self> {
        let (http, url) = (Http::new(), format!("{door}/v1/sessions/guest"));
        let guests = stream::iter(0..shoppers_for(purchases))
            .map(|_| guest(&http, &url))
            .buffer_unordered(ARRIVING_AT_ONCE);
        Ok(Self(guests.try_collect().await?))
    }

    /// What each of them signs in with.
    pub(crate) fn tokens(&self) -> &[String] {
        &self.0
    }

    /// Purchases that they can make together in one sale.
    pub(crate) fn purchases_max(&self) -> u64 {
        self.0.len() as u64 * u64::from(UNIT_LIMIT)
    }
}

async fn guest(http: &Http, url: &str) -> Result<String> {
    let session = http.send("POST".parse()?, url, &[], None).await?;
    let token = session.text("token").map(str::to_owned);
    token.with_context(|| format!("no session: {} {}", session.status, session.body))
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
        let head = format!(
            "POST /v1/sales/{sale}/purchases HTTP/1.1\r\nhost: {door}\r\ncontent-type: application/json\r\n\
             content-length: 2\r\nauthorization: Bearer "
        );
        Self {
            shoppers: shoppers.clone(),
            head,
            made: AtomicU64::new(0),
        }
    }

    /// What every request begins with, up to the shopper's token.
    pub(crate) fn head(&self) -> &str {
        &self.head
    }

    /// Writes the next request into an empty buffer, unless every shopper has made all of theirs.
    pub(crate) fn next<'a>(&self, request: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        if number >= self.shoppers.purchases_max() {
            return None;
        }
        let token = &self.shoppers.0[number as usize % self.shoppers.0.len()];
        request.clear();
        request.extend_from_slice(self.head.as_bytes());
        request.extend_from_slice(token.as_bytes());
        // Writing to a Vec cannot fail.
        let _ = write!(request, "\r\nidempotency-key: {number}\r\n\r\n{{}}");
        Some(request)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    fn header<'a>(request: &'a str, name: &str) -> &'a str {
        let lines = request.split("\r\n");
        let mut named = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        named.next().unwrap()
    }

    #[test]
    fn nobody_is_sent_above_the_limit_and_no_key_comes_twice() {
        let shoppers = Arc::new(Shoppers(vec!["a".to_owned(), "b".to_owned()]));
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
