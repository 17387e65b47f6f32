//! One connection: what its client asked for, and what it is told.

use std::sync::Arc;
use std::time::Duration;

use feed::{TicketStatus, Waited};
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use sale::{Moment, Place, SaleId, Ticket};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_util::sync::CancellationToken;

use crate::desk::{Desk, News};
use crate::message::{ClientMessage, Problem, ServerMessage};
use crate::outbox::{Outbox, Overflow};
use crate::wire::{End, Event, Wire};

/// Tickets a connection may wait for at once: far more than one shopper's purchases under way.
/// Those whose last word was sent do not count.
pub const TICKETS_MAX: usize = 64;

/// Sales a connection may follow: what fits on a page.
pub const SALES_MAX: usize = 16;

/// How often a waiting shopper is told the place in the queue.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// How often the client is asked for a sign of life; balancers commonly cut off after a silent minute.
const PING_EVERY: Duration = Duration::from_secs(20);

/// After which part of that the first ping goes out.
const FIRST_PING: std::ops::Range<f64> = 0.5..1.0;

/// How long a client may be silent: three pings.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// Frames a client may send in a second: each ticket and sale of a full connection by itself, and
/// half as many again. A ticket of long ago costs a query of Postgres.
const FRAMES_PER_S_MAX: u32 = 120;

/// When the clients of a stopping notifier should come back: 16,000 of them spread over this are
/// a few thousand handshakes a second elsewhere.
const RETRY_MS: std::ops::Range<u64> = 250..5_000;

/// Serves one connection until it ends.
pub(crate) async fn serve<S>(desk: Arc<Desk>, mut wire: Wire<S>, draining: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut session = Session::new(desk);
    let end = session.live(&mut wire, &draining).await;
    session.count(&end);
    // Boxed: a connection should not carry the room for its goodbye all its life.
    Box::pin(wire.close(&mut session.outbox, end)).await;
}

struct Session {
    desk: Arc<Desk>,
    outbox: Outbox,
    tickets: Vec<Watch>,
    sales: Vec<SaleId>,
    /// One for each ticket and sale above: the next thing to be told about it.
    news: FuturesUnordered<BoxFuture<'static, News>>,
    frames: Frames,
    heard_at: Instant,
    ping_at: Instant,
    progress_at: Instant,
}

/// A ticket whose last word is not known yet.
struct Watch {
    ticket: Ticket,
    place: Place,
    /// What the client knows; nothing while the first look is under way.
    told: Option<TicketStatus>,
}

impl Session {
    fn new(desk: Arc<Desk>) -> Self {
        let now = Instant::now();
        desk.meters.connections.increment(1);
        Self {
            desk,
            outbox: Outbox::default(),
            tickets: Vec::new(),
            sales: Vec::new(),
            news: FuturesUnordered::new(),
            frames: Frames::new(now),
            heard_at: now,
            // Spread: those who came together shall not be pinged together for ever.
            ping_at: now + PING_EVERY.mul_f64(rand::random_range(FIRST_PING)),
            progress_at: now + PROGRESS_EVERY,
        }
    }

    async fn live<S>(&mut self, wire: &mut Wire<S>, draining: &CancellationToken) -> End
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let server_time = feed::now();
        self.outbox
            .put_text(ServerMessage::Hello { server_time }.text());
        loop {
            let alarm = self.alarm();
            let outcome = tokio::select! {
                event = wire.event(&mut self.outbox) => self.hear(event),
                Some(news) = self.news.next() => self.learn(news),
                () = sleep_until(alarm) => self.wake(Instant::now()),
                () = draining.cancelled() => Err(self.bye()),
            };
            if let Err(end) = outcome {
                return end;
            }
        }
    }

    fn hear(&mut self, event: Event) -> Result<(), End> {
        let text = match event {
            Event::End(end) => return Err(end),
            Event::Alive => None,
            Event::Text(text) => Some(text),
        };
        self.heard_at = Instant::now();
        if !self.frames.admit(self.heard_at) {
            return Err(End::flood());
        }
        text.map_or(Ok(()), |text| self.obey(&text))
    }

    fn obey(&mut self, text: &str) -> Result<(), End> {
        let message = ClientMessage::parse(text)
            .map_err(|error| End::policy(format!("not a firstcome.v1 message: {error}")))?;
        for ticket in &message.watch {
            self.watch(ticket)?;
        }
        for sale in &message.sales {
            self.follow(sale)?;
        }
        Ok(())
    }

    fn watch(&mut self, text: &str) -> Result<(), End> {
        let Some((ticket, place)) = self.desk.open(text) else {
            return self.refuse(text, Problem::BadTicket);
        };
        if self.outbox.has_verdict(ticket) {
            return Ok(());
        }
        if let Some(watch) = self.tickets.iter().find(|watch| watch.ticket == ticket) {
            // Otherwise the first look, or the last word, is on its way.
            let status = watch.told.as_ref().and_then(|_| self.desk.queued(place));
            if let Some(status) = status {
                self.tell_ticket(ticket, status);
            }
            return Ok(());
        }
        if self.tickets.len() + self.outbox.verdicts() >= TICKETS_MAX {
            return self.refuse(text, Problem::TooMany { limit: TICKETS_MAX });
        }
        self.tickets.push(Watch {
            ticket,
            place,
            told: None,
        });
        self.desk.meters.watches.increment(1);
        self.ask(|desk| desk.look(ticket, place));
        Ok(())
    }

    fn follow(&mut self, text: &str) -> Result<(), End> {
        let Ok(id) = text.parse::<SaleId>() else {
            return self.refuse(text, Problem::UnknownSale);
        };
        if self.sales.contains(&id) {
            if let Some(told) = self.desk.board.follow(id) {
                let told = told.borrow().again();
                self.tell_sale(id, told);
            }
            return Ok(());
        }
        if self.sales.len() >= SALES_MAX {
            return self.refuse(text, Problem::TooMany { limit: SALES_MAX });
        }
        self.sales.push(id);
        self.desk.meters.follows.increment(1);
        self.ask(|desk| desk.find(id));
        Ok(())
    }

    fn refuse(&mut self, what: &str, problem: Problem) -> Result<(), End> {
        self.desk.meters.refused(problem);
        self.outbox
            .refuse(what, problem)
            .map_err(|Overflow| End::policy("too much was refused and not read"))
    }

    /// Adds to the news; whatever is asked for answers with exactly one.
    fn ask<F>(&mut self, question: impl FnOnce(Arc<Desk>) -> F)
    where
        F: Future<Output = News> + Send + 'static,
    {
        self.news.push(Box::pin(question(Arc::clone(&self.desk))));
    }

    fn learn(&mut self, news: News) -> Result<(), End> {
        match news {
            News::Ticket(ticket, place, Waited::Queued(status, answer)) => {
                self.tell_ticket(ticket, status);
                self.progress_at = Instant::now() + PROGRESS_EVERY;
                self.ask(|desk| desk.hear_verdict(ticket, place, answer));
            }
            News::Ticket(ticket, _, Waited::Decided(status)) => {
                self.tell_verdict(ticket, status, None);
            }
            News::Verdict(ticket, verdict) => {
                self.tell_verdict(ticket, verdict.status, verdict.committed_at);
            }
            News::Sale(id, mut told) => {
                let first = told.borrow_and_update().again();
                self.tell_sale(id, first);
                self.ask(|desk| desk.hear_sale(id, told));
            }
            News::SaleChanged(id, mut told) => {
                let latest = told.borrow_and_update().text.clone();
                self.tell_sale(id, latest);
                self.ask(|desk| desk.hear_sale(id, told));
            }
            News::NoSale(id) => {
                self.sales.retain(|sale| *sale != id);
                self.desk.meters.follows.decrement(1);
                self.refuse(&id.to_string(), Problem::UnknownSale)?;
            }
        }
        Ok(())
    }

    /// The last word; after it the ticket is no longer watched.
    fn tell_verdict(&mut self, ticket: Ticket, status: TicketStatus, committed_at: Option<Moment>) {
        let put = self.outbox.put_verdict(ticket, status, committed_at);
        self.desk.meters.put(put);
        self.tickets.retain(|watch| watch.ticket != ticket);
        self.desk.meters.watches.decrement(1);
    }

    fn tell_ticket(&mut self, ticket: Ticket, status: TicketStatus) {
        if let Some(watch) = self.tickets.iter_mut().find(|one| one.ticket == ticket) {
            watch.told = Some(status.clone());
        }
        let put = self.outbox.put_ticket(ticket, status);
        self.desk.meters.put(put);
    }

    fn tell_sale(&mut self, id: SaleId, text: Utf8Bytes) {
        let put = self.outbox.put_sale(id, text);
        self.desk.meters.put(put);
    }

    /// When to look at the clock next.
    fn alarm(&self) -> Instant {
        let alarm = self.ping_at.min(self.heard_at + SILENCE_MAX);
        match self.is_queued() {
            true => alarm.min(self.progress_at),
            false => alarm,
        }
    }

    fn wake(&mut self, now: Instant) -> Result<(), End> {
        if now >= self.heard_at + SILENCE_MAX {
            return Err(End::Silent);
        }
        if now >= self.ping_at {
            self.ping_at = now + PING_EVERY;
            self.outbox.put_ping();
        }
        if now >= self.progress_at && self.is_queued() {
            self.progress_at = now + PROGRESS_EVERY;
            self.tell_progress();
        }
        Ok(())
    }

    fn is_queued(&self) -> bool {
        self.tickets.iter().any(|watch| watch.told.is_some())
    }

    fn tell_progress(&mut self) {
        for watch in &mut self.tickets {
            let status = self.desk.queued(watch.place);
            if let (Some(told), Some(status)) = (&mut watch.told, status)
                && *told != status
            {
                told.clone_from(&status);
                let put = self.outbox.put_ticket(watch.ticket, status);
                self.desk.meters.put(put);
            }
        }
    }

    fn bye(&mut self) -> End {
        let retry_ms = rand::random_range(RETRY_MS);
        self.outbox.put_text(ServerMessage::Bye { retry_ms }.text());
        End::Close(CloseCode::Restart, "the server stops; connect again".into())
    }

    fn count(&self, end: &End) {
        let meters = &self.desk.meters;
        match end {
            End::Stalled => meters.stalled.increment(1),
            End::Silent => meters.silent.increment(1),
            End::Close(CloseCode::Restart, _) | End::Gone => {}
            End::Close(..) => meters.misused.increment(1),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let meters = &self.desk.meters;
        meters.connections.decrement(1);
        meters.watches.decrement(self.tickets.len() as f64);
        meters.follows.decrement(self.sales.len() as f64);
    }
}

/// Counts a client's frames by the second.
struct Frames {
    since: Instant,
    count: u32,
}

impl Frames {
    fn new(now: Instant) -> Self {
        Self {
            since: now,
            count: 0,
        }
    }

    fn admit(&mut self, now: Instant) -> bool {
        if now.duration_since(self.since) >= Duration::from_secs(1) {
            *self = Self::new(now);
        }
        self.count += 1;
        self.count <= FRAMES_PER_S_MAX
    }
}

#[cfg(test)]
mod tests;
