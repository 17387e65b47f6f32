//! A partition without an allocator: the story is its owner.

use std::time::Duration;

use anyhow::{Context, Result};
use devstack::{Role, Stack};
use feed::{Feed, Standing};
use sale::decided::{DECIDED_VERSION, Decided, DecidedRecord, Rulings};
use sale::{
    Generation, Moment, Partition, Place, Price, Product, ProductId, Sale, SaleId, Seq, Ticket,
    TicketKeys,
};
use uuid::Uuid;

/// Longer than anything takes here on a machine that is busy with other tests.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// Partition 0, its feed, and somebody who follows it as an ingress would.
pub(crate) struct Story {
    pub(crate) feed: Feed,
    stack: Stack,
    owner: async_nats::Client,
    keys: TicketKeys,
    pub(crate) sale: SaleId,
}

impl Story {
    /// A partition at its beginning, and a follower that has read it. No process runs.
    pub(crate) async fn begin() -> Result<Self> {
        let stack = Stack::builder()
            .ingress(0)
            .allocators(0)
            .notifiers(0)
            .start()
            .await?;
        let listener = stack.tenant().nats(Role::Ingress).await?;
        let feed = Feed::start(listener, stack.tenant().pool(Role::Ingress));
        tokio::time::timeout(SOON, feed.loaded()).await?;
        Ok(Self {
            feed,
            owner: stack.tenant().nats(Role::Allocator).await?,
            keys: stack.keys().tickets.parse()?,
            sale: SaleId::new(partition(), Moment::from_unix_ms(1), 7),
            stack,
        })
    }

    /// The ticket of a place in partition 0, as an ingress seals it.
    pub(crate) fn ticket(&self, place: Place) -> Ticket {
        self.keys.current().seal(place, Generation::FIRST)
    }

    /// Announces to whoever listens.
    pub(crate) async fn announce(&self, message: &Decided) -> Result<()> {
        let subject = sale::subject::decided(message.partition);
        let body = serde_json::to_vec(message)?;
        self.owner.publish(subject, body.into()).await?;
        Ok(self.owner.flush().await?)
    }

    /// Announces bytes that are no message.
    pub(crate) async fn announce_garbage(&self) -> Result<()> {
        let subject = sale::subject::decided(partition());
        self.owner.publish(subject, "{\"v\":".into()).await?;
        Ok(self.owner.flush().await?)
    }

    /// Writes to Postgres what an owner commits.
    pub(crate) async fn commit(&self, epoch: u64, cursor: u64) -> Result<()> {
        let committed = sqlx::query(
            "UPDATE partitions SET epoch = $1, cursor = $2,
                    last_record_hash = CASE WHEN $2 > 0 THEN sha256('') END",
        );
        committed
            .bind(i64::try_from(epoch)?)
            .bind(i64::try_from(cursor)?)
            .execute(self.stack.pool())
            .await?;
        Ok(())
    }

    /// Why the partition has stopped, in Postgres.
    pub(crate) async fn halt(&self, reason: Option<&str>) -> Result<()> {
        sqlx::query("UPDATE partitions SET halted = $1")
            .bind(reason)
            .execute(self.stack.pool())
            .await?;
        Ok(())
    }

    /// Writes one record's rulings to Postgres.
    pub(crate) async fn decide(&self, seq: u64, rulings: &str, refs: &[Place]) -> Result<()> {
        let refs: Vec<i64> = refs
            .iter()
            .map(|place| place.pack().cast_signed())
            .collect();
        let decided = sqlx::query(
            "INSERT INTO decisions (partition, seq, sale_id, rulings, refs) VALUES (0, $1, $2, $3, $4)",
        );
        decided
            .bind(i64::try_from(seq)?)
            .bind(self.sale.uuid())
            .bind(rulings)
            .bind(refs)
            .execute(self.stack.pool())
            .await?;
        Ok(())
    }

    /// Writes the sale to Postgres.
    pub(crate) async fn sell(&self, sale: &Sale) -> Result<()> {
        let sold = sqlx::query(
            "INSERT INTO sales (id, partition, product_id, product_name, price_minor, currency, unit_limit,
                                starts_at, ends_at, stock, sold, version, revision)
             VALUES ($1, 0, $2, 'A scarce thing', 100, 'EUR', 1, 'epoch', '9000-01-01Z', $3, $4, 1, $5)
             ON CONFLICT (id) DO UPDATE SET sold = excluded.sold, revision = excluded.revision",
        );
        sold.bind(sale.id.uuid())
            .bind(sale.product.id.uuid())
            .bind(i32::try_from(sale.stock)?)
            .bind(i32::try_from(sale.sold)?)
            .bind(i64::try_from(sale.revision.get())?)
            .execute(self.stack.pool())
            .await?;
        Ok(())
    }

    /// Writes the order of a won place to Postgres; the sale is there.
    pub(crate) async fn order(&self, place: Place) -> Result<()> {
        let ordered = sqlx::query(
            "INSERT INTO orders (id, sale_id, shopper_id, nth, unit_limit, key_hash, ordered_at)
             VALUES ($1, $2, gen_random_uuid(), 0, 1, 7, now())",
        );
        ordered
            .bind(self.ticket(place).uuid())
            .bind(self.sale.uuid())
            .execute(self.stack.pool())
            .await?;
        Ok(())
    }

    /// The sale with so many of ten units sold, as of a record.
    pub(crate) fn sold(&self, sold: u32, revision: u64) -> Result<Sale> {
        Ok(Sale {
            id: self.sale,
            product: Product {
                id: ProductId::new(Uuid::from_u128(1)),
                name: "A scarce thing".into(),
            },
            price: Price {
                amount_minor: 100,
                currency: "EUR".into(),
            },
            unit_limit: 1,
            starts_at_ms: Moment::from_unix_ms(0),
            ends_at_ms: Moment::from_unix_ms(9),
            stock: 10,
            sold,
            paused: false,
            closed: false,
            version: 1,
            revision: Seq::try_from(revision)?,
        })
    }

    /// What the follower believes.
    pub(crate) fn standing(&self) -> Result<Standing> {
        self.feed.standing(partition()).context("no such partition")
    }

    /// Waits until the follower believes in this cursor.
    pub(crate) async fn follower_is_at(&self, cursor: u64) -> Result<()> {
        let mut moves = self
            .feed
            .cursor_changes(partition())
            .context("no such partition")?;
        let arrived = moves.wait_for(|at| at.get() == cursor);
        tokio::time::timeout(SOON, arrived)
            .await
            .with_context(|| format!("the follower never came to {cursor}"))??;
        Ok(())
    }
}

pub(crate) fn partition() -> Partition {
    Partition::try_from(0).expect("0 is a partition")
}

pub(crate) fn place(seq: u64, index: u16) -> Result<Place> {
    Ok(Place {
        partition: partition(),
        seq: Seq::try_from(seq)?,
        index,
    })
}

/// An announcement of a step of the cursor, without any rulings.
pub(crate) fn step(epoch: u64, after: u64, cursor: u64) -> Result<Decided> {
    Ok(Decided {
        v: DECIDED_VERSION,
        partition: partition(),
        epoch,
        generation: Generation::FIRST,
        after: Seq::try_from(after)?,
        cursor: Seq::try_from(cursor)?,
        last_seq: Seq::try_from(cursor)?,
        decided_total: cursor,
        drain_per_s: 0.0,
        mean_group: 0.0,
        halted: None,
        committed_at_ms: None,
        records: Vec::new(),
        sales: Vec::new(),
    })
}

/// The rulings of one record, as announced.
pub(crate) fn record(
    sale: SaleId,
    seq: u64,
    rulings: &str,
    refs: &[Place],
) -> Result<DecidedRecord> {
    Ok(DecidedRecord {
        seq: Seq::try_from(seq)?,
        sale: Some(sale),
        rulings: Rulings::from_letters(rulings.into()),
        refs: refs.to_vec(),
    })
}
