//! Merges snapshots and feed messages by version. No IO, no clock.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use sale::decided::{Decided, DecidedRecord, Rulings};
use sale::{Generation, Moment, Partition, Place, Ruling, Sale, SaleId, Seq, Ticket};
use tokio::sync::{oneshot, watch};

use crate::generations::Generations;
use crate::own::{OwnRecord, OwnRecords};
use crate::status::TicketStatus;

/// Decided records kept per partition, so that a shopper who asks a moment after the decision is
/// answered from memory: at 512 letters each, at most 2 MiB.
const RECENT_RECORDS_MAX: usize = 4096;

/// Below this many waiting tickets nobody looks for those whose asker went away.
const PRUNE_FROM: usize = 1024;

/// Purchases per second assumed before an owner has measured its own: a tenth of what two cores do.
const DRAIN_PRIOR_PER_S: f64 = 2_000.0;

/// Purchases per record assumed before an owner has measured its own.
const MEAN_GROUP_PRIOR: f64 = 1.0;

/// Where a partition stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The owner's epoch.
    pub epoch: u64,
    /// The stream's generation: tickets are sealed with it.
    pub generation: Generation,
    /// The last decided record.
    pub cursor: Seq,
    /// The last record known to be in the log.
    pub last_seq: Seq,
    /// Purchases decided since the partition began.
    pub decided_total: u64,
    /// Purchases decided per second of work, as the owner measured it; zero when it has not.
    pub drain_per_s: f64,
    /// Purchases in a record, on average; zero when nobody measured it.
    pub mean_group: f64,
    /// Undecided records that this process wrote itself, and the purchases in them.
    pub own_records: u64,
    /// See `own_records`.
    pub own_purchases: u64,
    /// Why the partition has stopped, if it has.
    pub halted: Option<Arc<str>>,
    /// When the owner was last heard on the feed.
    pub heard_at: Option<Instant>,
}

impl Standing {
    /// Purchases in the log that are not decided; an estimate.
    pub fn backlog(&self) -> u64 {
        self.purchases_in(self.cursor.records_until(self.last_seq))
    }

    /// Purchases decided per second, measured or assumed; never zero.
    pub fn drain_or_prior_per_s(&self) -> f64 {
        if self.drain_per_s > 0.0 {
            self.drain_per_s
        } else {
            DRAIN_PRIOR_PER_S
        }
    }

    /// Milliseconds until that many more purchases are decided.
    pub fn wait_ms(&self, purchases: u64) -> u64 {
        (purchases as f64 / self.drain_or_prior_per_s() * 1000.0) as u64
    }

    /// Purchases that will be decided before a place; none when it is decided.
    pub fn ahead_of(&self, place: Place) -> u64 {
        if place.seq <= self.cursor {
            return 0;
        }
        let records = self.cursor.records_until(place.seq).saturating_sub(1);
        self.purchases_in(records) + u64::from(place.index)
    }

    fn purchases_in(&self, records: u64) -> u64 {
        (records as f64 * self.mean_undecided_group()) as u64
    }

    /// What the owner tells is the size of records decided so far. A crowd makes them grow
    /// hundredfold within a second, and what this process just wrote shows it first: balancers
    /// give every replica its share of the crowd.
    fn mean_undecided_group(&self) -> f64 {
        if self.own_records > 0 {
            self.own_purchases as f64 / self.own_records as f64
        } else if self.mean_group > 0.0 {
            self.mean_group
        } else {
            MEAN_GROUP_PRIOR
        }
    }

    fn queued(&self, place: Place) -> TicketStatus {
        let ahead = self.ahead_of(place);
        TicketStatus::Queued {
            ahead,
            wait_ms: self.wait_ms(ahead),
        }
    }
}

/// A partition and its sales as Postgres has them.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) partitions: Vec<PartitionSnapshot>,
    pub(crate) sales: Vec<Sale>,
}

#[derive(Debug)]
pub(crate) struct PartitionSnapshot {
    pub(crate) partition: Partition,
    pub(crate) epoch: u64,
    pub(crate) generation: Generation,
    pub(crate) cursor: Seq,
    pub(crate) decided_total: u64,
    pub(crate) halted: Option<String>,
    pub(crate) generations: Generations,
}

/// What was ruled for one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) sale: Option<SaleId>,
    pub(crate) ruling: Ruling,
    /// For a replay: where the earlier order stands.
    pub(crate) replayed: Option<Place>,
}

/// What memory knows of a place.
#[derive(Debug)]
pub(crate) enum Known {
    /// It is not decided.
    Queued(TicketStatus),
    /// It is decided, and this was the ruling.
    Found(Found),
    /// It never will be: an operator gave it up.
    GivenUp,
    /// It is decided, too long ago to be remembered here.
    Forgotten,
    /// No such partition.
    NoPartition,
}

/// Somebody who waits for a ticket's decision.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) ticket: Ticket,
    pub(crate) place: Place,
    pub(crate) reply: oneshot::Sender<Verdict>,
}

/// The last word about a ticket that was waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// `won` or `lost`.
    pub status: TicketStatus,
    /// When it was committed, by the allocator's clock; unknown when Postgres was asked.
    pub committed_at: Option<Moment>,
}

/// What [`crate::Feed::wait`] answers.
#[derive(Debug)]
pub enum Waited {
    /// The last word, at once.
    Decided(TicketStatus),
    /// Where it stands, and where the last word will arrive. A receiver that fails means that the
    /// decision could not be looked up: ask again.
    Queued(TicketStatus, oneshot::Receiver<Verdict>),
}

/// A waiting ticket whose place is decided; without a finding Postgres must be asked.
pub(crate) type Resolved = (Waiting, Option<Found>);

/// The message does not follow on what is known: read Postgres.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Gap;

#[derive(Debug, Default)]
pub(crate) struct State {
    partitions: BTreeMap<Partition, PartitionState>,
    sales: HashMap<SaleId, watch::Sender<Arc<Sale>>>,
}

#[derive(Debug)]
struct PartitionState {
    standing: Standing,
    generations: Generations,
    cursor: watch::Sender<Seq>,
    own: OwnRecords,
    recent: VecDeque<DecidedRecord>,
    waiting: BTreeMap<Seq, Vec<Waiting>>,
    waiting_count: usize,
    prune_at: usize,
}

impl State {
    pub(crate) fn sale(&self, id: SaleId) -> Option<Arc<Sale>> {
        self.sales.get(&id).map(|sale| sale.borrow().clone())
    }

    pub(crate) fn sale_changes(&self, id: SaleId) -> Option<watch::Receiver<Arc<Sale>>> {
        self.sales.get(&id).map(watch::Sender::subscribe)
    }

    pub(crate) fn sales(&self) -> Vec<Arc<Sale>> {
        self.sales
            .values()
            .map(|sale| sale.borrow().clone())
            .collect()
    }

    pub(crate) fn standing(&self, partition: Partition) -> Option<&Standing> {
        self.partitions.get(&partition).map(|known| &known.standing)
    }

    pub(crate) fn generations(&self, partition: Partition) -> Option<Generations> {
        let known = self.partitions.get(&partition)?;
        Some(known.generations.clone())
    }

    pub(crate) fn cursor_changes(&self, partition: Partition) -> Option<watch::Receiver<Seq>> {
        self.partitions
            .get(&partition)
            .map(|known| known.cursor.subscribe())
    }

    pub(crate) fn standings(&self) -> impl Iterator<Item = (Partition, &Standing)> {
        self.partitions
            .iter()
            .map(|(partition, known)| (*partition, &known.standing))
    }

    /// This process' record was just acknowledged: the log is at least this long.
    pub(crate) fn note_logged(&mut self, partition: Partition, seq: Seq, record: OwnRecord) {
        let Some(known) = self.partitions.get_mut(&partition) else {
            return;
        };
        known.standing.last_seq = known.standing.last_seq.max(seq);
        // It may have been decided before its acknowledgement arrived.
        if seq > known.standing.cursor {
            known.own.add(seq, record);
            known.count_own();
        } else {
            record.is_decided(record.logged_at);
        }
    }

    pub(crate) fn known(&self, place: Place) -> Known {
        let Some(known) = self.partitions.get(&place.partition) else {
            return Known::NoPartition;
        };
        if known.generations.gave_up(place.seq) {
            return Known::GivenUp;
        }
        if place.seq > known.standing.cursor {
            return Known::Queued(known.standing.queued(place));
        }
        known.recall(place).map_or(Known::Forgotten, Known::Found)
    }

    /// Like [`State::known`], and remembers who asked when the place is still queued.
    pub(crate) fn wait(
        &mut self,
        ticket: Ticket,
        place: Place,
    ) -> (Known, Option<oneshot::Receiver<Verdict>>) {
        let known = self.known(place);
        let (Known::Queued(_), Some(partition)) =
            (&known, self.partitions.get_mut(&place.partition))
        else {
            return (known, None);
        };
        let (reply, answer) = oneshot::channel();
        partition.wait(Waiting {
            ticket,
            place,
            reply,
        });
        (known, Some(answer))
    }

    /// Applies a feed message that follows on what is known.
    pub(crate) fn apply(&mut self, message: Decided, now: Instant) -> Result<Vec<Resolved>, Gap> {
        let known = self.partitions.get_mut(&message.partition).ok_or(Gap)?;
        let standing = &mut known.standing;
        if message.epoch < standing.epoch {
            return Ok(Vec::new());
        }
        if message.epoch > standing.epoch {
            return Err(Gap);
        }
        if message.cursor < standing.cursor {
            return Ok(Vec::new());
        }
        if message.cursor > standing.cursor && message.after != standing.cursor {
            return Err(Gap);
        }
        standing.heard_at = Some(now);
        standing.last_seq = standing.last_seq.max(message.last_seq);
        standing.drain_per_s = message.drain_per_s;
        standing.mean_group = message.mean_group;
        standing.halted = message.halted.map(Arc::from);
        standing.decided_total = message.decided_total;
        standing.cursor = message.cursor;
        known.own.forget_until(message.cursor, now);
        known.count_own();
        known.remember(message.records);
        let resolved = known.resolve();
        let cursor = known.cursor.clone();
        for sale in message.sales {
            self.put_sale(sale, false);
        }
        cursor.send_replace(message.cursor);
        Ok(resolved)
    }

    /// Takes over a snapshot of Postgres; a partition that memory knows better is left alone.
    pub(crate) fn merge(&mut self, snapshot: Snapshot, now: Instant) -> Vec<Resolved> {
        let mut resolved = Vec::new();
        for row in snapshot.partitions {
            let partition = row.partition;
            let known = self
                .partitions
                .entry(partition)
                .or_insert_with(|| PartitionState::new(&row));
            let newer_epoch = row.epoch > known.standing.epoch;
            if newer_epoch || row.cursor >= known.standing.cursor {
                let (cursor, row_cursor) = (known.cursor.clone(), row.cursor);
                known.take_over(row, newer_epoch, now);
                resolved.append(&mut known.resolve());
                let sales = snapshot
                    .sales
                    .iter()
                    .filter(|sale| sale.id.partition() == partition);
                for sale in sales {
                    self.put_sale(sale.clone(), newer_epoch);
                }
                cursor.send_replace(row_cursor);
            }
        }
        resolved
    }

    fn put_sale(&mut self, sale: Sale, even_older: bool) {
        match self.sales.get(&sale.id) {
            None => {
                self.sales
                    .insert(sale.id, watch::Sender::new(Arc::new(sale)));
            }
            Some(known) => {
                known.send_if_modified(|known| {
                    let newer = sale.revision >= known.revision || even_older;
                    let changed = newer && **known != sale;
                    if changed {
                        *known = Arc::new(sale);
                    }
                    changed
                });
            }
        }
    }
}

impl PartitionState {
    fn new(row: &PartitionSnapshot) -> Self {
        Self {
            standing: Standing {
                epoch: row.epoch,
                generation: row.generation,
                cursor: row.cursor,
                last_seq: row.cursor,
                decided_total: row.decided_total,
                drain_per_s: 0.0,
                mean_group: 0.0,
                own_records: 0,
                own_purchases: 0,
                halted: None,
                heard_at: None,
            },
            generations: row.generations.clone(),
            cursor: watch::Sender::new(row.cursor),
            own: OwnRecords::default(),
            recent: VecDeque::new(),
            waiting: BTreeMap::new(),
            waiting_count: 0,
            prune_at: PRUNE_FROM,
        }
    }

    fn take_over(&mut self, row: PartitionSnapshot, newer_epoch: bool, now: Instant) {
        if newer_epoch {
            // Postgres may have been put back to an older state: what was remembered may be undone.
            self.recent.clear();
        }
        self.standing.epoch = row.epoch;
        self.standing.generation = row.generation;
        self.generations = row.generations;
        self.standing.cursor = row.cursor;
        self.standing.last_seq = self.standing.last_seq.max(row.cursor);
        self.own.forget_until(row.cursor, now);
        self.count_own();
        self.standing.decided_total = row.decided_total;
        self.standing.halted = row.halted.map(Arc::from);
        // Give a silent owner its full time from here on before calling it away.
        self.standing.heard_at.get_or_insert(now);
    }

    fn count_own(&mut self) {
        self.standing.own_records = self.own.records();
        self.standing.own_purchases = self.own.purchases();
    }

    fn remember(&mut self, records: Vec<DecidedRecord>) {
        self.recent.extend(records);
        let too_many = self.recent.len().saturating_sub(RECENT_RECORDS_MAX);
        self.recent.drain(..too_many);
    }

    fn recall(&self, place: Place) -> Option<Found> {
        let at = self
            .recent
            .binary_search_by_key(&place.seq, |record| record.seq)
            .ok()?;
        let record = &self.recent[at];
        found(record.sale, &record.rulings, &record.refs, place.index)
    }

    fn wait(&mut self, waiting: Waiting) {
        if self.waiting_count >= self.prune_at {
            self.prune();
        }
        self.waiting
            .entry(waiting.place.seq)
            .or_default()
            .push(waiting);
        self.waiting_count += 1;
    }

    /// Forgets those whose asker went away; the live ones are bounded by connections.
    fn prune(&mut self) {
        self.waiting.retain(|_, waiting| {
            waiting.retain(|one| !one.reply.is_closed());
            !waiting.is_empty()
        });
        self.waiting_count = self.waiting.values().map(Vec::len).sum();
        self.prune_at = PRUNE_FROM.max(self.waiting_count * 2);
    }

    fn resolve(&mut self) -> Vec<Resolved> {
        let queued = self.waiting.split_off(&self.standing.cursor.next());
        let decided = std::mem::replace(&mut self.waiting, queued);
        let resolved: Vec<Resolved> = decided
            .into_values()
            .flatten()
            .map(|waiting| {
                let found = self.recall(waiting.place);
                (waiting, found)
            })
            .collect();
        self.waiting_count -= resolved.len();
        resolved
    }
}

/// Reads one place out of a record's rulings; `None` when the record has no such place.
pub(crate) fn found(
    sale: Option<SaleId>,
    rulings: &Rulings,
    refs: &[Place],
    index: u16,
) -> Option<Found> {
    let ruling = rulings.at(index)?.ok()?;
    let replayed = match ruling {
        Ruling::Replay => Some(*refs.get(rulings.replay_rank(index))?),
        Ruling::Won | Ruling::Lost(_) => None,
    };
    Some(Found {
        sale,
        ruling,
        replayed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_ahead_of_a_place_that_is_decided() {
        let standing = Standing {
            epoch: 1,
            generation: Generation::FIRST,
            cursor: Seq::try_from(7).unwrap(),
            last_seq: Seq::try_from(9).unwrap(),
            decided_total: 0,
            drain_per_s: 0.0,
            mean_group: 10.0,
            own_records: 0,
            own_purchases: 0,
            halted: None,
            heard_at: None,
        };
        let ahead_of = |seq: u64| {
            standing.ahead_of(Place {
                partition: Partition::try_from(0).unwrap(),
                seq: seq.try_into().unwrap(),
                index: 5,
            })
        };
        assert_eq!([7, 8, 9].map(ahead_of), [0, 5, 15]);
    }
}
