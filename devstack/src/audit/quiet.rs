//! Waiting until nothing is under way any more: before that an audit finds what is only late.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result};
use async_nats::Client;
use async_nats::jetstream;
use async_nats::jetstream::stream::{LastRawMessageErrorKind, Stream};
use sqlx::{PgPool, Row};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::attempt::{Attempt, Outcome};
use super::place::Place;

/// Long enough for a full queue, and for a take-over before it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at the cursors.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How long a purchase without a certain answer may still be on its way into the log: docs/limits.md grants it 5 s
/// and 1.5 s more.
const IN_DOUBT_FOR: Duration = Duration::from_secs(7);

/// How the wait ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quiet {
    /// How long it took.
    pub waited: Duration,
    /// What was still under way at the limit.
    pub open: Vec<Open>,
}

/// A log that is not decided as far as it has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// Which.
    pub partition: u16,
    /// The last record that is decided.
    pub cursor: u64,
    /// The last one that is waited for.
    pub wanted: u64,
}

impl Quiet {
    /// Whether nothing was under way any more.
    pub fn is_quiet(&self) -> bool {
        self.open.is_empty()
    }
}

impl fmt::Display for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waited = self.waited;
        if self.is_quiet() {
            return write!(f, "everything was decided after {waited:.1?}");
        }
        write!(f, "not everything was decided after {waited:.1?}:")?;
        self.open.iter().try_for_each(|open| {
            let (partition, cursor, wanted) = (open.partition, open.cursor, open.wanted);
            write!(f, " log {partition:02} up to record {cursor} of {wanted};")
        })
    }
}

/// Waits until every accepted place is decided and, where the log can be asked, every record of the sales; at most
/// for `limit`.
pub(super) async fn quiet(
    pool: &PgPool,
    log: Option<&Client>,
    sales: &[(Uuid, &[Attempt])],
    limit: Duration,
) -> Result<Quiet> {
    let began = Instant::now();
    let partitions = partitions(pool, sales).await?;
    if sales.iter().any(|(_, attempts)| is_in_doubt(attempts)) {
        sleep(IN_DOUBT_FOR.min(limit)).await;
    }
    loop {
        let mut wanted = accepted(sales);
        if let Some(client) = log {
            logged(client, &partitions, &mut wanted).await?;
        }
        let open = open(pool, &wanted).await?;
        let waited = began.elapsed();
        if open.is_empty() || waited >= limit {
            return Ok(Quiet { waited, open });
        }
        sleep(LOOK_EVERY.min(limit.saturating_sub(waited))).await;
    }
}

/// Where each sale is.
async fn partitions(pool: &PgPool, sales: &[(Uuid, &[Attempt])]) -> Result<Vec<(Uuid, u16)>> {
    let ids: Vec<Uuid> = sales.iter().map(|(sale, _)| *sale).collect();
    let rows = sqlx::query("SELECT id, partition::int4 FROM sales WHERE id = ANY($1)");
    let rows = rows.bind(&ids).fetch_all(pool).await;
    let rows = rows.context("Postgres cannot be asked")?;
    let partition = |row: &sqlx::postgres::PgRow| {
        let partition: i32 = row.try_get("partition")?;
        Ok((row.try_get("id")?, u16::try_from(partition)?))
    };
    rows.iter().map(partition).collect()
}

fn is_in_doubt(attempts: &[Attempt]) -> bool {
    let is_unknown = |attempt: &Attempt| matches!(attempt.outcome, Outcome::Unknown(_));
    attempts.iter().any(is_unknown)
}

/// The last accepted record of each log.
fn accepted(sales: &[(Uuid, &[Attempt])]) -> BTreeMap<u16, u64> {
    let mut wanted = BTreeMap::new();
    let attempts = sales.iter().flat_map(|(_, attempts)| *attempts);
    for accepted in attempts.filter_map(Attempt::accepted) {
        let place = Place::of(accepted.ticket);
        want(&mut wanted, place.partition, place.seq);
    }
    wanted
}

/// The last record of each sale.
async fn logged(
    client: &Client,
    partitions: &[(Uuid, u16)],
    wanted: &mut BTreeMap<u16, u64>,
) -> Result<()> {
    let jetstream = jetstream::new(client.clone());
    for (sale, partition) in partitions {
        let stream = format!("SALE_LOG_{partition:02}");
        let stream = jetstream.get_stream_no_info(&stream).await?;
        for channel in ["purchases", "control"] {
            let subject = format!("sale.{partition:02}.{sale}.{channel}");
            want(wanted, *partition, last(&stream, &subject).await?);
        }
    }
    Ok(())
}

async fn last(stream: &Stream<()>, subject: &str) -> Result<u64> {
    match stream.get_last_raw_message_by_subject(subject).await {
        Ok(message) => Ok(message.sequence),
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(0),
        Err(error) => Err(error).context("the log does not answer"),
    }
}

fn want(wanted: &mut BTreeMap<u16, u64>, partition: u16, seq: u64) {
    let last = wanted.entry(partition).or_default();
    *last = seq.max(*last);
}

/// The logs that are not decided as far as they should be. One that Postgres does not know is at 0.
async fn open(pool: &PgPool, wanted: &BTreeMap<u16, u64>) -> Result<Vec<Open>> {
    let rows = sqlx::query_as("SELECT partition::int4, cursor FROM partitions");
    let rows: Vec<(i32, i64)> = rows.fetch_all(pool).await?;
    let cursor_of = |partition: u16| {
        let row = rows.iter().find(|row| row.0 == i32::from(partition));
        row.map_or(0, |row| row.1.cast_unsigned())
    };
    let all = wanted.iter().map(|(partition, wanted)| Open {
        partition: *partition,
        cursor: cursor_of(*partition),
        wanted: *wanted,
    });
    Ok(all.filter(|open| open.cursor < open.wanted).collect())
}
