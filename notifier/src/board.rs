//! What every followed sale looks like now, written once for all who follow it.
//!
//! One task per followed sale waits for changes, and for the moments at which the sale's state
//! changes by time alone. It tells at most five times a second, latest wins.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use feed::{Feed, SaleView};
use sale::{Moment, Sale, SaleId};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::message::ServerMessage;

/// Shortest time between two messages about one sale: five a second look alive to a person.
const TELL_EVERY: Duration = Duration::from_millis(200);

/// Longest sleep until a sale's window begins or ends. Sleeps are measured by another clock than
/// the windows, and somebody may set that one.
const CLOCK_CHECK: Duration = Duration::from_secs(10);

/// A sale as it was last told.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    sale: Arc<Sale>,
    /// The message, shared by all who get it.
    pub(crate) text: Utf8Bytes,
}

impl Told {
    fn of(sale: Arc<Sale>, now: Moment) -> Self {
        let text = text(&sale, now);
        Self { sale, text }
    }

    /// The same state told now, to somebody who joins.
    pub(crate) fn again(&self) -> Utf8Bytes {
        text(&self.sale, feed::now())
    }
}

fn text(sale: &Sale, now: Moment) -> Utf8Bytes {
    ServerMessage::Sale(&SaleView::of(sale, now)).text()
}

/// The sales somebody follows. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Board {
    feed: Feed,
    told: Arc<Mutex<HashMap<SaleId, watch::Sender<Told>>>>,
}

impl Board {
    pub(crate) fn new(feed: Feed) -> Self {
        Self {
            feed,
            told: Arc::default(),
        }
    }

    /// The sale as it was last told, and whenever it is told again; `None` when it is not known.
    pub(crate) fn follow(&self, id: SaleId) -> Option<watch::Receiver<Told>> {
        let mut told = self.lock();
        if let Some(followed) = told.get(&id) {
            return Some(followed.subscribe());
        }
        let mut changes = self.feed.sale_changes(id)?;
        let first = Told::of(changes.borrow_and_update().clone(), feed::now());
        let (followed, follower) = watch::channel(first);
        told.insert(id, followed.clone());
        tokio::spawn(self.clone().tell(id, changes, followed));
        Some(follower)
    }

    async fn tell(
        self,
        id: SaleId,
        mut changes: watch::Receiver<Arc<Sale>>,
        followed: watch::Sender<Told>,
    ) {
        loop {
            tell_while_followed(&mut changes, &followed).await;
            let mut told = self.lock();
            // Under the lock nobody new can join.
            if followed.receiver_count() == 0 {
                told.remove(&id);
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SaleId, watch::Sender<Told>>> {
        // Nothing panics between two steps that belong together.
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn tell_while_followed(
    changes: &mut watch::Receiver<Arc<Sale>>,
    followed: &watch::Sender<Told>,
) {
    let mut state = followed.borrow().sale.state(feed::now());
    loop {
        let turn = until_turn(&changes.borrow(), feed::now());
        tokio::select! {
            () = followed.closed() => return,
            Ok(()) = changes.changed() => {}
            () = sleep(turn) => {}
        }
        let now = feed::now();
        let sale = changes.borrow_and_update().clone();
        let same = Arc::ptr_eq(&sale, &followed.borrow().sale);
        if same && sale.state(now) == state {
            continue;
        }
        state = sale.state(now);
        followed.send_replace(Told::of(sale, now));
        sleep(TELL_EVERY).await;
    }
}

/// How long to sleep until the sale's window begins or ends.
fn until_turn(sale: &Sale, now: Moment) -> Duration {
    [sale.starts_at_ms, sale.ends_at_ms]
        .into_iter()
        .find(|turn| *turn > now)
        .map(|turn| turn.unix_ms().abs_diff(now.unix_ms()))
        .map_or(CLOCK_CHECK, |ms| CLOCK_CHECK.min(Duration::from_millis(ms)))
}

#[cfg(test)]
mod tests {
    use sale::{Partition, Price, Product, ProductId, Seq};
    use tokio::time::Instant;
    use tokio_tungstenite::tungstenite::Bytes;

    use super::*;

    fn given_a_sale(starts_at: i64, ends_at: i64) -> Sale {
        let id = SaleId::new(Partition::try_from(0).unwrap(), Moment::default(), 1);
        Sale {
            id,
            product: Product {
                id: ProductId::new(id.uuid()),
                name: "a lamp".to_owned(),
            },
            price: Price {
                amount_minor: 1,
                currency: "EUR".to_owned(),
            },
            unit_limit: 1,
            starts_at_ms: Moment::from_unix_ms(starts_at),
            ends_at_ms: Moment::from_unix_ms(ends_at),
            stock: 1_000,
            sold: 0,
            paused: false,
            closed: false,
            version: 1,
            revision: Seq::ZERO,
        }
    }

    fn told(sale: Sale) -> (watch::Sender<Told>, watch::Receiver<Told>) {
        watch::channel(Told::of(Arc::new(sale), feed::now()))
    }

    #[test]
    fn a_sale_is_looked_at_when_its_window_begins_and_ends() {
        let sale = given_a_sale(1_000, 5_000);
        let until = |now| until_turn(&sale, Moment::from_unix_ms(now)).as_millis();
        assert_eq!(until(400), 600);
        assert_eq!(until(1_000), 4_000);
        assert_eq!(until(4_999), 1);
        assert_eq!(until(5_000), CLOCK_CHECK.as_millis());
        assert_eq!(until(-1_000_000), CLOCK_CHECK.as_millis());
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_sale_is_told_five_times_a_second() {
        let mut sale = given_a_sale(0, i64::MAX);
        let (changing, mut changes) = watch::channel(Arc::new(sale.clone()));
        let (followed, mut follower) = told(sale.clone());
        let telling =
            tokio::spawn(async move { tell_while_followed(&mut changes, &followed).await });

        let mut times = 0;
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(2) {
            sale.sold += 1;
            changing.send_replace(Arc::new(sale.clone()));
            tokio::time::advance(Duration::from_millis(5)).await;
            tokio::task::yield_now().await;
            times += u32::from(follower.has_changed().unwrap());
            follower.mark_unchanged();
        }
        assert!((9..=11).contains(&times), "{times} times in two seconds");
        follower.changed().await.unwrap();
        let last = Bytes::from(follower.borrow_and_update().text.clone());
        let last: serde_json::Value = serde_json::from_slice(&last).unwrap();
        assert_eq!(last["sold"], sale.sold, "the last state is told at the end");

        drop(follower);
        telling.await.unwrap();
    }

    #[tokio::test]
    async fn a_state_that_changes_by_time_alone_is_told() {
        let sale = given_a_sale(feed::now().unix_ms() + 50, i64::MAX);
        let (_changing, mut changes) = watch::channel(Arc::new(sale.clone()));
        let (followed, mut follower) = told(sale);
        let telling =
            tokio::spawn(async move { tell_while_followed(&mut changes, &followed).await });
        assert!(follower.borrow_and_update().text.contains(r#""upcoming""#));
        follower.changed().await.unwrap();
        assert!(follower.borrow_and_update().text.contains(r#""active""#));
        drop(follower);
        telling.await.unwrap();
    }
}
