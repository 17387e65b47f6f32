//! Reads the log for people who look after it: how large it is, and what a place holds. Nothing that
//! is decided depends on it.

use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream;
use async_nats::jetstream::stream::{LastRawMessageErrorKind, State};
use sale::subject::{self, LogSubject};
use sale::{Moment, Partition, Place, Purchase, Record};

/// How long a look may take: somebody waits for the answer, and most of it is known without the log.
const LOOK_MAX: Duration = Duration::from_secs(1);

/// The streams of all partitions, to look at.
pub(crate) struct Records {
    jetstream: jetstream::Context,
}

/// A purchase as the log holds it.
pub(crate) struct Logged {
    pub(crate) purchase: Purchase,
    pub(crate) subject: LogSubject,
    /// The timestamp of its record.
    pub(crate) at: Moment,
}

impl Records {
    pub(crate) fn new(jetstream: jetstream::Context) -> Self {
        Self { jetstream }
    }

    /// What a partition's stream holds; `None` when JetStream does not tell in time.
    pub(crate) async fn size(&self, partition: Partition) -> Option<State> {
        let stream = self.jetstream.get_stream(subject::stream(partition));
        let stream = tokio::time::timeout(LOOK_MAX, stream).await.ok()?.ok()?;
        Some(stream.cached_info().state.clone())
    }

    /// The purchase at a place; `None` when the log was trimmed beyond it, or its record is damaged.
    pub(crate) async fn purchase(&self, place: Place) -> anyhow::Result<Option<Logged>> {
        let look = tokio::time::timeout(LOOK_MAX, self.read(place));
        look.await.context("the log did not answer in time")?
    }

    async fn read(&self, place: Place) -> anyhow::Result<Option<Logged>> {
        let stream = subject::stream(place.partition);
        let stream = self.jetstream.get_stream_no_info(stream).await?;
        let message = match stream.get_raw_message(place.seq.get()).await {
            Ok(message) => message,
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let Ok(subject) = message.subject.parse::<LogSubject>() else {
            return Ok(None);
        };
        let Ok(Record::Purchases(group)) = Record::decode(&subject, &message.payload) else {
            return Ok(None);
        };
        let purchase = group.purchases.get(usize::from(place.index));
        Ok(purchase.map(|purchase| Logged {
            purchase: *purchase,
            subject,
            at: feed::moment(message.time),
        }))
    }
}
