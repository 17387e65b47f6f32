//! Fills a log as ingresses would: grouped records, as the user ingress.

use anyhow::Result;
use async_nats::jetstream::{self, context::PublishAckFuture};
use devstack::{Role, Stack};
use sale::subject::{Channel, LogSubject};
use sale::{
    Action, CommandId, Control, GROUP_PURCHASES_MAX, KeyHash, Moment, Open, Partition, Price,
    Product, ProductId, Purchase, Purchases, RECORD_VERSION, SaleId, ShopperId, TicketKeys,
};
use uuid::Uuid;

/// Records under way at once.
const IN_FLIGHT_MAX: usize = 64;

/// Longer than any run.
const OPEN_FOR_MS: i64 = 24 * 60 * 60 * 1_000;

/// The writer of one sale's records.
pub(crate) struct Filler {
    jetstream: jetstream::Context,
    keys: TicketKeys,
    pub(crate) sale: SaleId,
}

impl Filler {
    /// Opens a sale of so many units, one per shopper.
    pub(crate) async fn open(stack: &Stack, stock: u32) -> Result<Self> {
        let random = Uuid::new_v4().as_u64_pair().1;
        let filler = Self {
            jetstream: jetstream::new(stack.tenant().nats(Role::Ingress).await?),
            keys: stack.keys().tickets.parse()?,
            sale: SaleId::new(Partition::try_from(0)?, feed::now(), random),
        };
        let now_ms = feed::now().unix_ms();
        let open = Open {
            product: Product {
                id: ProductId::new(Uuid::new_v4()),
                name: "A scarce thing".to_owned(),
            },
            price: Price {
                amount_minor: 4_900,
                currency: "EUR".to_owned(),
            },
            stock,
            unit_limit: 1,
            starts_at_ms: Moment::from_unix_ms(now_ms - OPEN_FOR_MS),
            ends_at_ms: Moment::from_unix_ms(now_ms + OPEN_FOR_MS),
        };
        let control = Control {
            v: RECORD_VERSION,
            sale: filler.sale,
            command: CommandId::new(Uuid::new_v4()),
            by: "drain".to_owned(),
            reason: None,
            action: Action::Open(open),
        };
        let logged = filler.publish(Channel::Control, serde_json::to_vec(&control)?);
        logged.await?.await?;
        Ok(filler)
    }

    /// Logs purchases of as many shoppers; the last record's sequence.
    pub(crate) async fn fill(&self, purchases: u32) -> Result<u64> {
        let (mut left, mut last_seq) = (purchases as usize, 0);
        while left > 0 {
            let mut in_flight = Vec::with_capacity(IN_FLIGHT_MAX);
            while left > 0 && in_flight.len() < IN_FLIGHT_MAX {
                let count = left.min(GROUP_PURCHASES_MAX);
                left -= count;
                in_flight.push(
                    self.publish(Channel::Purchases, self.record(count)?)
                        .await?,
                );
            }
            for logged in in_flight {
                last_seq = logged.await?.sequence;
            }
        }
        Ok(last_seq)
    }

    fn record(&self, count: usize) -> Result<Vec<u8>> {
        let purchase = |_| Purchase {
            shopper: ShopperId::new(Uuid::new_v4()),
            key: KeyHash::from_bits(Uuid::new_v4().as_u64_pair().1),
            received_at_ms: feed::now(),
        };
        let purchases = Purchases {
            v: RECORD_VERSION,
            sale: self.sale,
            seal: self.keys.current().id(),
            purchases: (0..count).map(purchase).collect(),
        };
        Ok(serde_json::to_vec(&purchases)?)
    }

    async fn publish(&self, channel: Channel, body: Vec<u8>) -> Result<PublishAckFuture> {
        let subject = LogSubject::of(self.sale, channel).to_string();
        Ok(self.jetstream.publish(subject, body.into()).await?)
    }
}
