//! What every connection asks: which place a ticket has, what became of it, how a sale stands.

use std::sync::Arc;
use std::time::Duration;

use feed::{Feed, TicketStatus, Verdict, Waited};
use sale::{Place, SaleId, Ticket, TicketKeys};
use service::backoff::Backoff;
use tokio::sync::{oneshot, watch};
use tokio::time::sleep;

use crate::board::{Board, Told};
use crate::meters::Meters;

/// First and longest pause before an old ticket is looked up again after Postgres failed. Every
/// waiting connection does it, and the pool is small.
const LOOK_UP_RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How often and how many times an unknown sale is looked for: its opening may be known to the
/// ingress that told the client a moment before the feed brings it here, or a gap is healed (250 ms).
const FIND_EVERY: Duration = Duration::from_millis(100);
const FIND_TIMES: usize = 10;

/// Shared by all connections.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) feed: Feed,
    pub(crate) keys: TicketKeys,
    pub(crate) board: Board,
    pub(crate) meters: Meters,
}

/// Something a connection waited for.
#[derive(Debug)]
pub(crate) enum News {
    /// Where a ticket stands.
    Ticket(Ticket, Place, Waited),
    /// The last word about a ticket that was queued.
    Verdict(Ticket, Verdict),
    /// A sale that is followed from now on.
    Sale(SaleId, watch::Receiver<Told>),
    /// It is told again.
    SaleChanged(SaleId, watch::Receiver<Told>),
    /// It does not exist.
    NoSale(SaleId),
}

impl Desk {
    /// The place of a ticket this service has sealed, written the one way it writes them.
    pub(crate) fn open(&self, text: &str) -> Option<(Ticket, Place)> {
        let ticket: Ticket = text.parse().ok()?;
        let place = self.feed.open(&self.keys, ticket)?;
        (ticket.to_string() == text).then_some((ticket, place))
    }

    /// Where a place stands in the queue; `None` when it is decided and the last word on its way.
    pub(crate) fn queued(&self, place: Place) -> Option<TicketStatus> {
        let standing = self.feed.standing(place.partition)?;
        (place.seq > standing.cursor).then(|| {
            let ahead = standing.ahead_of(place);
            let wait_ms = standing.wait_ms(ahead);
            TicketStatus::Queued { ahead, wait_ms }
        })
    }

    /// Asks what became of a ticket, until there is an answer: that Postgres is away is nothing
    /// the client could do anything about.
    pub(crate) async fn look(self: Arc<Self>, ticket: Ticket, place: Place) -> News {
        let mut retry = Backoff::new(LOOK_UP_RETRY.0, LOOK_UP_RETRY.1);
        loop {
            match self.feed.wait(ticket, place).await {
                Ok(waited) => return News::Ticket(ticket, place, waited),
                Err(error) => {
                    self.meters.look_up_failed.increment(1);
                    tracing::debug!(%place, error = %error, "cannot look up a ticket yet");
                }
            }
            retry.wait().await;
        }
    }

    /// Waits for the last word about a queued ticket.
    pub(crate) async fn hear_verdict(
        self: Arc<Self>,
        ticket: Ticket,
        place: Place,
        answer: oneshot::Receiver<Verdict>,
    ) -> News {
        match answer.await {
            Ok(verdict) => News::Verdict(ticket, verdict),
            // It is decided, and could not be looked up. Boxed: this future waits in every
            // connection, and needs the room for a query almost never.
            Err(_) => Box::pin(self.look(ticket, place)).await,
        }
    }

    /// Begins to follow a sale.
    pub(crate) async fn find(self: Arc<Self>, id: SaleId) -> News {
        for _ in 0..FIND_TIMES {
            if let Some(told) = self.board.follow(id) {
                return News::Sale(id, told);
            }
            sleep(FIND_EVERY).await;
        }
        News::NoSale(id)
    }

    /// Waits until a followed sale is told again.
    pub(crate) async fn hear_sale(
        self: Arc<Self>,
        id: SaleId,
        mut told: watch::Receiver<Told>,
    ) -> News {
        match told.changed().await {
            Ok(()) => News::SaleChanged(id, told),
            Err(_) => self.find(id).await,
        }
    }
}

/// For the tests of this crate that need a desk, and no servers.
#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A desk that never heard of any partition or sale.
    pub(crate) async fn given_an_empty_desk() -> Arc<Desk> {
        let nats = async_nats::ConnectOptions::new()
            .retry_on_initial_connect()
            .connect("127.0.0.1:1")
            .await
            .unwrap();
        let pool = feed::pool("postgres://nobody@127.0.0.1:1/none", "notifier", 1).unwrap();
        let feed = Feed::start(nats, pool);
        Arc::new(Desk {
            board: Board::new(feed.clone()),
            feed,
            keys: "00".repeat(32).parse().unwrap(),
            meters: Meters::new(),
        })
    }
}
