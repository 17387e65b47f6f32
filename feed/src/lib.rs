//! What has become of a ticket, and where every sale and partition stands.
//!
//! Ingress and notifier ask the same questions, so both ask here. The answers come from the
//! decided feed (`decided.<pp>`, a hint that may be missed) and from Postgres (the truth): the
//! feed is subscribed to first, then one snapshot is read, then messages are applied by version;
//! a gap, a new epoch or a lagging subscription ends in a new snapshot.
//!
//! | file | what it does |
//! |---|---|
//! | `follow.rs` | the task that listens, and heals |
//! | `look_up.rs` | questions about long ago, many in one query |
//! | `generations.rs` | which life of a stream a ticket belongs to |
//! | `own.rs` | the undecided records this process wrote |
//! | `state.rs` | merges snapshots and messages; knows no IO |
//! | `store.rs` | the SQL |
//! | `verdict_times.rs` | how long its verdicts took lately |
//! | `status.rs`, `view.rs` | what a ticket's holder, and everybody, is told |

mod follow;
mod generations;
mod look_up;
mod own;
mod state;
mod status;
mod store;
mod verdict_times;
mod view;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use sale::{Generation, Moment, Partition, Place, Ruling, Sale, SaleId, Seq, Ticket, TicketKeys};
use sqlx::PgPool;
use tokio::sync::watch;
use tracing::warn;

pub use state::{Standing, Verdict, Waited};
pub use status::{Reason, TicketStatus};
pub use store::{SaleRow, StoreError, pool};
pub use verdict_times::VerdictTimes;
pub use view::{Rfc3339, SaleView, moment, now, optional_rfc3339, rfc3339, timestamp};

use look_up::LookUps;
use own::OwnRecord;
use state::{Found, Known, Resolved, State, Waiting};

/// Tickets looked up in one query after a gap. Those of one record cost one row together, so that all who wait at
/// a full notifier are a few queries of milliseconds each.
const HEALED_AT_ONCE_MAX: usize = 4_096;

/// A live view of sales, partitions and verdicts. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Feed {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    pool: PgPool,
    look_ups: LookUps,
    state: RwLock<State>,
    loaded: watch::Sender<bool>,
}

impl Feed {
    /// Begins to follow: subscribes with `nats`, reads snapshots and old decisions with `pool`.
    ///
    /// Returns at once; [`Feed::is_loaded`] tells when the first snapshot has arrived. The task
    /// ends when the last clone of the feed is dropped.
    pub fn start(nats: async_nats::Client, pool: PgPool) -> Self {
        let inner = Arc::new(Inner {
            look_ups: LookUps::start(pool.clone()),
            pool,
            state: RwLock::default(),
            loaded: watch::Sender::new(false),
        });
        tokio::spawn(follow::follow(nats, Arc::downgrade(&inner)));
        Self { inner }
    }

    /// Whether there was ever a snapshot to answer from.
    pub fn is_loaded(&self) -> bool {
        *self.inner.loaded.borrow()
    }

    /// Waits for the first snapshot.
    pub async fn loaded(&self) {
        // Fails only when the sender is gone, and it lives as long as this feed.
        drop(
            self.inner
                .loaded
                .subscribe()
                .wait_for(|loaded| *loaded)
                .await,
        );
    }

    /// A sale as it stands.
    pub fn sale(&self, id: SaleId) -> Option<Arc<Sale>> {
        self.inner.read().sale(id)
    }

    /// A sale now and whenever it changes.
    pub fn sale_changes(&self, id: SaleId) -> Option<watch::Receiver<Arc<Sale>>> {
        self.inner.read().sale_changes(id)
    }

    /// Every sale in memory, in no order.
    pub fn sales(&self) -> Vec<Arc<Sale>> {
        self.inner.read().sales()
    }

    /// Where a partition stands.
    pub fn standing(&self, partition: Partition) -> Option<Standing> {
        self.inner.read().standing(partition).cloned()
    }

    /// A partition's cursor now and whenever it moves.
    pub fn cursor_changes(&self, partition: Partition) -> Option<watch::Receiver<Seq>> {
        self.inner.read().cursor_changes(partition)
    }

    /// Where every partition stands, in order of their numbers.
    pub fn standings(&self) -> Vec<(Partition, Standing)> {
        self.inner
            .read()
            .standings()
            .map(|(number, standing)| (number, standing.clone()))
            .collect()
    }

    /// Tells that this process' record was acknowledged, and how many purchases are in it; the
    /// next feed message would tell it later, and less exactly.
    /// `times` are told when it is decided.
    pub fn note_logged(
        &self,
        partition: Partition,
        seq: Seq,
        purchases: u32,
        times: Option<Arc<VerdictTimes>>,
    ) {
        let record = OwnRecord {
            purchases,
            logged_at: Instant::now(),
            times,
        };
        self.inner.write().note_logged(partition, seq, record);
    }

    /// The place of a ticket that one of these keys has sealed, in whichever life of its stream.
    pub fn open(&self, keys: &TicketKeys, ticket: Ticket) -> Option<Place> {
        let generations = self.inner.read().generations(ticket.claimed_partition())?;
        generations.open(keys, ticket)
    }

    /// The generation that a place's ticket is sealed with.
    pub fn generation_at(&self, place: Place) -> Option<Generation> {
        let generations = self.inner.read().generations(place.partition)?;
        Some(generations.at(place.seq))
    }

    /// Whether a place was lost with its stream: nobody will ever decide it.
    pub fn gave_up(&self, place: Place) -> bool {
        let generations = self.inner.read().generations(place.partition);
        generations.is_some_and(|known| known.gave_up(place.seq))
    }

    /// Where a ticket stands now. `place` is what the ticket was opened to.
    pub async fn status(&self, ticket: Ticket, place: Place) -> Result<TicketStatus, StoreError> {
        let known = self.inner.read().known(place);
        self.inner.tell(ticket, place, known).await
    }

    /// Where a ticket stands now and, while it is queued, a way to wait for its decision.
    ///
    /// Nothing is missed between the two: the asker is written down under the same lock.
    pub async fn wait(&self, ticket: Ticket, place: Place) -> Result<Waited, StoreError> {
        let (known, answer) = self.inner.write().wait(ticket, place);
        let status = self.inner.tell(ticket, place, known).await?;
        Ok(match answer {
            Some(answer) => Waited::Queued(status, answer),
            None => Waited::Decided(status),
        })
    }
}

impl Inner {
    // A poisoned lock means a bug in `state.rs` panicked half-way through a merge. The state is a
    // cache of versions; the next gap replaces it, so going on beats taking the process down.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    async fn tell(
        &self,
        ticket: Ticket,
        place: Place,
        known: Known,
    ) -> Result<TicketStatus, StoreError> {
        match known {
            Known::Queued(status) => Ok(status),
            Known::Found(found) => self.spell_out(ticket, found).await,
            Known::GivenUp => Ok(GIVEN_UP),
            Known::Forgotten => {
                let found = self.look_ups.find(place).await?;
                let found = found.ok_or_else(|| undecided(place))?;
                self.spell_out(ticket, found).await
            }
            Known::NoPartition => Err(StoreError::Impossible(format!("no partition of {place}"))),
        }
    }

    async fn spell_out(&self, ticket: Ticket, found: Found) -> Result<TicketStatus, StoreError> {
        if let Some(status) = from_memory(ticket, found) {
            return Ok(status);
        }
        let (Some(sale_id), Some(earlier)) = (found.sale, found.replayed) else {
            return Err(StoreError::Impossible(format!(
                "an order without a sale for {ticket}"
            )));
        };
        let order_id = store::order_at(&self.pool, earlier)
            .await?
            .ok_or_else(|| StoreError::Impossible(format!("no order at {earlier}")))?;
        Ok(TicketStatus::Won {
            sale_id,
            order_id,
            replay: true,
        })
    }

    /// Answers everybody who waited for what is now decided. What memory cannot answer is looked
    /// up in one query, aside, so that the next message of the feed does not wait for Postgres.
    fn answer(self: &Arc<Self>, resolved: Vec<Resolved>, committed_at: Option<Moment>) {
        let mut unanswered = Vec::new();
        for (waiting, found) in resolved {
            match found.and_then(|found| from_memory(waiting.ticket, found)) {
                // The asker may have gone away; its answer is in Postgres whenever it returns.
                Some(status) => drop(waiting.reply.send(Verdict {
                    status,
                    committed_at,
                })),
                None => unanswered.push(waiting),
            }
        }
        if !unanswered.is_empty() {
            tokio::spawn(Arc::clone(self).answer_from_postgres(unanswered));
        }
    }

    async fn answer_from_postgres(self: Arc<Self>, mut waiting: Vec<Waiting>) {
        metrics::counter!("feed_heals_total").increment(waiting.len() as u64);
        while !waiting.is_empty() {
            let part = waiting.len().min(HEALED_AT_ONCE_MAX);
            if let Err(error) = self.look_up(waiting.drain(..part).collect()).await {
                // Dropping the replies, those of the rest too, tells the askers to ask again.
                warn!(error = %error, "cannot look up decisions");
                return;
            }
        }
    }

    async fn look_up(&self, waiting: Vec<Waiting>) -> Result<(), StoreError> {
        let places: Vec<Place> = waiting.iter().map(|one| one.place).collect();
        let rulings = store::rulings(&self.pool, &places).await?;
        for one in waiting {
            let status = if matches!(self.read().known(one.place), Known::GivenUp) {
                GIVEN_UP
            } else {
                let found = rulings
                    .get(&one.place)
                    .ok_or_else(|| undecided(one.place))?;
                self.spell_out(one.ticket, *found).await?
            };
            drop(one.reply.send(Verdict {
                status,
                committed_at: None,
            }));
        }
        Ok(())
    }
}

/// What became of a place that was lost with its stream. Which sale it was for went with it.
const GIVEN_UP: TicketStatus = TicketStatus::Lost {
    sale_id: None,
    reason: Reason::Adopted,
};

/// The status of a ruling that refers to nothing but its own place.
fn from_memory(ticket: Ticket, found: Found) -> Option<TicketStatus> {
    match (found.ruling, found.sale) {
        (Ruling::Won, Some(sale_id)) => Some(TicketStatus::Won {
            sale_id,
            order_id: ticket,
            replay: false,
        }),
        (Ruling::Lost(reason), sale_id) => Some(TicketStatus::Lost {
            sale_id,
            reason: reason.into(),
        }),
        (Ruling::Won | Ruling::Replay, _) => None,
    }
}

fn undecided(place: Place) -> StoreError {
    StoreError::Impossible(format!(
        "no decision for {place}, which is behind the cursor"
    ))
}
