//! The shoppers of a run, and the purchases they send.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use devstack::Http;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::{Method, Request, Uri};

/// The most units that a sale may allow one shopper.
pub(crate) const UNIT_LIMIT: u16 = 100;

/// Sign-ins at a time, before anything is measured.
const ARRIVING_AT_ONCE: usize = 64;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Signed-in shoppers: the value of each one's `Authorization`.
pub(crate) struct Shoppers(Vec<HeaderValue>);

impl Shoppers {
    /// As many new guests as it takes for so many purchases, none above the limit.
    pub(crate) async fn for_purchases(purchases: u64, door: &str) -> Result<Self> {
        let (http, url) = (Http::new(), format!("{door}/v1/sessions/guest"));
        let guests = stream::iter(0..shoppers_for(purchases))
            .map(|_| guest(&http, &url))
            .buffer_unordered(ARRIVING_AT_ONCE);
        Ok(Self(guests.try_collect().await?))
    }

    /// Purchases that they can make together in one sale.
    pub(crate) fn purchases_max(&self) -> u64 {
        self.0.len() as u64 * u64::from(UNIT_LIMIT)
    }
}

async fn guest(http: &Http, url: &str) -> Result<HeaderValue> {
    let session = http.send(Method::POST, url, &[], None).await?;
    let token = session
        .text("token")
        .with_context(|| format!("no session: {} {}", session.status, session.body))?;
    Ok(HeaderValue::try_from(format!("Bearer {token}"))?)
}

fn shoppers_for(purchases: u64) -> u64 {
    purchases.div_ceil(u64::from(UNIT_LIMIT)).max(1)
}

/// The purchases of one sale. Shoppers take turns, each with a new key every time.
pub(crate) struct Purchases {
    shoppers: Arc<Shoppers>,
    uri: Uri,
    host: HeaderValue,
    made: AtomicU64,
}

impl Purchases {
    pub(crate) fn of(shoppers: &Arc<Shoppers>, sale: &str, door: SocketAddr) -> Result<Self> {
        Ok(Self {
            shoppers: shoppers.clone(),
            uri: format!("/v1/sales/{sale}/purchases").parse()?,
            host: HeaderValue::try_from(door.to_string())?,
            made: AtomicU64::new(0),
        })
    }

    /// The next one, unless every shopper has made all of theirs.
    pub(crate) fn next(&self) -> Option<Request<Full<Bytes>>> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        if number >= self.shoppers.purchases_max() {
            return None;
        }
        let shopper = &self.shoppers.0[number as usize % self.shoppers.0.len()];
        let mut request = Request::new(Full::new(Bytes::from_static(b"{}")));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.insert(AUTHORIZATION, shopper.clone());
        headers.insert(IDEMPOTENCY_KEY, HeaderValue::from(number));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Some(request)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    #[test]
    fn nobody_is_sent_above_the_limit_and_no_key_comes_twice() {
        let shoppers = Arc::new(Shoppers(
            ["Bearer a", "Bearer b"]
                .map(HeaderValue::from_static)
                .to_vec(),
        ));
        let door = "127.0.0.1:1".parse().unwrap();
        let purchases = Purchases::of(&shoppers, "s", door).unwrap();

        let mut units: HashMap<HeaderValue, u16> = HashMap::new();
        let mut keys = HashSet::new();
        while let Some(request) = purchases.next() {
            let headers = request.headers();
            *units.entry(headers[AUTHORIZATION].clone()).or_default() += 1;
            assert!(keys.insert(headers[IDEMPOTENCY_KEY].clone()));
        }

        let mut units: Vec<u16> = units.into_values().collect();
        units.sort_unstable();
        assert_eq!(units, [UNIT_LIMIT, UNIT_LIMIT]);
    }

    #[test]
    fn there_are_as_many_shoppers_as_the_limit_asks_for() {
        assert_eq!([0, 1, 100, 101, 1_000].map(shoppers_for), [1, 1, 1, 2, 10]);
    }
}
