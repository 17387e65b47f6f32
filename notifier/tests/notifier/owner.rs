//! A partition without an allocator: the story decides, and says so on the feed.

use anyhow::Result;
use devstack::{Live, Role, Stack, StackBuilder};
use sale::decided::{DECIDED_VERSION, Decided, DecidedRecord, Rulings};
use sale::{
    Generation, Moment, Partition, Place, Price, Product, ProductId, Sale, SaleId, Seq, TicketKeys,
};

use crate::shop::greeted;

/// Units in the sale, none of which is sold at first.
pub(crate) const STOCK: u32 = 1_000_000;

/// Purchases decided per second, as the owner tells.
const DRAIN_PER_S: f64 = 100.0;

/// Partition 0, and one notifier that listens to it.
pub(crate) struct Owner {
    pub(crate) stack: Stack,
    nats: async_nats::Client,
    keys: TicketKeys,
    sale: SaleId,
}

impl Owner {
    pub(crate) async fn begin() -> Result<Self> {
        Self::with(Stack::builder()).await
    }

    pub(crate) async fn with(builder: StackBuilder) -> Result<Self> {
        let stack = builder.ingress(0).allocators(0).start().await?;
        Ok(Self {
            nats: stack.tenant().nats(Role::Allocator).await?,
            keys: stack.keys().tickets.parse()?,
            sale: SaleId::new(Partition::try_from(0)?, Moment::from_unix_ms(1), 7),
            stack,
        })
    }

    /// A connection that has been greeted.
    pub(crate) async fn live(&self) -> Result<Live> {
        greeted(&self.stack.notifier(0).live_url()).await
    }

    /// The ticket of the only purchase in a record.
    pub(crate) fn ticket(&self, seq: u64) -> Result<String> {
        let place = Place {
            partition: Partition::try_from(0)?,
            seq: Seq::try_from(seq)?,
            index: 0,
        };
        let ticket = self.keys.current().seal(place, Generation::FIRST);
        Ok(ticket.to_string())
    }

    /// The sale's id.
    pub(crate) fn sale(&self) -> String {
        self.sale.to_string()
    }

    /// Tells that the records up to `cursor` are decided, one unit sold in each.
    pub(crate) async fn decide(&self, after: u64, cursor: u64) -> Result<()> {
        let records = (after + 1..=cursor).map(|seq| {
            Ok(DecidedRecord {
                seq: Seq::try_from(seq)?,
                sale: Some(self.sale),
                rulings: Rulings::from_letters("W".into()),
                refs: Vec::new(),
            })
        });
        let message = Decided {
            committed_at_ms: None,
            v: DECIDED_VERSION,
            partition: Partition::try_from(0)?,
            epoch: 0,
            generation: Generation::FIRST,
            after: Seq::try_from(after)?,
            cursor: Seq::try_from(cursor)?,
            last_seq: Seq::try_from(cursor)?,
            decided_total: cursor,
            drain_per_s: DRAIN_PER_S,
            mean_group: 1.0,
            halted: None,
            records: records.collect::<Result<_>>()?,
            sales: vec![self.sold(cursor)?],
        };
        let subject = sale::subject::decided(message.partition);
        let body = serde_json::to_vec(&message)?;
        self.nats.publish(subject, body.into()).await?;
        Ok(self.nats.flush().await?)
    }

    fn sold(&self, sold: u64) -> Result<Sale> {
        Ok(Sale {
            id: self.sale,
            product: Product {
                id: ProductId::new(self.sale.uuid()),
                name: "A scarce thing".to_owned(),
            },
            price: Price {
                amount_minor: 100,
                currency: "EUR".to_owned(),
            },
            unit_limit: 1,
            starts_at_ms: Moment::from_unix_ms(0),
            ends_at_ms: Moment::from_unix_ms(i64::from(u32::MAX) * 1_000),
            stock: STOCK,
            sold: u32::try_from(sold)?,
            paused: false,
            closed: false,
            version: 1,
            revision: Seq::try_from(sold)?,
        })
    }
}
