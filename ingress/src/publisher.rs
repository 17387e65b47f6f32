//! Writes records to the log, and says what became of each: logged, refused for certain, or unknown.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::bail;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::{self, ErrorCode};
use bytes::Bytes;
use feed::Feed;
use sale::subject::{self, LogSubject};
use sale::{Generation, Partition, Seq};
use tracing::{error, info, warn};
use uuid::Uuid;

use crate::log_watch::Seen;

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
    streams: Arc<Mutex<Streams>>,
}

/// One for each life of a stream: what was wrong with the last one is over once an operator has
/// adopted another.
type Streams = HashMap<(Partition, Generation), Arc<Stream>>;

/// What is known of one stream.
struct Stream {
    name: String,
    /// The highest sequence any acknowledgement told.
    highest: AtomicU64,
    /// Why nothing is published any more.
    halted: Mutex<Option<String>>,
    /// It would not keep what it acknowledges; over once it is found to be right again.
    unfit: AtomicBool,
    /// An attempt was not answered, and nothing was heard since.
    silent: AtomicBool,
    /// Purchases must leave the rest to commands.
    full: AtomicBool,
    /// Records that were sent and have no outcome yet.
    under_way: AtomicUsize,
}

impl Publisher {
    pub(crate) fn new(jetstream: jetstream::Context, feed: Feed) -> Self {
        Self {
            jetstream,
            feed,
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
        let stream = self.stream(partition);
        let unfit = seen.map_or(Some("it is not there"), Seen::unfit);
        if stream.unfit.swap(unfit.is_some(), Ordering::AcqRel) != unfit.is_some() {
            match unfit {
                Some(why) => error!(stream = stream.name, why, "nothing more is published here"),
                None => info!(stream = stream.name, "the stream is as it must be again"),
            }
        }
        stream
            .full
            .store(seen.is_some_and(Seen::is_full), Ordering::Release);
        stream.is_seen();
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
        if purchases > 0 && stream.silent.load(Ordering::Acquire) {
            return Err(Refusal::Certain);
        }
        let begun = Instant::now();
        let message = PublishMessage::build()
            .payload(body)
            .message_id(Uuid::new_v4().to_string())
            .expected_stream(&stream.name);
        stream.under_way.fetch_add(1, Ordering::AcqRel);
        let outcome = self.publish_until_deadline(&stream, to, message).await;
        stream.under_way.fetch_sub(1, Ordering::AcqRel);
        metrics::histogram!("ingress_publish_seconds").record(begun.elapsed().as_secs_f64());
        match outcome {
            Ok(seq) => self.feed.note_logged(to.partition, seq, purchases),
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
        let floor = stream.highest.load(Ordering::Acquire).max(known.get());
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

impl Stream {
    fn new(name: String) -> Self {
        Self {
            name,
            highest: AtomicU64::new(0),
            halted: Mutex::new(None),
            unfit: AtomicBool::new(false),
            silent: AtomicBool::new(false),
            full: AtomicBool::new(false),
            under_way: AtomicUsize::new(0),
        }
    }

    fn is_halted(&self) -> bool {
        let nonsense = self.halted.lock().unwrap_or_else(PoisonError::into_inner);
        nonsense.is_some() || self.unfit.load(Ordering::Acquire)
    }

    fn takes_purchases(&self) -> Result<(), Shut> {
        if self.is_halted() {
            Err(Shut::Halted)
        } else if self.silent.load(Ordering::Acquire) {
            Err(Shut::Silent)
        } else if self.full.load(Ordering::Acquire) {
            Err(Shut::Full)
        } else {
            Ok(())
        }
    }

    fn hears(&self) {
        if self.silent.swap(false, Ordering::AcqRel) {
            info!(stream = self.name, "the log answers again");
        }
    }

    /// It tells of itself, which is worth a try once nothing waits for it any more: a server whose
    /// disk fails goes on telling, and takes nothing.
    fn is_seen(&self) {
        if self.under_way.load(Ordering::Acquire) == 0 {
            self.hears();
        }
    }

    fn is_unheard(&self, error: &PublishError) {
        if !self.silent.swap(true, Ordering::AcqRel) {
            warn!(stream = self.name, %error, "the log does not answer; no purchases until it does");
        }
    }

    fn refuses(&self, error: &PublishError) {
        if !refused_by_jetstream(error) {
            self.is_unheard(error);
        } else if !self.full.swap(true, Ordering::AcqRel) {
            warn!(stream = self.name, %error, "the log refuses records; no purchases until there is room");
        }
    }

    /// Takes an acknowledgement at its word only when it can be true.
    fn judge(&self, ack: &PublishAck, floor: u64, sent_before: bool) -> Result<Seq, Refusal> {
        let nonsense = if ack.stream != self.name {
            Some(format!("acknowledged by stream {}", ack.stream))
        } else if ack.sequence == 0 {
            Some("acknowledged without a sequence".to_owned())
        } else if ack.duplicate && !sent_before {
            Some(format!(
                "called a duplicate of record {} at the first attempt",
                ack.sequence
            ))
        } else if !ack.duplicate && ack.sequence <= floor {
            Some(format!(
                "acknowledged as {} after record {floor}",
                ack.sequence
            ))
        } else if ack.sequence - floor.min(ack.sequence) >= Seq::ADOPTION_JUMP {
            // Of a generation that this process does not know yet: it could not seal the ticket.
            Some(format!(
                "acknowledged as {}, far ahead of record {floor}",
                ack.sequence
            ))
        } else {
            None
        };
        if let Some(nonsense) = nonsense {
            return Err(self.halt(nonsense));
        }
        self.highest.fetch_max(ack.sequence, Ordering::AcqRel);
        Seq::try_from(ack.sequence).map_err(|error| self.halt(error.to_string()))
    }

    fn halt(&self, why: String) -> Refusal {
        error!(
            stream = self.name,
            why, "nothing more is published here: a record's acknowledgement makes no sense"
        );
        metrics::counter!("ingress_nonsense_acks_total").increment(1);
        *self.halted.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        Refusal::Unknown
    }
}

/// Whether an error proves that the record was not stored.
fn is_certain(error: &PublishError) -> bool {
    match error.kind() {
        // Nobody listens on the subject: the stream does not exist or JetStream is off.
        PublishErrorKind::StreamNotFound
        | PublishErrorKind::WrongLastMessageId
        | PublishErrorKind::WrongLastSequence
        | PublishErrorKind::MaxAckPending
        | PublishErrorKind::MaxPayloadExceeded => true,
        PublishErrorKind::TimedOut | PublishErrorKind::BrokenPipe => false,
        PublishErrorKind::Other => refused_by_jetstream(error),
    }
}

fn refused_by_jetstream(error: &PublishError) -> bool {
    let source = std::error::Error::source(error);
    let refused = source.and_then(|source| source.downcast_ref::<jetstream::Error>());
    refused.is_some_and(|refused| {
        matches!(
            refused.error_code(),
            // Full (the text tells which limit), out of resources, or flooded.
            ErrorCode::STREAM_STORE_FAILED
                | ErrorCode::INSUFFICIENT_RESOURCES
                | ErrorCode::STREAM_TOO_MANY_REQUESTS
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Stream {
        Stream {
            highest: AtomicU64::new(41),
            ..Stream::new("SALE_LOG_00".into())
        }
    }

    fn ack(sequence: u64, duplicate: bool) -> PublishAck {
        PublishAck {
            stream: "SALE_LOG_00".into(),
            sequence,
            duplicate,
            ..Default::default()
        }
    }

    #[test]
    fn a_log_that_only_tells_of_itself_stays_silent_while_a_record_waits() {
        let stream = stream();
        stream.under_way.fetch_add(1, Ordering::AcqRel);
        stream.is_unheard(&PublishError::new(PublishErrorKind::TimedOut));
        stream.is_seen();
        assert_eq!(stream.takes_purchases(), Err(Shut::Silent));
        stream.under_way.fetch_sub(1, Ordering::AcqRel);
        stream.is_seen();
        assert_eq!(stream.takes_purchases(), Ok(()));
    }

    #[test]
    fn a_plain_acknowledgement_is_a_place_in_the_log() {
        let stream = stream();
        assert_eq!(
            stream.judge(&ack(42, false), 41, false),
            Ok(Seq::try_from(42).unwrap())
        );
        assert!(!stream.is_halted());
    }

    #[test]
    fn a_duplicate_of_our_own_earlier_attempt_is_fine() {
        let stream = stream();
        assert_eq!(
            stream.judge(&ack(7, true), 41, true),
            Ok(Seq::try_from(7).unwrap())
        );
        assert!(!stream.is_halted());
    }

    #[test]
    fn acknowledgements_that_cannot_be_true_halt_the_partition() {
        let foreign = PublishAck {
            stream: "OTHER".into(),
            sequence: 42,
            ..Default::default()
        };
        for (ack, sent_before) in [
            (ack(0, false), false),
            (ack(0, true), true),
            (ack(42, true), false),
            (ack(41, false), false),
            (ack(41 + Seq::ADOPTION_JUMP, false), false),
            (foreign, false),
        ] {
            let stream = stream();
            assert_eq!(
                stream.judge(&ack, 41, sent_before),
                Err(Refusal::Unknown),
                "{ack:?}"
            );
            assert!(stream.is_halted(), "{ack:?}");
        }
    }
}
