//! What waits to be sent on one connection: bounded, and the newest state of everything.
//!
//! Messages about the same ticket or sale replace each other in place, so a slow client skips old
//! states instead of piling them up. A ticket's last word replaces its progress and is itself
//! never replaced or dropped. The bound: one message per watched ticket and followed sale (the
//! session limits both), a ping, hello, bye, and [`REFUSALS_MAX`].

use std::collections::VecDeque;

use feed::TicketStatus;
use sale::{Moment, SaleId, Ticket};
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};

use crate::message::{Problem, ServerMessage, cut};

/// Refusals that wait unread. One honest message of 4 KiB can name a hundred ids; beyond that the
/// client does not listen, and the connection is closed.
pub(crate) const REFUSALS_MAX: usize = 128;

/// One message to be sent.
#[derive(Debug)]
pub(crate) enum Item {
    /// Hello or bye.
    Text(Utf8Bytes),
    /// The last one has the moment of its commit, if it came with the feed.
    Ticket(Ticket, TicketStatus, Option<Moment>),
    /// Written once for all followers.
    Sale(SaleId, Utf8Bytes),
    Refused(String, Problem),
    Ping,
}

/// More refusals wait than [`REFUSALS_MAX`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Overflow;

/// Whether a message took the place of one that nobody read.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    Queued,
    Coalesced,
}

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: VecDeque<Item>,
}

impl Outbox {
    pub(crate) fn put_text(&mut self, text: Utf8Bytes) {
        self.waiting.push_back(Item::Text(text));
    }

    pub(crate) fn put_ping(&mut self) {
        if !self.waiting.iter().any(|item| matches!(item, Item::Ping)) {
            self.waiting.push_back(Item::Ping);
        }
    }

    pub(crate) fn put_ticket(&mut self, ticket: Ticket, status: TicketStatus) -> Put {
        self.put_verdict(ticket, status, None)
    }

    pub(crate) fn put_verdict(
        &mut self,
        ticket: Ticket,
        status: TicketStatus,
        committed_at: Option<Moment>,
    ) -> Put {
        for item in &mut self.waiting {
            if let Item::Ticket(waiting, old, _) = item
                && *waiting == ticket
            {
                if !old.is_decided() {
                    *item = Item::Ticket(ticket, status, committed_at);
                }
                return Put::Coalesced;
            }
        }
        let item = Item::Ticket(ticket, status, committed_at);
        self.waiting.push_back(item);
        Put::Queued
    }

    pub(crate) fn put_sale(&mut self, sale: SaleId, text: Utf8Bytes) -> Put {
        for item in &mut self.waiting {
            if let Item::Sale(waiting, old) = item
                && *waiting == sale
            {
                *old = text;
                return Put::Coalesced;
            }
        }
        self.waiting.push_back(Item::Sale(sale, text));
        Put::Queued
    }

    pub(crate) fn refuse(&mut self, what: &str, problem: Problem) -> Result<(), Overflow> {
        let refusals = self.count(|item| matches!(item, Item::Refused(..)));
        if refusals >= REFUSALS_MAX {
            return Err(Overflow);
        }
        let what = cut(what).to_owned();
        self.waiting.push_back(Item::Refused(what, problem));
        Ok(())
    }

    /// Tickets whose last word waits.
    pub(crate) fn verdicts(&self) -> usize {
        self.count(|item| matches!(item, Item::Ticket(_, status, _) if status.is_decided()))
    }

    /// Whether this ticket's last word waits.
    pub(crate) fn has_verdict(&self, ticket: Ticket) -> bool {
        self.count(|item| {
            matches!(item, Item::Ticket(waiting, status, _) if *waiting == ticket && status.is_decided())
        }) > 0
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The next message, oldest first.
    pub(crate) fn pop(&mut self) -> Option<Item> {
        self.waiting.pop_front()
    }

    fn count(&self, which: impl Fn(&Item) -> bool) -> usize {
        self.waiting.iter().filter(|item| which(item)).count()
    }
}

impl Item {
    /// The frame to send.
    pub(crate) fn into_message(self) -> Message {
        match self {
            Self::Text(text) | Self::Sale(_, text) => Message::Text(text),
            Self::Ticket(ticket, status, _) => {
                let status = &status;
                Message::Text(ServerMessage::Ticket { ticket, status }.text())
            }
            Self::Refused(what, problem) => {
                let what = &what;
                Message::Text(ServerMessage::Refused { what, problem }.text())
            }
            Self::Ping => Message::Ping(Bytes::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use feed::Reason;
    use sale::{Generation, Lost, Moment, Partition, Place, Seq, TicketKey};

    use super::*;

    const LOST: TicketStatus = TicketStatus::Lost {
        sale_id: None,
        reason: Reason::Ruled(Lost::SoldOut),
    };

    fn ticket(seq: u64) -> Ticket {
        let place = Place {
            partition: Partition::try_from(0).unwrap(),
            seq: Seq::try_from(seq).unwrap(),
            index: 0,
        };
        TicketKey::new([7; 32]).seal(place, Generation::FIRST)
    }

    fn sale(random: u64) -> SaleId {
        SaleId::new(Partition::try_from(0).unwrap(), Moment::default(), random)
    }

    fn queued(ahead: u64) -> TicketStatus {
        TicketStatus::Queued { ahead, wait_ms: 1 }
    }

    fn sent(outbox: &mut Outbox) -> Vec<String> {
        std::iter::from_fn(|| outbox.pop())
            .map(|item| item.into_message().into_text().unwrap().to_string())
            .collect()
    }

    #[test]
    fn of_a_sale_only_the_latest_state_is_sent() {
        let mut outbox = Outbox::default();
        assert_eq!(outbox.put_sale(sale(1), "old".into()), Put::Queued);
        assert_eq!(outbox.put_sale(sale(2), "other".into()), Put::Queued);
        assert_eq!(outbox.put_sale(sale(1), "new".into()), Put::Coalesced);
        assert_eq!(sent(&mut outbox), ["new", "other"]);
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_verdict_replaces_progress_and_nothing_replaces_a_verdict() {
        let mut outbox = Outbox::default();
        assert_eq!(outbox.put_ticket(ticket(1), queued(9)), Put::Queued);
        assert_eq!(outbox.put_ticket(ticket(1), queued(8)), Put::Coalesced);
        assert_eq!(outbox.verdicts(), 0);
        assert_eq!(outbox.put_ticket(ticket(1), LOST), Put::Coalesced);
        assert_eq!(outbox.put_ticket(ticket(1), queued(7)), Put::Coalesced);
        assert!(outbox.has_verdict(ticket(1)) && !outbox.has_verdict(ticket(2)));
        let sent = sent(&mut outbox);
        assert_eq!(sent.len(), 1, "{sent:?}");
        assert!(sent[0].contains(r#""reason":"sold-out""#), "{sent:?}");
    }

    #[test]
    fn every_tickets_verdict_is_kept() {
        let mut outbox = Outbox::default();
        for n in 1..=64 {
            assert_eq!(outbox.put_ticket(ticket(n), LOST), Put::Queued);
            let _ = outbox.put_sale(sale(1), format!("{n}").into());
        }
        assert_eq!(outbox.verdicts(), 64);
        assert_eq!(sent(&mut outbox).len(), 65);
    }

    #[test]
    fn refusals_nobody_reads_are_limited() {
        let mut outbox = Outbox::default();
        for _ in 0..REFUSALS_MAX {
            outbox.refuse("t", Problem::BadTicket).unwrap();
        }
        assert_eq!(outbox.refuse("t", Problem::BadTicket), Err(Overflow));
        outbox.pop();
        assert_eq!(outbox.refuse("t", Problem::BadTicket), Ok(()));
    }

    #[test]
    fn one_ping_waits_at_most() {
        let mut outbox = Outbox::default();
        outbox.put_ping();
        outbox.put_ping();
        assert!(outbox.pop().is_some());
        assert!(outbox.is_empty());
    }
}
