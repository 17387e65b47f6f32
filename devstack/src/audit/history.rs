//! What is known of a sale.

use anyhow::{Context, Result};
use async_nats::Client;
use futures_util::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use super::attempt::{Accepted, Attempt};
use super::log::Log;

/// A sale as Postgres and the log hold it, and what its shoppers saw.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Which.
    pub sale: Uuid,
    /// Its log.
    pub partition: u16,
    /// The last record that is decided.
    pub cursor: u64,
    /// Units.
    pub stock: usize,
    /// Units per shopper.
    pub unit_limit: usize,
    /// First millisecond of the window, and the first after it.
    pub window_ms: (i64, i64),
    /// What is sold, and for how much.
    pub label: Label,
    /// Units sold, by the sale's own count.
    pub sold: usize,
    /// Whether an operator holds it.
    pub is_paused: bool,
    /// Whether an operator ended it.
    pub is_closed: bool,
    /// Commands that changed it.
    pub version: u32,
    /// The orders, cancelled ones too.
    pub orders: Vec<Order>,
    /// The decided records.
    pub records: Vec<Record>,
    /// One per attempt to buy.
    pub attempts: Vec<Attempt>,
    /// Whether nobody else attempted anything.
    pub asked: Asked,
    /// The log itself, if it could be read.
    pub log: Option<Log>,
}

/// How much of a sale's shoppers the attempts tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asked {
    /// There may have been others.
    #[default]
    BySome,
    /// These are all attempts there were, and none of them is [`super::Outcome::Refused`] that should be
    /// [`super::Outcome::Unknown`].
    ByNobodyElse,
}

/// What is sold, and for how much.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// In the catalogue.
    pub product: Uuid,
    /// Its name.
    pub name: String,
    /// Of a unit, in the currency's smallest.
    pub amount_minor: u32,
    /// ISO 4217.
    pub currency: String,
}

/// A won place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Order {
    /// Its id is its ticket.
    pub ticket: Uuid,
    /// Whose it is.
    pub shopper: Uuid,
    /// The hash of the key it was bought with.
    pub key_hash: u64,
    /// Which of the shopper's units.
    pub nth: u16,
    /// The limit that was in force.
    pub unit_limit: u16,
    /// Whether an operator took it back.
    pub is_cancelled: bool,
}

/// The decisions of one record: a letter per place.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Its log.
    pub partition: u16,
    /// Its number there.
    pub seq: u64,
    /// `W` won, `R` replay, other capitals lost; a small letter is a command's.
    pub rulings: String,
    /// The places, packed, that its replays refer to.
    pub refs: Vec<u64>,
}

impl History {
    /// Reads a sale from Postgres, as it is at one moment; the attempts are the caller's.
    pub async fn read(pool: &PgPool, sale: Uuid, attempts: Vec<Attempt>) -> Result<Self> {
        let mut transaction = pool.begin().await.context("Postgres cannot be asked")?;
        let one_moment = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
        sqlx::query(one_moment).execute(&mut *transaction).await?;
        let mut history = read_sale(&mut transaction, sale).await?;
        history.orders = read_orders(&mut transaction, sale).await?;
        history.records = read_records(&mut transaction, sale).await?;
        history.attempts = attempts;
        transaction.rollback().await?;
        Ok(history)
    }

    /// Adds the log. To be read after Postgres: it then holds whatever was decided.
    pub async fn with_log(mut self, client: &Client) -> Result<Self> {
        self.log = Some(Log::read(client, self.partition, self.sale).await?);
        Ok(self)
    }

    /// Says that nobody else attempted anything.
    pub fn asked_by_nobody_else(mut self) -> Self {
        self.asked = Asked::ByNobodyElse;
        self
    }

    /// Every attempt that got a ticket.
    pub fn accepted(&self) -> impl Iterator<Item = Accepted<'_>> {
        self.attempts.iter().filter_map(Attempt::accepted)
    }

    /// The orders that were not taken back.
    pub fn live_orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.iter().filter(|order| !order.is_cancelled)
    }

    /// The log, if it holds the sale from its opening on.
    pub fn whole_log(&self) -> Option<&Log> {
        let log = self.log.as_ref()?;
        let is_trimmed = self.records.iter().any(|record| record.seq < log.first_seq);
        (!is_trimmed).then_some(log)
    }
}

async fn read_sale(connection: &mut PgConnection, sale: Uuid) -> Result<History> {
    let row = sqlx::query(
        "SELECT partition::int4, cursor, stock, sold, sales.unit_limit::int4, version, paused, closed,
                product_id, product_name, price_minor, currency,
                (extract(epoch FROM starts_at) * 1000)::bigint AS starts_at_ms,
                (extract(epoch FROM ends_at) * 1000)::bigint AS ends_at_ms
         FROM sales JOIN partitions USING (partition) WHERE id = $1",
    );
    let row = row.bind(sale).fetch_optional(connection).await?;
    let row = row.with_context(|| format!("sale {sale} is not in Postgres"))?;
    let count = |name| Ok::<_, anyhow::Error>(u32::try_from(row.try_get::<i32, _>(name)?)?);
    Ok(History {
        sale,
        partition: count("partition")?.try_into()?,
        cursor: u64::try_from(row.try_get::<i64, _>("cursor")?)?,
        stock: count("stock")? as usize,
        unit_limit: count("unit_limit")? as usize,
        window_ms: (row.try_get("starts_at_ms")?, row.try_get("ends_at_ms")?),
        label: Label {
            product: row.try_get("product_id")?,
            name: row.try_get("product_name")?,
            amount_minor: u32::try_from(row.try_get::<i64, _>("price_minor")?)?,
            currency: row.try_get("currency")?,
        },
        sold: count("sold")? as usize,
        version: count("version")?,
        is_paused: row.try_get("paused")?,
        is_closed: row.try_get("closed")?,
        ..History::default()
    })
}

async fn read_orders(connection: &mut PgConnection, sale: Uuid) -> Result<Vec<Order>> {
    let rows = sqlx::query(
        "SELECT id, shopper_id, key_hash, nth, unit_limit, cancelled_at IS NOT NULL AS is_cancelled
         FROM orders WHERE sale_id = $1 ORDER BY id",
    );
    let order = |row: PgRow| {
        Ok(Order {
            ticket: row.try_get("id")?,
            shopper: row.try_get("shopper_id")?,
            key_hash: row.try_get::<i64, _>("key_hash")?.cast_unsigned(),
            nth: u16::try_from(row.try_get::<i16, _>("nth")?)?,
            unit_limit: u16::try_from(row.try_get::<i16, _>("unit_limit")?)?,
            is_cancelled: row.try_get("is_cancelled")?,
        })
    };
    let orders = rows.bind(sale).fetch(connection).map_err(Into::into);
    orders.and_then(async |row| order(row)).try_collect().await
}

async fn read_records(connection: &mut PgConnection, sale: Uuid) -> Result<Vec<Record>> {
    let rows = sqlx::query(
        "SELECT partition, seq, rulings, refs FROM decisions WHERE sale_id = $1 ORDER BY partition, seq",
    );
    let record = |row: PgRow| {
        let refs: Option<Vec<i64>> = row.try_get("refs")?;
        let refs = refs.unwrap_or_default();
        Ok(Record {
            partition: u16::try_from(row.try_get::<i16, _>("partition")?)?,
            seq: u64::try_from(row.try_get::<i64, _>("seq")?)?,
            rulings: row.try_get("rulings")?,
            refs: refs.into_iter().map(i64::cast_unsigned).collect(),
        })
    };
    let records = rows.bind(sale).fetch(connection).map_err(Into::into);
    records
        .and_then(async |row| record(row))
        .try_collect()
        .await
}
