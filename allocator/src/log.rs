//! Reads a partition's log: checks that it is the stream the partition was decided from, then
//! pulls from the cursor on. Acknowledgements carry no correctness here: there are none.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::context::{GetStreamError, GetStreamErrorKind};
use async_nats::jetstream::stream::{Info, LastRawMessageErrorKind, Stream};
use async_nats::jetstream::{self, ErrorCode, message::Message};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use sale::{Partition, Position, Seq, subject};
use thiserror::Error;
use time::OffsetDateTime;
use tokio::time::timeout;
use uuid::Uuid;

use crate::group::{Entry, hash_of};
use crate::store::{self, Taken};

/// Records asked for at once: far below the 8,192 a subscription holds before it drops any.
const PULL_RECORDS: usize = 512;

/// A pull request's life and the pulse it must show: a dead server is noticed within a second.
const PULL_EXPIRES: Duration = Duration::from_secs(3);
const PULL_HEARTBEAT: Duration = Duration::from_millis(500);

/// How long nats-server remembers a consumer nobody pulls from.
const CONSUMER_FORGOTTEN_AFTER: Duration = Duration::from_secs(30);

/// How often an owner makes sure that the stream is still the one it decides.
const CHECK_EVERY: Duration = Duration::from_secs(10);

/// How long such a check may keep the owner from its work; less than its lease.
const CHECK_PATIENCE: Duration = Duration::from_secs(1);

/// Where an operator finds what to do about a stream that is not the one that was decided.
pub(crate) const RUNBOOK: &str = "docs/runbooks/lost-stream.md";

/// Why the log cannot be read.
#[derive(Debug, Error)]
pub(crate) enum LogError {
    /// JetStream does not answer, or the consumer is gone: open the log again.
    #[error("the log cannot be read: {0}")]
    Away(#[source] anyhow::Error),
    /// This is not the log the partition was decided from: nobody may go on before an operator looked.
    #[error("{0}")]
    Foreign(String),
}

impl LogError {
    fn away(error: impl Into<anyhow::Error>) -> Self {
        Self::Away(error.into())
    }
}

/// An open log, positioned after a cursor.
pub(crate) struct Log {
    messages: pull::Stream,
    next: Seq,
    last_seq: Seq,
    stream: Stream,
    known: Known,
    horizons: Horizons,
    checked_at: Instant,
    /// The record before `next`, once one was read.
    last_read: Option<(Seq, Bytes)>,
}

/// What a partition's stream must be.
#[derive(Clone, Debug)]
struct Known {
    partition: Partition,
    created: OffsetDateTime,
    cursor: Seq,
    /// Hash of the record at the cursor; `None` where a generation begins.
    record_hash: Option<Vec<u8>>,
}

/// The last record this process has seen in each partition's stream, whoever owned it since. A
/// stream that ends before it has lost records that were acknowledged, even if nobody decided them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Horizons(Arc<Mutex<HashMap<Partition, (OffsetDateTime, Seq)>>>);

impl Horizons {
    fn of(&self, known: &Known) -> Seq {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What was seen of another stream says nothing about this one.
        seen.get(&known.partition)
            .filter(|(created, _)| store::same_stream(*created, known.created))
            .map_or(known.cursor, |(_, last)| known.cursor.max(*last))
    }

    fn saw(&self, known: &Known, last: Seq) {
        let last = last.max(self.of(known));
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(known.partition, (known.created, last));
    }
}

impl Log {
    /// Opens the log of a partition just taken over, after checking that it is the right one.
    pub(crate) async fn open(
        jetstream: &jetstream::Context,
        taken: &Taken,
        horizons: Horizons,
    ) -> Result<Self, LogError> {
        let known = Known::of(taken);
        let name = subject::stream(known.partition);
        let stream = match jetstream.get_stream(&name).await {
            Ok(stream) => stream,
            Err(error) if is_missing(&error) => return Err(known.contradicted("it is gone")),
            Err(error) => return Err(LogError::away(error)),
        };
        let last_seq = known
            .check(&stream, stream.cached_info(), horizons.of(&known))
            .await?;
        horizons.saw(&known, last_seq);
        Self::read(stream, known, horizons).await
    }

    /// Reads a stream from a record on, whatever was decided of it.
    pub(crate) async fn replay(
        stream: &Stream,
        partition: Partition,
        first: Seq,
    ) -> Result<Self, LogError> {
        let known = Known {
            partition,
            created: stream.cached_info().created,
            cursor: Seq::try_from(first.get().saturating_sub(1)).unwrap_or(Seq::ZERO),
            record_hash: None,
        };
        Self::read(stream.clone(), known, Horizons::default()).await
    }

    async fn read(stream: Stream, known: Known, horizons: Horizons) -> Result<Self, LogError> {
        let next = known.cursor.next();
        let last_seq = Seq::try_from(stream.cached_info().state.last_sequence)
            .map_err(|error| known.contradicted(&error.to_string()))?;
        let consumer = stream
            .create_consumer(pull::Config {
                // Never one that was there before: it would go on where it had got to.
                name: Some(format!("allocator-{}", Uuid::new_v4())),
                deliver_policy: DeliverPolicy::ByStartSequence {
                    start_sequence: next.get(),
                },
                ack_policy: AckPolicy::None,
                inactive_threshold: CONSUMER_FORGOTTEN_AFTER,
                memory_storage: true,
                num_replicas: 1,
                ..Default::default()
            })
            .await
            .map_err(LogError::away)?;
        let messages = consumer
            .stream()
            .max_messages_per_batch(PULL_RECORDS)
            .expires(PULL_EXPIRES)
            .heartbeat(PULL_HEARTBEAT)
            .messages()
            .await
            .map_err(LogError::away)?;
        Ok(Self {
            messages,
            next,
            last_seq,
            stream,
            known,
            horizons,
            checked_at: Instant::now(),
            last_read: None,
        })
    }

    /// Opens the log again where reading stopped, after checking that it is still the right one.
    pub(crate) async fn reopen(
        &mut self,
        jetstream: &jetstream::Context,
        taken: &Taken,
    ) -> Result<(), LogError> {
        let mut read_up_to = taken.clone();
        if let Some((seq, body)) = &self.last_read {
            read_up_to.cursor = *seq;
            read_up_to.last_record_hash = Some(hash_of(body).to_vec());
        }
        // Boxed: it is large, and seldom.
        let opening = Box::pin(Self::open(jetstream, &read_up_to, self.horizons.clone()));
        let mut opened = opening.await?;
        std::mem::swap(&mut self.messages, &mut opened.messages);
        std::mem::swap(&mut self.stream, &mut opened.stream);
        self.last_seq = self.last_seq.max(opened.last_seq);
        Ok(())
    }

    /// Tells how far the partition is decided, and the hash of the record there.
    pub(crate) fn decided(&mut self, cursor: Seq, record_hash: [u8; 32]) {
        self.known.cursor = cursor;
        self.known.record_hash = Some(record_hash.to_vec());
    }

    /// Now and then makes sure that the stream is still the one that is decided.
    pub(crate) async fn check_when_due(&mut self) -> Result<(), LogError> {
        if self.checked_at.elapsed() < CHECK_EVERY {
            return Ok(());
        }
        // Only what was delivered: what a consumer calls pending is an estimate.
        self.horizons.saw(&self.known, self.delivered());
        let seen = self.horizons.of(&self.known);
        let checking = async {
            let info = match self.stream.get_info().await {
                Ok(info) => info,
                Err(error) => return Err(LogError::away(error)),
            };
            self.known.check(&self.stream, &info, seen).await
        };
        let last = timeout(CHECK_PATIENCE, checking)
            .await
            .map_err(LogError::away)??;
        self.horizons.saw(&self.known, last);
        self.checked_at = Instant::now();
        Ok(())
    }

    fn delivered(&self) -> Seq {
        Seq::try_from(self.next.get() - 1).unwrap_or(Seq::ZERO)
    }

    /// The last record known to be in the log.
    pub(crate) const fn last_seq(&self) -> Seq {
        self.last_seq
    }

    /// Appends what waits, up to a pull's worth; when nothing does, waits up to `patience`.
    pub(crate) async fn gather(
        &mut self,
        patience: Duration,
        waiting: &mut VecDeque<Entry>,
    ) -> Result<(), LogError> {
        let Ok(first) = timeout(patience, self.messages.next()).await else {
            return Ok(());
        };
        let mut next = first;
        loop {
            let message = next
                .ok_or_else(|| LogError::away(anyhow::anyhow!("the subscription ended")))?
                .map_err(LogError::away)?;
            let entry = self.place(message)?;
            waiting.push_back(entry);
            if waiting.len() >= PULL_RECORDS {
                return Ok(());
            }
            match self.messages.next().now_or_never() {
                Some(message) => next = message,
                None => return Ok(()),
            }
        }
    }

    fn place(&mut self, message: Message) -> Result<Entry, LogError> {
        let (seq, pending, timestamp) = {
            let info = message
                .info()
                .map_err(|error| LogError::away(anyhow::anyhow!(error)))?;
            (
                info.stream_sequence,
                info.pending,
                feed::moment(info.published),
            )
        };
        if seq != self.next.get() {
            return Err(self.known.contradicted(&format!(
                "the log goes on with record {seq} where record {} was expected",
                self.next
            )));
        }
        let at = Position {
            seq: self.next,
            timestamp,
        };
        self.last_read = Some((self.next, message.payload.clone()));
        self.next = self.next.next();
        let last = Seq::try_from(seq + pending).unwrap_or(Seq::MAX);
        self.last_seq = self.last_seq.max(last);
        Ok(Entry { at, message })
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // The next owner in this process must not be content with less.
        self.horizons.saw(&self.known, self.delivered());
    }
}

impl Known {
    fn of(taken: &Taken) -> Self {
        Self {
            partition: taken.grant.partition,
            created: taken.stream_created,
            cursor: taken.cursor,
            record_hash: taken.last_record_hash.clone(),
        }
    }

    /// The stream must be the one the partition knows, reach at least as far as it was ever seen
    /// to, and hold at the cursor the very record that was decided. Answers where it ends.
    async fn check(&self, stream: &Stream, found: &Info, seen: Seq) -> Result<Seq, LogError> {
        let last = found.state.last_sequence;
        if !store::same_stream(self.created, found.created) {
            return Err(self.contradicted(&format!(
                "the present one was created at {} and ends at record {last}",
                found.created
            )));
        }
        if last < self.cursor.get() {
            return Err(self.contradicted(&format!("its stream ends at record {last}")));
        }
        if last < seen.get() {
            return Err(self.contradicted(&format!(
                "its stream ends at record {last} and has held record {seen}"
            )));
        }
        self.check_record(stream).await?;
        Seq::try_from(last).map_err(|error| self.contradicted(&error.to_string()))
    }

    async fn check_record(&self, stream: &Stream) -> Result<(), LogError> {
        let Some(expected) = &self.record_hash else {
            return Ok(());
        };
        match stream.get_raw_message(self.cursor.get()).await {
            Ok(message) if hash_of(&message.payload).as_slice() == expected => Ok(()),
            Ok(_) => Err(self.contradicted("the record there is not the one that was decided")),
            Err(error) if matches!(error.kind(), LastRawMessageErrorKind::NoMessageFound) => {
                Err(self.contradicted("the record there, the last decided one, is gone"))
            }
            Err(error) => Err(LogError::away(error)),
        }
    }

    fn contradicted(&self, how: &str) -> LogError {
        LogError::Foreign(format!(
            "partition {} was decided up to record {} of a stream created at {}; {how}. See {RUNBOOK}",
            self.partition, self.cursor, self.created
        ))
    }
}

/// Whether JetStream is certain that there is no such stream.
pub(crate) fn is_missing(error: &GetStreamError) -> bool {
    matches!(error.kind(), GetStreamErrorKind::JetStream(error)
        if error.error_code() == ErrorCode::STREAM_NOT_FOUND)
}
