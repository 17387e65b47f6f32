//! All SQL of the reading side.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use sale::decided::Rulings;
use sale::{
    Generation, InvalidId, Partition, Place, Price, Product, ProductId, Sale, SaleId, Seq, Ticket,
};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions, PgPool};
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::generations::{Adoption, Generations};
use crate::moment;
use crate::state::{Found, PartitionSnapshot, Snapshot, found};

/// Most sales held in memory, the latest to end first: at under 1 KiB each, 10 MiB.
const SALES_MAX: i64 = 10_000;

/// Why Postgres did not answer.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Postgres is away or refused the statement.
    #[error("postgres: {0}")]
    Database(#[from] sqlx::Error),
    /// A row holds what cannot be.
    #[error("postgres holds an impossible value: {0}")]
    Impossible(String),
    /// The query was asked for many at once, and failed for all.
    #[error(transparent)]
    Together(Arc<StoreError>),
    /// Nobody answers any more: the process ends.
    #[error("the feed has stopped")]
    Stopped,
}

impl From<InvalidId> for StoreError {
    fn from(error: InvalidId) -> Self {
        Self::Impossible(error.to_string())
    }
}

impl From<std::num::TryFromIntError> for StoreError {
    fn from(error: std::num::TryFromIntError) -> Self {
        Self::Impossible(error.to_string())
    }
}

/// How long a query waits for a free connection before it fails.
const CONNECTION_WAIT: Duration = Duration::from_secs(5);

/// A pool for a process that reads: connects when first used, and again whenever it must.
pub fn pool(url: &str, process: &str, connections_max: u32) -> anyhow::Result<PgPool> {
    let options: PgConnectOptions = url.parse().context("DATABASE_URL")?;
    let options = options
        .application_name(&format!("firstcome-{process}"))
        .log_statements(tracing::log::LevelFilter::Off);
    Ok(PgPoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(CONNECTION_WAIT)
        .connect_lazy_with(options))
}

/// A row of `sales`.
#[derive(Debug)]
#[expect(missing_docs, reason = "the columns are described in the migration")]
pub struct SaleRow {
    pub id: Uuid,
    pub product_id: Uuid,
    pub product_name: String,
    pub price_minor: i64,
    pub currency: String,
    pub unit_limit: i16,
    pub starts_at: OffsetDateTime,
    pub ends_at: OffsetDateTime,
    pub stock: i32,
    pub sold: i32,
    pub paused: bool,
    pub closed: bool,
    pub version: i32,
    pub revision: i64,
}

impl TryFrom<SaleRow> for Sale {
    type Error = StoreError;

    fn try_from(row: SaleRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: SaleId::try_from(row.id)?,
            product: Product {
                id: ProductId::new(row.product_id),
                name: row.product_name,
            },
            price: Price {
                amount_minor: u32::try_from(row.price_minor)?,
                currency: row.currency,
            },
            unit_limit: u16::try_from(row.unit_limit)?,
            starts_at_ms: moment(row.starts_at),
            ends_at_ms: moment(row.ends_at),
            stock: u32::try_from(row.stock)?,
            sold: u32::try_from(row.sold)?,
            paused: row.paused,
            closed: row.closed,
            version: u32::try_from(row.version)?,
            revision: seq(row.revision)?,
        })
    }
}

/// Every partition and the latest sales, as of one moment.
pub(crate) async fn snapshot(pool: &PgPool) -> Result<Snapshot, StoreError> {
    let mut transaction = pool
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    let partitions = partitions(&mut transaction).await?;
    let sales = sales(&mut transaction).await?;
    transaction.commit().await?;
    Ok(Snapshot { partitions, sales })
}

async fn partitions(connection: &mut PgConnection) -> Result<Vec<PartitionSnapshot>, StoreError> {
    let mut generations = generations(connection).await?;
    let rows = sqlx::query!(
        "SELECT partition, epoch, generation, cursor, decided_total,
                coalesce(halted, CASE WHEN stopped_seq = cursor + 1 THEN stopped END) AS halted
         FROM partitions ORDER BY partition"
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(PartitionSnapshot {
                partition: Partition::try_from(u16::try_from(row.partition)?)?,
                epoch: u64::try_from(row.epoch)?,
                generation: Generation::new(u32::try_from(row.generation)?),
                cursor: seq(row.cursor)?,
                decided_total: u64::try_from(row.decided_total)?,
                halted: row.halted,
                generations: generations.remove(&row.partition).unwrap_or_default(),
            })
        })
        .collect()
}

async fn generations(
    connection: &mut PgConnection,
) -> Result<HashMap<i16, Generations>, StoreError> {
    let rows = sqlx::query!(
        "SELECT partition, generation, hole_from, hole_to FROM generations
         ORDER BY partition, generation"
    )
    .fetch_all(connection)
    .await?;
    let mut adoptions: HashMap<i16, Vec<Adoption>> = HashMap::new();
    for row in rows {
        adoptions.entry(row.partition).or_default().push(Adoption {
            generation: Generation::new(u32::try_from(row.generation)?),
            hole_from: seq(row.hole_from)?,
            hole_to: seq(row.hole_to)?,
        });
    }
    Ok(adoptions
        .into_iter()
        .map(|(partition, adoptions)| (partition, adoptions.into_iter().collect()))
        .collect())
}

async fn sales(connection: &mut PgConnection) -> Result<Vec<Sale>, StoreError> {
    let rows = sqlx::query_as!(
        SaleRow,
        "SELECT id, product_id, product_name, price_minor, currency, unit_limit, starts_at, ends_at,
                stock, sold, paused, closed, version, revision
         FROM sales ORDER BY ends_at DESC LIMIT $1",
        SALES_MAX
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Sale::try_from).collect()
}

/// What was ruled for some places; a place that was never decided is absent.
pub(crate) async fn rulings(
    pool: &PgPool,
    places: &[Place],
) -> Result<HashMap<Place, Found>, StoreError> {
    let mut records: Vec<(i16, i64)> = places.iter().map(record_of).collect();
    records.sort_unstable();
    records.dedup();
    let (partitions, seqs): (Vec<i16>, Vec<i64>) = records.into_iter().unzip();
    metrics::counter!("feed_look_ups_total").increment(1);
    let rows = sqlx::query!(
        r#"SELECT partition, seq, sale_id, rulings, refs
           FROM decisions JOIN UNNEST($1::smallint[], $2::bigint[]) AS wanted (partition, seq)
                USING (partition, seq)"#,
        &partitions,
        &seqs
    )
    .fetch_all(pool)
    .await?;
    let mut decided = HashMap::with_capacity(rows.len());
    for row in rows {
        let sale = row.sale_id.map(SaleId::try_from).transpose()?;
        let refs = row.refs.unwrap_or_default().into_iter();
        let refs: Vec<Place> = refs
            .map(|bits| Place::unpack(bits.cast_unsigned()))
            .collect();
        decided.insert(
            (row.partition, row.seq),
            (sale, Rulings::from_letters(row.rulings), refs),
        );
    }
    Ok(places
        .iter()
        .filter_map(|place| {
            let (sale, rulings, refs) = decided.get(&record_of(place))?;
            Some((*place, found(*sale, rulings, refs, place.index)?))
        })
        .collect())
}

fn record_of(place: &Place) -> (i16, i64) {
    (
        place.partition.get().cast_signed(),
        place.seq.get().cast_signed(),
    )
}

/// The id of the order at a place.
pub(crate) async fn order_at(pool: &PgPool, place: Place) -> Result<Option<Ticket>, StoreError> {
    let (first, last) = Ticket::range_of(place);
    let id = sqlx::query_scalar!(
        "SELECT id FROM orders WHERE id BETWEEN $1 AND $2",
        first,
        last
    )
    .fetch_optional(pool)
    .await?;
    Ok(id.map(Ticket::from_order_id))
}

fn seq(number: i64) -> Result<Seq, StoreError> {
    Ok(Seq::try_from(u64::try_from(number)?)?)
}
