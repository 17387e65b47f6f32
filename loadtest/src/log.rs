//! Writes purchases into the log as ingresses do, past them. The records are made here by hand, in the format that
//! `sale/fixtures/` documents: what measures the product shares no code with it.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use async_nats::jetstream;
use async_nats::jetstream::context::PublishAckFuture;
use async_nats::jetstream::message::PublishMessage;
use devstack::audit::Place;
use devstack::{Role, Shopper, Stack};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Purchases in a full record: the most that the product puts into one.
pub(crate) const GROUP: u64 = 512;

/// Bytes of log that a purchase takes, generously.
pub(crate) const PURCHASE_BYTES: u64 = 160;

/// Log for everything else.
pub(crate) const OTHER_BYTES: u64 = 64 * 1024 * 1024;

/// Records under way at once while a log is filled; what is measured has one.
const IN_FLIGHT_MAX: usize = 64;

/// What all records of a sale begin with.
#[derive(Clone, Deserialize)]
struct Head {
    v: u32,
    sale: String,
    seal: String,
}

#[derive(Serialize)]
struct Record<'a> {
    v: u32,
    sale: &'a str,
    seal: &'a str,
    purchases: Vec<Purchase>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(Deserialize))]
struct Purchase {
    shopper: Uuid,
    /// 64 bits in hex.
    key: String,
    received_at_ms: u64,
}

/// The writer of one sale's purchases.
#[derive(Clone)]
pub(crate) struct LogWriter {
    jetstream: jetstream::Context,
    /// The stream of the sale's partition.
    stream: String,
    subject: String,
    head: Head,
}

impl LogWriter {
    /// Buys one unit of the sale over HTTP: what the log then holds is what all records of the sale begin with.
    pub(crate) async fn of(stack: &Stack, sale: &str) -> Result<Self> {
        let bought = Shopper::guest(&stack.ingress(0).url()).await?;
        let bought = bought.buy(sale, None).await?;
        ensure!(bought.status == 202, "the first unit: {}", bought.body);
        let ticket = bought.text("ticket").context("a 202 without a ticket")?;
        let place = Place::of(ticket.parse()?);
        let stream = format!("SALE_LOG_{:02}", place.partition);
        let jetstream = jetstream::new(stack.tenant().nats(Role::Ingress).await?);
        let log = jetstream.get_stream(&stream).await?;
        let message = log.get_raw_message(place.seq).await?;
        Ok(Self {
            jetstream,
            stream,
            subject: message.subject.to_string(),
            head: serde_json::from_slice(&message.payload).context("a record of the log")?,
        })
    }

    /// The same records for another stream.
    pub(crate) fn to(&self, stream: &str, subject: &str) -> Self {
        Self {
            stream: stream.to_owned(),
            subject: subject.to_owned(),
            ..self.clone()
        }
    }

    /// Where it writes to.
    pub(crate) fn stream(&self) -> &str {
        &self.stream
    }

    /// The last record of the log, of whatever sale.
    pub(crate) async fn last_seq(&self) -> Result<u64> {
        let log = self.jetstream.get_stream(&self.stream).await?;
        Ok(log.cached_info().state.last_sequence)
    }

    /// Logs so many purchases, each of a new shopper, in full records; gives the sequence of the last one.
    pub(crate) async fn fill(&self, purchases: u64) -> Result<u64> {
        let (mut left, mut last_seq) = (purchases, 0);
        while left > 0 {
            let mut in_flight = Vec::with_capacity(IN_FLIGHT_MAX);
            while left > 0 && in_flight.len() < IN_FLIGHT_MAX {
                let count = left.min(GROUP);
                left -= count;
                in_flight.push(self.send(self.record(count)?).await?);
            }
            for logged in in_flight {
                last_seq = logged.await?.sequence;
            }
        }
        Ok(last_seq)
    }

    /// A record of so many purchases, each of a new shopper.
    pub(crate) fn record(&self, purchases: u64) -> Result<Vec<u8>> {
        let received_at_ms = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        let received_at_ms = u64::try_from(received_at_ms)?;
        let purchase = |_| Purchase {
            shopper: Uuid::new_v4(),
            key: format!("{:016x}", Uuid::new_v4().as_u64_pair().1),
            received_at_ms,
        };
        self.head.record((0..purchases).map(purchase).collect())
    }

    /// Sends a record with a name of its own, as the ingress does; the answer comes when it is in the log.
    pub(crate) async fn send(&self, record: Vec<u8>) -> Result<PublishAckFuture> {
        let message = PublishMessage::build()
            .payload(record.into())
            .message_id(Uuid::new_v4().to_string())
            .expected_stream(&self.stream);
        let sent = self.jetstream.send_publish(self.subject.clone(), message);
        Ok(sent.await?)
    }
}

impl Head {
    fn record(&self, purchases: Vec<Purchase>) -> Result<Vec<u8>> {
        let record = Record {
            v: self.v,
            sale: &self.sale,
            seal: &self.seal,
            purchases,
        };
        Ok(serde_json::to_vec(&record)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Documented {
        #[serde(flatten)]
        head: Head,
        purchases: Vec<Purchase>,
    }

    #[test]
    fn a_record_is_written_as_documented() {
        let text = include_str!("../../sale/fixtures/purchases.json");
        let documented: Documented = serde_json::from_str(text).unwrap();
        let written = documented.head.record(documented.purchases).unwrap();
        assert_eq!(str::from_utf8(&written).unwrap(), text.trim_end());
    }
}
