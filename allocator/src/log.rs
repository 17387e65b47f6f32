//! Reads a partition's log: checks that it is the stream the partition was decided from, then
//! pulls from the cursor on. Acknowledgements carry no correctness here: there are none.

use std::collections::VecDeque;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::stream::{LastRawMessageErrorKind, Stream};
use async_nats::jetstream::{self, message::Message};
use futures_util::{FutureExt, StreamExt};
use sale::{Position, Seq, subject};
use thiserror::Error;
use tokio::time::timeout;

use crate::group::{Entry, hash_of};
use crate::store::{self, Taken};

/// Records asked for at once: far below the 8,192 a subscription holds before it drops any.
const PULL_RECORDS: usize = 512;

/// A pull request's life and the pulse it must show: a dead server is noticed within a second.
const PULL_EXPIRES: Duration = Duration::from_secs(3);
const PULL_HEARTBEAT: Duration = Duration::from_millis(500);

/// How long nats-server remembers a consumer nobody pulls from.
const CONSUMER_FORGOTTEN_AFTER: Duration = Duration::from_secs(30);

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
}

impl Log {
    /// Opens the log of a partition just taken over, after checking that it is the right one.
    pub(crate) async fn open(
        jetstream: &jetstream::Context,
        taken: &Taken,
    ) -> Result<Self, LogError> {
        let name = subject::stream(taken.grant.partition);
        let stream = jetstream.get_stream(&name).await.map_err(LogError::away)?;
        check_identity(&stream, taken).await?;
        let reader = format!("allocator-{}", taken.grant.owner);
        Self::read(&stream, reader, taken.cursor.next()).await
    }

    /// Reads a stream from a record on, as a reader of that name.
    pub(crate) async fn read(stream: &Stream, reader: String, next: Seq) -> Result<Self, LogError> {
        let last_seq = Seq::try_from(stream.cached_info().state.last_sequence)
            .map_err(|error| LogError::Foreign(error.to_string()))?;
        let consumer = stream
            .create_consumer(pull::Config {
                name: Some(reader),
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
        })
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
            return Err(LogError::Foreign(format!(
                "the log goes on with record {seq} where record {} was expected",
                self.next
            )));
        }
        let at = Position {
            seq: self.next,
            timestamp,
        };
        self.next = self.next.next();
        let last = Seq::try_from(seq + pending).unwrap_or(Seq::MAX);
        self.last_seq = self.last_seq.max(last);
        Ok(Entry { at, message })
    }
}

/// The stream must be the one the partition knows, reach at least to the cursor, and hold there
/// the very record that was decided.
async fn check_identity(stream: &Stream, taken: &Taken) -> Result<(), LogError> {
    let found = stream.cached_info();
    let (partition, cursor) = (taken.grant.partition, taken.cursor);
    if !store::same_stream(taken.stream_created, found.created) {
        return Err(LogError::Foreign(format!(
            "partition {partition} was decided up to record {cursor} of a stream created at {}; \
             the present one was created at {} and ends at record {}",
            taken.stream_created, found.created, found.state.last_sequence
        )));
    }
    if found.state.last_sequence < cursor.get() {
        return Err(LogError::Foreign(format!(
            "partition {partition} was decided up to record {cursor}, but its stream ends at \
             record {}",
            found.state.last_sequence
        )));
    }
    let Some(expected) = &taken.last_record_hash else {
        return Ok(());
    };
    match stream.get_raw_message(cursor.get()).await {
        Ok(message) if hash_of(&message.payload).as_slice() == expected => Ok(()),
        Ok(_) => Err(LogError::Foreign(format!(
            "record {cursor} of partition {partition} is not the one that was decided"
        ))),
        Err(error) if matches!(error.kind(), LastRawMessageErrorKind::NoMessageFound) => {
            Err(LogError::Foreign(format!(
                "record {cursor} of partition {partition}, the last decided one, is gone"
            )))
        }
        Err(error) => Err(LogError::away(error)),
    }
}
