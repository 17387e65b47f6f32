//! Group commit: one batcher per sale. While one record is in flight, arriving purchases gather;
//! when its acknowledgement comes, the next record goes with all of them. One fsync then pays for
//! hundreds of purchases, and a lone purchase waits for nobody.
//!
//! Batchers are tasks of their own: a client that goes away cannot cancel a record under way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sale::subject::{Channel, LogSubject};
use sale::{
    GROUP_BYTES_MAX, GROUP_PURCHASES_MAX, KeyId, Place, Purchase, Purchases, RECORD_VERSION, SaleId,
};
use tokio::sync::mpsc;
use tracing::debug;

use crate::log::Log;
use crate::publisher::Refusal;
use crate::reply::Reply;

/// Purchases that may wait for one sale's next record; beyond it they are refused as busy. About
/// a tenth of a second's worth at full speed.
const GATHERING_MAX: usize = 8_192;

/// How long a batcher without purchases lives on.
const IDLE: Duration = Duration::from_secs(60);

/// Where a purchase is in the log, or why it is not known to be.
pub(crate) type Logged = Result<Place, Unlogged>;

/// Why a purchase has no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unlogged {
    /// Too many are waiting for the next record already.
    Full,
    /// The record it was to be in has none.
    Refused(Refusal),
}

struct Waiting {
    purchase: Purchase,
    reply: Reply,
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
        let mut waiting = Waiting { purchase, reply };
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
        let subject = LogSubject::of(self.sale, Channel::Purchases);
        metrics::histogram!("ingress_group_purchases").record(group.len() as f64);
        let logged = self
            .log
            .write(subject, group.len() as u32, || self.record(group))
            .await;
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
