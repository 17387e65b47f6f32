//! Group commit: one batcher per sale. While one record is in flight, arriving purchases gather;
//! when its acknowledgement comes, the next record goes with all of them. One fsync then pays for
//! hundreds of purchases, and a lone purchase waits for nobody.
//!
//! Batchers are tasks of their own: a client that goes away cannot cancel a record under way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sale::subject::{Channel, LogSubject};
use sale::{
    GROUP_BYTES_MAX, GROUP_PURCHASES_MAX, KeyId, Place, Purchase, Purchases, RECORD_VERSION, SaleId,
};
use tokio::sync::mpsc;
use tracing::debug;

use crate::buying::reply::Reply;
use crate::log::Log;
use crate::log::publisher::{PUBLISH_DEADLINE, Refusal};

/// Purchases that may wait for one sale's next record; beyond it they are refused as busy. About
/// a tenth of a second's worth at full speed.
const GATHERING_MAX: usize = 8_192;

/// Whoever gathered for longer is refused as busy, certain not to be sold later, instead of being put
/// into one more record: the log is slow, and the record may take as long again.
const GATHERING_FOR_MAX: Duration = PUBLISH_DEADLINE;

/// How long a batcher without purchases lives on.
const IDLE: Duration = Duration::from_secs(60);

/// Where a purchase is in the log, or why it is not known to be.
pub(crate) type Logged = Result<Place, Unlogged>;

/// Why a purchase has no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unlogged {
    /// Too many are waiting for the next record already, or it waited for too long.
    Full,
    /// The record it was to be in has none.
    Refused(Refusal),
}

struct Waiting {
    purchase: Purchase,
    reply: Reply,
    since: Instant,
}

/// All batchers of a process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Batchers {
    log: Log,
    seal: KeyId,
    sales: Arc<Mutex<HashMap<SaleId, mpsc::Sender<Waiting>>>>,
}

impl Batchers {
    /// `seal` names the key that tickets of these records are sealed with.
    pub(crate) fn new(log: Log, seal: KeyId) -> Self {
        Self {
            log,
            seal,
            sales: Arc::default(),
        }
    }

    /// Hands a purchase to its sale's batcher, which replies with its place.
    pub(crate) fn log(&self, sale: SaleId, purchase: Purchase, reply: Reply) {
        let since = Instant::now();
        let mut waiting = Waiting {
            purchase,
            reply,
            since,
        };
        let mut sales = self.sales.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let batcher = sales.entry(sale).or_insert_with(|| self.start(sale));
            match batcher.try_send(waiting) {
                Ok(()) => return,
                Err(mpsc::error::TrySendError::Full(returned)) => {
                    return returned.reply.send(Err(Unlogged::Full));
                }
                Err(mpsc::error::TrySendError::Closed(returned)) => {
                    // It was idle and has just left.
                    waiting = returned;
                    sales.remove(&sale);
                }
            }
        }
    }

    fn start(&self, sale: SaleId) -> mpsc::Sender<Waiting> {
        let (to_batcher, gathering) = mpsc::channel(GATHERING_MAX);
        let batcher = Batcher {
            log: self.log.clone(),
            seal: self.seal,
            sale,
            gathering,
        };
        tokio::spawn(batcher.run());
        to_batcher
    }
}

struct Batcher {
    log: Log,
    seal: KeyId,
    sale: SaleId,
    gathering: mpsc::Receiver<Waiting>,
}

impl Batcher {
    async fn run(mut self) {
        let mut group = Vec::with_capacity(GROUP_PURCHASES_MAX);
        loop {
            let gathered = self.gathering.recv_many(&mut group, GROUP_PURCHASES_MAX);
            match tokio::time::timeout(IDLE, gathered).await {
                Ok(0) => return,
                Ok(_) => self.log(&mut group).await,
                Err(_idle) => {
                    debug!(sale = %self.sale, "no purchases; the batcher leaves");
                    self.gathering.close();
                    // What slipped in before the close is still logged.
                    while self
                        .gathering
                        .recv_many(&mut group, GROUP_PURCHASES_MAX)
                        .await
                        > 0
                    {
                        self.log(&mut group).await;
                    }
                    return;
                }
            }
        }
    }

    async fn log(&self, group: &mut Vec<Waiting>) {
        refuse_late(group, Instant::now());
        if group.is_empty() {
            return;
        }
        let subject = LogSubject::of(self.sale, Channel::Purchases);
        metrics::histogram!("ingress_group_purchases").record(group.len() as f64);
        let purchases = group.len() as u32;
        let written = self.log.write(subject, purchases, || self.record(group));
        let logged = written.await;
        for (index, waiting) in (0_u16..).zip(group.drain(..)) {
            let place = logged
                .map(|seq| Place {
                    partition: subject.partition,
                    seq,
                    index,
                })
                .map_err(Unlogged::Refused);
            // The client may be gone; its purchase is in the log all the same.
            waiting.reply.send(place);
        }
    }

    fn record(&self, group: &[Waiting]) -> Vec<u8> {
        let record = Purchases {
            v: RECORD_VERSION,
            sale: self.sale,
            seal: self.seal,
            purchases: group.iter().map(|waiting| waiting.purchase).collect(),
        };
        let body = serde_json::to_vec(&record).expect("a record is all JSON");
        debug_assert!(
            body.len() <= GROUP_BYTES_MAX,
            "512 purchases fit into a record"
        );
        body
    }
}

fn refuse_late(group: &mut Vec<Waiting>, now: Instant) {
    let is_late = |waiting: &mut Waiting| now.duration_since(waiting.since) > GATHERING_FOR_MAX;
    for late in group.extract_if(.., is_late) {
        late.reply.send(Err(Unlogged::Full));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buying::reply::promise;

    #[test]
    fn who_gathered_for_too_long_is_refused_and_the_others_go_on() {
        let start = Instant::now();
        let purchase = Purchase {
            shopper: sale::ShopperId::new(uuid::Uuid::nil()),
            key: sale::KeyHash::of("mine"),
            received_at_ms: sale::Moment::default(),
        };
        let arrive = |since| {
            let (reply, awaited) = promise();
            let waiting = Waiting {
                purchase,
                reply,
                since,
            };
            (waiting, awaited)
        };
        let (early, told) = arrive(start);
        let (later, untold) = arrive(start + Duration::from_millis(1));
        let mut group = vec![early, later];
        refuse_late(&mut group, start + GATHERING_FOR_MAX);
        assert_eq!((group.len(), told.known()), (2, None));

        refuse_late(
            &mut group,
            start + GATHERING_FOR_MAX + Duration::from_millis(1),
        );
        assert_eq!(told.known(), Some(Err(Unlogged::Full)));
        assert_eq!((group.len(), untold.known()), (1, None));
    }
}
