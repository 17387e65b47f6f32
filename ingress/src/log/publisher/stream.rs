//! What is known of one stream, and whether an acknowledgement of it can be true.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::{self, ErrorCode};
use sale::Seq;
use tracing::{error, info, warn};

use crate::log::watch::Seen;

use super::{Refusal, Shut};

/// What is known of one stream.
pub(super) struct Stream {
    pub(super) name: String,
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

/// A record that has no outcome yet.
pub(super) struct UnderWay<'stream>(&'stream Stream);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Stream {
    pub(super) fn new(name: String) -> Self {
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

    pub(super) fn is_halted(&self) -> bool {
        let nonsense = self.halted.lock().unwrap_or_else(PoisonError::into_inner);
        nonsense.is_some() || self.unfit.load(Ordering::Acquire)
    }

    pub(super) fn takes_purchases(&self) -> Result<(), Shut> {
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

    pub(super) fn hears(&self) {
        if self.silent.swap(false, Ordering::AcqRel) {
            info!(stream = self.name, "the log answers again");
        }
    }

    /// Takes note of how it was found.
    pub(super) fn is_found(&self, seen: Option<&Seen>) {
        let unfit = seen.map_or(Some("it is not there"), Seen::unfit);
        if self.unfit.swap(unfit.is_some(), Ordering::AcqRel) != unfit.is_some() {
            match unfit {
                Some(why) => error!(stream = self.name, why, "nothing more is published here"),
                None => info!(stream = self.name, "the stream is as it must be again"),
            }
        }
        let is_full = seen.is_some_and(Seen::is_full);
        self.full.store(is_full, Ordering::Release);
        self.is_seen();
    }

    pub(super) fn is_silent(&self) -> bool {
        self.silent.load(Ordering::Acquire)
    }

    /// The highest sequence that anybody here knows.
    pub(super) fn highest(&self) -> u64 {
        self.highest.load(Ordering::Acquire)
    }

    /// A record is on its way until this is dropped.
    pub(super) fn sends(&self) -> UnderWay<'_> {
        self.under_way.fetch_add(1, Ordering::AcqRel);
        UnderWay(self)
    }

    /// It tells of itself, which is worth a try once nothing waits for it any more: a server whose
    /// disk fails goes on telling, and takes nothing.
    fn is_seen(&self) {
        if self.under_way.load(Ordering::Acquire) == 0 {
            self.hears();
        }
    }

    pub(super) fn is_unheard(&self, error: &PublishError) {
        if !self.silent.swap(true, Ordering::AcqRel) {
            warn!(stream = self.name, %error, "the log does not answer; no purchases until it does");
        }
    }

    pub(super) fn refuses(&self, error: &PublishError) {
        if !refused_by_jetstream(error) {
            self.is_unheard(error);
        } else if !self.full.swap(true, Ordering::AcqRel) {
            warn!(stream = self.name, %error, "the log refuses records; no purchases until there is room");
        }
    }

    /// Takes an acknowledgement at its word only when it can be true.
    pub(super) fn judge(
        &self,
        ack: &PublishAck,
        floor: u64,
        sent_before: bool,
    ) -> Result<Seq, Refusal> {
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
pub(super) fn is_certain(error: &PublishError) -> bool {
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
