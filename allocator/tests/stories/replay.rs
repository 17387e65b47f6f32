//! Rule 1: orders are a deterministic function of the log. The log is read back and decided again.

use anyhow::{Context, Result, ensure};
use async_nats::jetstream::{self, message::StreamMessage};
use devstack::{OpenSale, Role, Stack};
use sale::decided::Rulings;
use sale::{
    Allocation, Decision, Generation, Moment, Outcome, Partition, Place, Position, Record, Sale,
    SaleId, Seq, TicketKeys,
};
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::shop::{Shop, stack};

/// A row of `decisions`.
#[derive(Debug, Default, PartialEq, sqlx::FromRow)]
struct Decided {
    seq: i64,
    sale_id: Option<Uuid>,
    rulings: String,
    refs: Option<Vec<i64>>,
}

/// A row of `orders`.
#[derive(Debug, PartialEq, sqlx::FromRow)]
struct Ordered {
    id: Uuid,
    sale_id: Uuid,
    shopper_id: Uuid,
    nth: i16,
    unit_limit: i16,
    key_hash: i64,
    ordered_at: OffsetDateTime,
}

/// What a partition's log comes to.
#[derive(Debug, PartialEq)]
pub(crate) struct Books {
    cursor: i64,
    log_time: OffsetDateTime,
    decided: Vec<Decided>,
    orders: Vec<Ordered>,
    /// Stock, sold, closed, version and revision of every sale.
    sales: Vec<(Uuid, i32, i32, bool, i32, i64)>,
}

impl Books {
    /// As Postgres has them.
    pub(crate) async fn kept(pool: &PgPool, partition: i16) -> Result<Self> {
        let (cursor, log_time) =
            sqlx::query_as("SELECT cursor, log_time FROM partitions WHERE partition = $1")
                .bind(partition)
                .fetch_one(pool)
                .await?;
        let decided = sqlx::query_as(
            "SELECT seq, sale_id, rulings, refs FROM decisions WHERE partition = $1 ORDER BY seq",
        );
        let orders = sqlx::query_as(
            "SELECT orders.* FROM orders JOIN sales ON sales.id = sale_id
             WHERE sales.partition = $1 ORDER BY orders.id",
        );
        let sales = sqlx::query_as(
            "SELECT id, stock, sold, closed, version, revision FROM sales
             WHERE partition = $1 ORDER BY id",
        );
        Ok(Self {
            cursor,
            log_time,
            decided: decided.bind(partition).fetch_all(pool).await?,
            orders: orders.bind(partition).fetch_all(pool).await?,
            sales: sales.bind(partition).fetch_all(pool).await?,
        })
    }

    /// As the log, decided again from its first record, says they must be.
    pub(crate) fn replayed(
        partition: Partition,
        log: &[StreamMessage],
        keys: &TicketKeys,
    ) -> Result<Self> {
        let mut allocation = Allocation::new(partition, Moment::default());
        let mut books = Self {
            cursor: 0,
            log_time: OffsetDateTime::UNIX_EPOCH,
            decided: Vec::new(),
            orders: Vec::new(),
            sales: Vec::new(),
        };
        let mut sales: Vec<SaleId> = Vec::new();
        for message in log {
            let at = Position {
                seq: Seq::try_from(message.sequence)?,
                timestamp: feed::moment(message.time),
            };
            let record = Record::decode(&message.subject.parse()?, &message.payload)?;
            sales.push(record.sale());
            let decision = allocation.decide(at, &record);
            books.enter(partition, decision, keys)?;
        }
        sales.sort();
        sales.dedup();
        books.sales = sales
            .iter()
            .filter_map(|id| allocation.sale(*id))
            .map(sale_row)
            .collect::<Result<_>>()?;
        books.orders.sort_by_key(|order| order.id);
        Ok(books)
    }

    fn enter(&mut self, partition: Partition, decision: Decision, keys: &TicketKeys) -> Result<()> {
        let log_time = feed::timestamp(decision.log_time);
        (self.cursor, self.log_time) = (signed(decision.seq)?, log_time);
        let (sale, rulings, refs) = match decision.outcome {
            Outcome::Command(outcome) => (outcome.sale, outcome.ruling.letter().to_string(), None),
            Outcome::Purchases(outcome) => {
                let key = keys.named(outcome.seal).context("an unknown ticket key")?;
                for won in &outcome.won {
                    let place = Place {
                        partition,
                        seq: decision.seq,
                        index: won.index,
                    };
                    self.orders.push(Ordered {
                        id: key.seal(place, Generation::FIRST).uuid(),
                        sale_id: outcome.sale.uuid(),
                        shopper_id: won.shopper.uuid(),
                        nth: won.nth.try_into()?,
                        unit_limit: won.unit_limit.try_into()?,
                        key_hash: won.key.bits().cast_signed(),
                        ordered_at: log_time,
                    });
                }
                let refs: Vec<i64> = outcome
                    .replayed
                    .iter()
                    .map(|place| place.pack().cast_signed())
                    .collect();
                let rulings: Rulings = outcome.rulings.into_iter().collect();
                let rulings = rulings.as_str().to_owned();
                (
                    outcome.sale,
                    rulings,
                    Some(refs).filter(|refs| !refs.is_empty()),
                )
            }
            Outcome::Malformed => anyhow::bail!("nobody wrote a malformed record"),
        };
        self.decided.push(Decided {
            seq: signed(decision.seq)?,
            sale_id: Some(sale.uuid()),
            rulings,
            refs,
        });
        Ok(())
    }

    fn count(&self, letter: char) -> usize {
        let rulings = self
            .decided
            .iter()
            .flat_map(|record| record.rulings.chars());
        rulings.filter(|ruling| *ruling == letter).count()
    }
}

fn sale_row(sale: &Sale) -> Result<(Uuid, i32, i32, bool, i32, i64)> {
    Ok((
        sale.id.uuid(),
        sale.stock.try_into()?,
        sale.sold.try_into()?,
        sale.closed,
        sale.version.try_into()?,
        signed(sale.revision)?,
    ))
}

fn signed(seq: Seq) -> Result<i64> {
    Ok(seq.get().try_into()?)
}

/// The whole log of a partition, read as the administrator.
pub(crate) async fn log_of(stack: &Stack, partition: Partition) -> Result<Vec<StreamMessage>> {
    let admin = jetstream::new(stack.tenant().nats(Role::Setup).await?);
    let stream = admin.get_stream(sale::subject::stream(partition)).await?;
    let last = stream.cached_info().state.last_sequence;
    let mut log = Vec::new();
    for seq in 1..=last {
        log.push(stream.get_raw_message(seq).await?);
    }
    Ok(log)
}

#[tokio::test]
async fn the_log_decided_again_gives_the_same_rulings_orders_and_stock() -> Result<()> {
    // Given: a busy sale at three doors, limit two, three wishes each and every key used twice.
    let terms = OpenSale {
        unit_limit: 2,
        ..OpenSale::of(90)
    };
    let shop = Shop::open(stack(), 3, &terms).await?;
    let (early, late) = (shop.shoppers(20).await?, shop.shoppers(20).await?);
    shop.buying(&early, &["a", "b", "a", "c", "b"]).await?;
    // And: a new owner in the middle, who has to know what the first one knew.
    let allocator = shop.stack.allocator(0);
    allocator.kill().await?;
    let (crowd, started) =
        tokio::join!(shop.buying(&late, &["a", "b", "a", "c"]), allocator.start());
    crowd?;
    started?;
    shop.buying(&early, &["b", "a", "d"]).await?;
    // And: a close while the last ones arrive.
    let operator = shop.stack.operator().await?;
    let (crowd, closed) = tokio::join!(shop.crowd(12, &["a", "b"]), operator.close(&shop.sale));
    crowd?;
    ensure!(closed?.status == 200, "it was not closed");

    // When: everybody has gone home, and the log is read and decided again.
    let partition = Partition::try_from(0)?;
    let log = log_of(&shop.stack, partition).await?;
    shop.decided(log.len() as u64).await?;
    shop.stack.stop().await?;
    let keys = shop.stack.keys().tickets.parse()?;
    let replayed = Books::replayed(partition, &log, &keys)?;

    // Then: the books are the same, to the last letter.
    let kept = Books::kept(shop.pool(), 0).await?;
    assert_eq!(kept, replayed);
    // And: the sale was worth deciding again.
    for (letter, least) in [('W', 80), ('R', 20), ('L', 60)] {
        let count = kept.count(letter);
        assert!(count >= least, "{letter} {count}: {:?}", kept.decided);
    }
    Ok(())
}
