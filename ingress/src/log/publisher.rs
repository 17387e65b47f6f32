//! Writes records to the log, and says what became of each: logged, refused for certain, or unknown.

mod stream;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::bail;
use async_nats::jetstream;
use async_nats::jetstream::context::PublishError;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::publish::PublishAck;
use bytes::Bytes;
use feed::Feed;
use sale::subject::{self, LogSubject};
use sale::{Generation, Partition, Seq};
use tracing::error;
use uuid::Uuid;

use crate::log::watch::Seen;
use crate::traffic::Traffic;

use stream::{Stream, is_certain};

/// How long a record is retried before its outcome is called unknown: as long as a shopper waits,
/// and far inside the two minutes for which the stream remembers message ids.
pub(crate) const PUBLISH_DEADLINE: Duration = Duration::from_secs(5);

/// How long one attempt waits for its acknowledgement.
pub(crate) const ACK_TIMEOUT: Duration = Duration::from_millis(1_500);

/// Pause before the next attempt.
const RETRY: Duration = Duration::from_millis(50);

/// Why a record is not known to be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is certainly not in the log and never will be: the stream is full or JetStream is away.
    Certain,
    /// It may be in the log.
    Unknown,
    /// It was not sent: an earlier acknowledgement made no sense.
    Halted,
}

/// Why purchases need not be sent at all: they would certainly not be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shut {
    /// Something about the stream or an acknowledgement is not as it must be.
    Halted,
    /// The stream has not answered the last record.
    Silent,
    /// What is left of the stream is kept for commands.
    Full,
}

/// Publishes to every partition's stream. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Publisher {
    jetstream: jetstream::Context,
    feed: Feed,
    traffic: Traffic,
    streams: Arc<Mutex<Streams>>,
}

/// One for each life of a stream: what was wrong with the last one is over once an operator has
/// adopted another.
type Streams = HashMap<(Partition, Generation), Arc<Stream>>;

impl Publisher {
    pub(crate) fn new(jetstream: jetstream::Context, feed: Feed, traffic: Traffic) -> Self {
        Self {
            jetstream,
            feed,
            traffic,
            streams: Arc::default(),
        }
    }

    /// Makes sure that an acknowledgement will mean "durable": file storage, and a full stream
    /// refuses instead of deleting.
    pub(crate) async fn check_streams(&self) -> anyhow::Result<()> {
        for (partition, _) in self.feed.standings() {
            let seen = Seen::of(&self.jetstream, partition).await?;
            let unfit = seen.map_or(Some("it is not there"), |seen| seen.unfit());
            if let Some(why) = unfit {
                bail!(
                    "stream {} cannot be written to: {why}",
                    subject::stream(partition)
                );
            }
        }
        Ok(())
    }

    /// The way to ask about streams.
    pub(crate) const fn jetstream(&self) -> &jetstream::Context {
        &self.jetstream
    }

    /// Takes note of how a stream was found.
    pub(crate) fn saw(&self, partition: Partition, seen: Option<&Seen>) {
        self.stream(partition).is_found(seen);
    }

    /// Whether a purchase for a partition has a chance to be logged now.
    pub(crate) fn takes_purchases(&self, partition: Partition) -> Result<(), Shut> {
        self.stream(partition).takes_purchases()
    }

    /// Writes one record of that many purchases; none for a command. The bytes and the id are
    /// frozen here and retried unchanged.
    pub(crate) async fn publish(
        &self,
        to: LogSubject,
        body: Bytes,
        purchases: u32,
    ) -> Result<Seq, Refusal> {
        let stream = self.stream(to.partition);
        if stream.is_halted() {
            return Err(Refusal::Halted);
        }
        // Who gathered while the record before went unanswered was never sent: a certain refusal now
        // is better than an unknown outcome later. Commands are few and tried all the same.
        if purchases > 0 && stream.is_silent() {
            return Err(Refusal::Certain);
        }
        let begun = Instant::now();
        let message = PublishMessage::build()
            .payload(body)
            .message_id(Uuid::new_v4().to_string())
            .expected_stream(&stream.name);
        let under_way = stream.sends();
        let outcome = self.publish_until_deadline(&stream, to, message).await;
        drop(under_way);
        metrics::histogram!("ingress_publish_seconds").record(begun.elapsed().as_secs_f64());
        match outcome {
            Ok(seq) => self.note_logged(to, seq, purchases),
            Err(refusal) => {
                let outcome = match refusal {
                    Refusal::Certain => "refused",
                    Refusal::Unknown => "unknown",
                    Refusal::Halted => "halted",
                };
                metrics::counter!("ingress_unlogged_records_total", "outcome" => outcome)
                    .increment(1);
            }
        }
        outcome
    }

    fn note_logged(&self, to: LogSubject, seq: Seq, purchases: u32) {
        let times = match purchases {
            0 => None,
            _ => self.traffic.logged(to.sale, purchases),
        };
        self.feed.note_logged(to.partition, seq, purchases, times);
    }

    async fn publish_until_deadline(
        &self,
        stream: &Stream,
        to: LogSubject,
        message: PublishMessage,
    ) -> Result<Seq, Refusal> {
        let subject = &to.to_string();
        let deadline = Instant::now() + PUBLISH_DEADLINE;
        // A sequence that anybody knew before this record was sent must stay below it.
        let known = self
            .feed
            .standing(to.partition)
            .map_or(Seq::ZERO, |standing| standing.last_seq);
        let floor = stream.highest().max(known.get());
        let mut sent_before = false;
        loop {
            match self.attempt(subject, message.clone()).await {
                Ok(ack) => {
                    stream.hears();
                    return stream.judge(&ack, floor, sent_before);
                }
                // Once an attempt's fate is unknown, a later refusal proves nothing about it: the
                // bytes may still be on their way on an older connection.
                Err(error) if !sent_before && is_certain(&error) => {
                    stream.refuses(&error);
                    return Err(Refusal::Certain);
                }
                Err(error) => {
                    sent_before = true;
                    stream.is_unheard(&error);
                    if Instant::now() >= deadline {
                        error!(stream = stream.name, %error, "a record's outcome is unknown");
                        return Err(Refusal::Unknown);
                    }
                }
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn attempt(
        &self,
        subject: &str,
        message: PublishMessage,
    ) -> Result<PublishAck, PublishError> {
        self.jetstream
            .send_publish(subject.to_owned(), message)
            .await?
            .await
    }

    fn stream(&self, partition: Partition) -> Arc<Stream> {
        let standing = self.feed.standing(partition);
        let generation = standing.map_or(Generation::FIRST, |standing| standing.generation);
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(
            streams
                .entry((partition, generation))
                .or_insert_with(|| Arc::new(Stream::new(subject::stream(partition)))),
        )
    }
}
