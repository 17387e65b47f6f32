//! What is known of a sale.

use anyhow::{Context, Result};
use sqlx::{PgPool, Row};
use uuid::Uuid;

/// A sale as Postgres holds it, and what its shoppers saw.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Units.
    pub stock: usize,
    /// Units per shopper.
    pub unit_limit: usize,
    /// Units sold, by the sale's own count.
    pub sold: usize,
    /// The orders, cancelled ones left out.
    pub orders: Vec<Order>,
    /// The decided records.
    pub records: Vec<Record>,
    /// One per attempt to buy.
    pub attempts: Vec<Attempt>,
}

/// A won place.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Its id is its ticket.
    pub ticket: Uuid,
    /// Whose it is.
    pub shopper: Uuid,
}

/// The decisions of one record: a letter per place.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its log.
    pub partition: u16,
    /// Its number there.
    pub seq: u64,
    /// `W` won, `R` replay, other capitals lost; a small letter is a command's.
    pub rulings: String,
}

/// One shopper's attempt to buy one unit.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Who.
    pub shopper: Uuid,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of an attempt.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// No ticket; why, as the problem's code.
    Refused(String),
    /// 202.
    Accepted {
        /// The ticket.
        ticket: Uuid,
        /// What the WebSocket said in the end, if anything.
        verdict: Option<Verdict>,
    },
}

/// What a shopper was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// With the order's id.
    Won(Uuid),
    /// With the reason.
    Lost(String),
}

impl History {
    /// Reads a sale from Postgres; the attempts are the caller's.
    pub async fn read(pool: &PgPool, sale: Uuid, attempts: Vec<Attempt>) -> Result<Self> {
        let row = sqlx::query(
            "SELECT stock, sold, unit_limit::int4 AS unit_limit FROM sales WHERE id = $1",
        );
        let row = row
            .bind(sale)
            .fetch_one(pool)
            .await
            .context("the sale is not in Postgres")?;
        let count = |name| Ok::<_, anyhow::Error>(usize::try_from(row.try_get::<i32, _>(name)?)?);
        let (stock, sold, unit_limit) = (count("stock")?, count("sold")?, count("unit_limit")?);
        let (orders, records) = (
            read_orders(pool, sale).await?,
            read_records(pool, sale).await?,
        );
        Ok(Self {
            stock,
            unit_limit,
            sold,
            orders,
            records,
            attempts,
        })
    }

    /// Shopper, ticket and verdict of every attempt that got a ticket.
    pub fn accepted(&self) -> impl Iterator<Item = (Uuid, Uuid, Option<&Verdict>)> {
        self.attempts
            .iter()
            .filter_map(|attempt| match &attempt.outcome {
                Outcome::Accepted { ticket, verdict } => {
                    Some((attempt.shopper, *ticket, verdict.as_ref()))
                }
                Outcome::Refused(_) => None,
            })
    }
}

async fn read_orders(pool: &PgPool, sale: Uuid) -> Result<Vec<Order>> {
    let rows = sqlx::query(
        "SELECT id, shopper_id FROM orders WHERE sale_id = $1 AND cancelled_at IS NULL",
    );
    let rows = rows.bind(sale).fetch_all(pool).await?;
    rows.iter()
        .map(|row| {
            Ok(Order {
                ticket: row.try_get("id")?,
                shopper: row.try_get("shopper_id")?,
            })
        })
        .collect()
}

async fn read_records(pool: &PgPool, sale: Uuid) -> Result<Vec<Record>> {
    let rows = sqlx::query("SELECT partition, seq, rulings FROM decisions WHERE sale_id = $1");
    let rows = rows.bind(sale).fetch_all(pool).await?;
    let record = |row: &sqlx::postgres::PgRow| {
        Ok(Record {
            partition: u16::try_from(row.try_get::<i16, _>("partition")?)?,
            seq: u64::try_from(row.try_get::<i64, _>("seq")?)?,
            rulings: row.try_get("rulings")?,
        })
    };
    rows.iter().map(record).collect()
}
