//! Trims a partition's log: the owner purges decided records older than the replay horizon, and
//! nothing else ever. Not the record at the cursor, by which the stream is recognised; not a sale
//! that was open within the horizon, which could not be decided again from its middle; and never
//! because space is short, as a full log is refused at the door.

use std::time::Duration;

use anyhow::Context;
use async_nats::jetstream;
use async_nats::jetstream::stream::{Info, Stream};
use sale::{Partition, subject};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use time::OffsetDateTime;
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, warn};

use crate::store::{self, Grant, Trimmable};

/// Trimming need not be prompt: it looks ten times per horizon, but neither so often that it
/// costs anything nor so seldom that the metric is stale.
const LOOKS_PER_HORIZON: u32 = 10;
const LOOK_EVERY_MIN: Duration = Duration::from_secs(1);
const LOOK_EVERY_MAX: Duration = Duration::from_secs(60);

/// What trimming needs.
#[derive(Clone)]
pub(crate) struct Trimmer {
    pub(crate) jetstream: jetstream::Context,
    pub(crate) postgres: PgConnectOptions,
    pub(crate) horizon: Duration,
}

/// A partition being trimmed, until this is dropped.
pub(crate) type Trimming = AbortOnDropHandle<()>;

impl Trimmer {
    /// Trims the log of a granted partition for as long as it is owned.
    pub(crate) fn start(&self, grant: Grant) -> Trimming {
        let trimmer = self.clone();
        AbortOnDropHandle::new(tokio::spawn(async move {
            loop {
                tokio::time::sleep(trimmer.pause()).await;
                if let Err(error) = trimmer.step(grant).await {
                    // It is tried again; until then the log is longer than it need be.
                    warn!(partition = %grant.partition, error = %format!("{error:#}"), "the log was not trimmed");
                }
            }
        }))
    }

    fn pause(&self) -> Duration {
        (self.horizon / LOOKS_PER_HORIZON).clamp(LOOK_EVERY_MIN, LOOK_EVERY_MAX)
    }

    /// Purges what may go; how many records that was.
    pub(crate) async fn step(&self, grant: Grant) -> anyhow::Result<u64> {
        let Some(trimmable) = self.trimmable(grant).await? else {
            return Ok(0);
        };
        let partition = grant.partition;
        let stream = self
            .jetstream
            .get_stream(subject::stream(partition))
            .await?;
        let found = stream.cached_info();
        if !store::same_stream(trimmable.stream_created, found.created) {
            // The owner is about to notice, and to halt.
            return Ok(0);
        }
        tell_age(partition, found, trimmable.now);
        let keep_from = first_to_keep(&stream, found, &trimmable).await?;
        if keep_from <= found.state.first_sequence {
            return Ok(0);
        }
        let purged = stream
            .purge()
            .sequence(keep_from)
            .await
            .context("purging")?;
        metrics::counter!("allocator_log_trimmed_records_total").increment(purged.purged);
        info!(%partition, records = purged.purged, keep_from, "trimmed the log to the replay horizon");
        Ok(purged.purged)
    }

    async fn trimmable(&self, grant: Grant) -> anyhow::Result<Option<Trimmable>> {
        let mut postgres = self.postgres.connect().await?;
        let trimmable = store::trimmable(&mut postgres, grant, self.horizon).await?;
        postgres.close().await?;
        Ok(trimmable)
    }
}

fn tell_age(partition: Partition, found: &Info, now: OffsetDateTime) {
    let age = match found.state.messages {
        0 => time::Duration::ZERO,
        _ => now - found.state.first_timestamp,
    };
    metrics::gauge!("allocator_log_oldest_record_age_seconds", "partition" => partition.to_string())
        .set(age.as_seconds_f64().max(0.0));
}

/// The first record that must stay: the first one younger than the horizon, or the first one that
/// must stay for another reason. Found by halving, in a couple of dozen looks at most.
async fn first_to_keep(
    stream: &Stream,
    found: &Info,
    trimmable: &Trimmable,
) -> anyhow::Result<u64> {
    let first = found.state.first_sequence;
    if found.state.messages == 0 || found.state.first_timestamp >= trimmable.horizon {
        return Ok(first);
    }
    let (mut from, mut to) = (first, trimmable.keep_from.get());
    while from < to {
        let middle = from + (to - from) / 2;
        let record = stream
            .get_raw_message(middle)
            .await
            .context("looking at a record's age")?;
        if record.time < trimmable.horizon {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    Ok(from)
}
