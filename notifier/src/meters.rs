//! The notifier's numbers. Handles are made once, so that sending a message costs no lookup.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use sale::Moment;

use crate::message::Problem;
use crate::outbox::{Item, Put};

/// Written by every connection.
#[derive(Clone, Debug)]
pub(crate) struct Meters {
    /// Live WebSockets.
    pub(crate) connections: Gauge,
    /// Tickets somebody waits for.
    pub(crate) watches: Gauge,
    /// Sales followed, counted once per connection.
    pub(crate) follows: Gauge,
    /// Connections closed because the client did not read.
    pub(crate) stalled: Counter,
    /// Connections closed because nothing was heard of the client.
    pub(crate) silent: Counter,
    /// Connections closed because of what the client said.
    pub(crate) misused: Counter,
    /// Questions about old tickets that Postgres did not answer.
    pub(crate) look_up_failed: Counter,
    /// From a commit, by the allocator's clock, until its result is written to the socket.
    commit_to_send: Histogram,
    sent_tickets: Counter,
    sent_sales: Counter,
    sent_others: Counter,
    coalesced: Counter,
}

impl Meters {
    /// The recorder must be installed before, or the numbers go nowhere.
    pub(crate) fn new() -> Self {
        let sent = |kind| counter!("notifier_messages_sent_total", "type" => kind);
        let closed = |why| counter!("notifier_closed_total", "why" => why);
        Self {
            connections: gauge!("notifier_connections"),
            watches: gauge!("notifier_watches"),
            follows: gauge!("notifier_follows"),
            stalled: closed("stalled"),
            silent: closed("silent"),
            misused: closed("misused"),
            look_up_failed: counter!("notifier_look_up_failures_total"),
            commit_to_send: histogram!("notifier_commit_to_send_seconds"),
            sent_tickets: sent("ticket"),
            sent_sales: sent("sale"),
            sent_others: sent("other"),
            coalesced: counter!("notifier_messages_coalesced_total"),
        }
    }

    pub(crate) fn sent(&self, item: &Item) {
        match item {
            Item::Ticket(_, _, committed_at) => {
                self.sent_tickets.increment(1);
                if let Some(at) = committed_at {
                    self.commit_to_send.record(since(*at));
                }
            }
            Item::Sale(..) => self.sent_sales.increment(1),
            Item::Text(_) | Item::Refused(..) | Item::Ping => self.sent_others.increment(1),
        }
    }

    pub(crate) fn put(&self, put: Put) {
        if put == Put::Coalesced {
            self.coalesced.increment(1);
        }
    }

    pub(crate) fn refused(&self, problem: Problem) {
        counter!("notifier_refused_total", "problem" => problem.as_str()).increment(1);
    }
}

/// None when the two clocks disagree about what comes first.
fn since(at: Moment) -> Duration {
    let ms = feed::now().unix_ms() - at.unix_ms();
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}
