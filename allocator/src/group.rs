//! Turns what waits in the log into commits: decides record after record into a group that grows
//! until it is full, a command comes, or a record stops the partition. No IO.

use std::collections::{BTreeSet, VecDeque};

use async_nats::jetstream::message::Message;
use bytes::Bytes;
use sale::decided::{DecidedRecord, Rulings};
use sale::subject::LogSubject;
use sale::{
    Allocation, CommandDecision, Control, Decision, Effect, Generation, Moment, Outcome, Partition,
    Place, Position, PurchaseDecision, Purchases, Record, Ruling, Sale, SaleId, Seq, Ticket,
    TicketKeys, Unreadable, Won,
};
use sha2::{Digest, Sha256};

use crate::store::Step;

/// Most purchases in one commit: enough that the round trip no longer counts, small enough that
/// the first of them does not wait for the last (about 50 ms).
pub(crate) const COMMIT_PURCHASES_MAX: u64 = 8_192;

/// Most records in one commit, for logs whose records hold one purchase each.
const GROUP_RECORDS_MAX: usize = 2_048;

/// A message of the log, in its place.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) at: Position,
    pub(crate) message: Message,
}

/// Decided, ready to be committed and announced.
#[derive(Debug)]
pub(crate) enum Group {
    Purchases(PurchaseGroup),
    Command(Box<CommandGroup>),
}

#[derive(Debug)]
pub(crate) struct PurchaseGroup {
    pub(crate) step: Step,
    pub(crate) records: Vec<DecidedRecord>,
    pub(crate) orders: Vec<Order>,
    pub(crate) quarantined: Vec<Quarantined>,
    /// Every sale that sold something, as it stands after the group.
    pub(crate) sales: Vec<Sale>,
    /// The last record's body: only the one at the new cursor is hashed.
    last_body: Bytes,
}

#[derive(Debug)]
pub(crate) struct CommandGroup {
    pub(crate) step: Step,
    pub(crate) control: Control,
    pub(crate) decision: CommandDecision,
}

/// A won place on its way to Postgres.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) id: Ticket,
    pub(crate) sale: SaleId,
    pub(crate) won: Won,
    pub(crate) log_time: Moment,
}

/// A record nobody could read, on its way to where people can look at it.
#[derive(Debug)]
pub(crate) struct Quarantined {
    pub(crate) seq: Seq,
    pub(crate) subject: String,
    pub(crate) body: Bytes,
    pub(crate) error: String,
}

/// A record this process must not decide; another build or another configuration can.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record {seq}: {why}")]
pub(crate) struct Stop {
    pub(crate) seq: Seq,
    pub(crate) why: String,
}

/// Decides ahead of the commits of one partition: while a group is being committed, the next one
/// grows.
pub(crate) struct Decider {
    partition: Partition,
    generation: Generation,
    keys: TicketKeys,
    allocation: Allocation,
    /// Everything up to here is decided; the commits follow.
    decided: Seq,
    growing: PurchaseGroup,
    /// Purchases at which a group is closed.
    group_max: u64,
    /// Read from the log, not yet decided.
    pub(crate) waiting: VecDeque<Entry>,
}

impl Decider {
    /// Begins after `decided`, with `allocation` as it stands there.
    pub(crate) fn new(
        generation: Generation,
        decided: Seq,
        keys: TicketKeys,
        allocation: Allocation,
    ) -> Self {
        Self {
            partition: allocation.partition(),
            generation,
            keys,
            allocation,
            decided,
            growing: PurchaseGroup::after(decided),
            group_max: COMMIT_PURCHASES_MAX,
            waiting: VecDeque::new(),
        }
    }

    /// Everything decided so far.
    pub(crate) const fn allocation(&self) -> &Allocation {
        &self.allocation
    }

    /// Passes over a record of which nothing can be known: log time moves on, nothing else.
    pub(crate) fn pass_over(&mut self, at: Position) {
        self.allocation.decide_malformed(at);
        self.decided = at.seq;
        self.growing = PurchaseGroup::after(at.seq);
    }

    /// Whether anything can be committed or decided.
    pub(crate) fn has_work(&self) -> bool {
        !self.growing.is_empty() || !self.waiting.is_empty()
    }

    /// Whether the first waiting record must be the next group's, or stands alone.
    pub(crate) fn has_undecided(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Closes a group at so many purchases, or with the record that exceeds them.
    pub(crate) fn in_groups_of(mut self, purchases_max: u64) -> Self {
        self.group_max = purchases_max.min(COMMIT_PURCHASES_MAX);
        self
    }

    /// Whether the growing group takes no more, however much waits.
    pub(crate) fn is_full(&self) -> bool {
        self.growing.is_full(self.group_max)
    }

    /// Decides what waits into the growing group, until it is full or a record must stand alone.
    pub(crate) fn grow(&mut self) {
        while let Some(entry) = self.waiting.front()
            && !self.growing.is_full(self.group_max)
        {
            let took = match self.read(entry) {
                Ok(Record::Purchases(purchases)) => self.take_purchases(purchases),
                Err(Unreadable::Malformed(error)) => self.take_malformed(error),
                // A command is a commit of its own, so that no statement touches a sale twice.
                Ok(Record::Control(_)) | Err(Unreadable::NewerVersion(_)) => false,
            };
            if !took {
                return;
            }
        }
    }

    /// The next group to commit; `None` when nothing waits.
    pub(crate) fn next(&mut self) -> Result<Option<Group>, Stop> {
        self.grow();
        if !self.growing.is_empty() {
            return Ok(Some(Group::Purchases(self.seal())));
        }
        let Some(entry) = self.waiting.front() else {
            return Ok(None);
        };
        let seq = entry.at.seq;
        match self.read(entry) {
            Ok(Record::Control(control)) => Ok(self.take_command(control)),
            Ok(Record::Purchases(purchases)) => Err(Stop {
                seq,
                why: format!(
                    "its tickets are sealed with key {}, which this allocator was not given",
                    purchases.seal
                ),
            }),
            Err(error) => Err(Stop {
                seq,
                why: error.to_string(),
            }),
        }
    }

    fn read(&self, entry: &Entry) -> Result<Record, Unreadable> {
        let subject: LogSubject = entry
            .message
            .subject
            .parse()
            .map_err(|error: sale::InvalidId| Unreadable::Malformed(error.to_string()))?;
        if subject.partition != self.partition {
            return Err(Unreadable::Malformed(
                "a subject of another partition".into(),
            ));
        }
        Record::decode(&subject, &entry.message.payload)
    }

    fn take_command(&mut self, control: Control) -> Option<Group> {
        let entry = self.waiting.pop_front()?;
        let record = Record::Control(control);
        let decision = self.allocation.decide(entry.at, &record);
        let (Outcome::Command(outcome), Record::Control(control)) = (decision.outcome, record)
        else {
            unreachable!("a command is decided as a command");
        };
        let step = Step {
            from: self.decided,
            to: decision.seq,
            log_time: decision.log_time,
            record_hash: hash_of(&entry.message.payload),
            purchases: 0,
        };
        self.decided = step.to;
        self.growing = PurchaseGroup::after(step.to);
        Some(Group::Command(Box::new(CommandGroup {
            step,
            control,
            decision: outcome,
        })))
    }

    /// Decides the first waiting record; false, and nothing happens, without the key of its tickets.
    fn take_purchases(&mut self, purchases: Purchases) -> bool {
        let Some(key) = self.keys.named(purchases.seal) else {
            return false;
        };
        let Some(entry) = self.waiting.pop_front() else {
            return false;
        };
        let decision = self
            .allocation
            .decide(entry.at, &Record::Purchases(purchases));
        let Decision {
            seq,
            log_time,
            outcome: Outcome::Purchases(outcome),
        } = decision
        else {
            unreachable!("purchases are decided as purchases");
        };
        for won in &outcome.won {
            let place = Place {
                partition: self.partition,
                seq,
                index: won.index,
            };
            let id = key.seal(place, self.generation);
            self.growing.orders.push(Order {
                id,
                sale: outcome.sale,
                won: *won,
                log_time,
            });
        }
        self.growing.add(&entry, log_time, outcome);
        true
    }

    fn take_malformed(&mut self, error: String) -> bool {
        let Some(entry) = self.waiting.pop_front() else {
            return false;
        };
        let decision = self.allocation.decide_malformed(entry.at);
        self.growing.add_malformed(&entry, decision.log_time, error);
        true
    }

    /// Ends the growing group; the sales it touched are as they stand now, since nothing was
    /// decided after it.
    fn seal(&mut self) -> PurchaseGroup {
        self.decided = self.growing.step.to;
        let next = PurchaseGroup::after(self.decided);
        let mut group = std::mem::replace(&mut self.growing, next);
        let touched: BTreeSet<SaleId> = group.orders.iter().map(|order| order.sale).collect();
        let sales = touched
            .into_iter()
            .filter_map(|sale| self.allocation.sale(sale));
        group.sales = sales.cloned().collect();
        group.step.record_hash = hash_of(&group.last_body);
        group
    }
}

impl PurchaseGroup {
    fn after(cursor: Seq) -> Self {
        Self {
            step: Step {
                from: cursor,
                to: cursor,
                log_time: Moment::default(),
                record_hash: [0; 32],
                purchases: 0,
            },
            records: Vec::new(),
            orders: Vec::new(),
            quarantined: Vec::new(),
            sales: Vec::new(),
            last_body: Bytes::new(),
        }
    }

    fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    fn is_full(&self, purchases_max: u64) -> bool {
        self.step.purchases >= purchases_max || self.records.len() >= GROUP_RECORDS_MAX
    }

    fn add(&mut self, entry: &Entry, log_time: Moment, outcome: PurchaseDecision) {
        self.extend(entry, log_time, outcome.rulings.len());
        self.records.push(DecidedRecord {
            seq: entry.at.seq,
            sale: Some(outcome.sale),
            rulings: outcome.rulings.into_iter().collect(),
            refs: outcome.replayed,
        });
    }

    fn add_malformed(&mut self, entry: &Entry, log_time: Moment, error: String) {
        self.extend(entry, log_time, 1);
        let seq = entry.at.seq;
        let subject = entry.message.subject.to_string();
        let sale = subject.parse().ok().map(|subject: LogSubject| subject.sale);
        let rulings = Rulings::malformed();
        self.records.push(DecidedRecord {
            seq,
            sale,
            rulings,
            refs: Vec::new(),
        });
        let body = entry.message.payload.clone();
        self.quarantined.push(Quarantined {
            seq,
            subject: storable(&subject),
            body,
            error: storable(&error),
        });
    }

    fn extend(&mut self, entry: &Entry, log_time: Moment, purchases: usize) {
        self.step.to = entry.at.seq;
        self.step.log_time = log_time;
        self.step.purchases += purchases as u64;
        self.last_body = entry.message.payload.clone();
    }
}

impl Group {
    /// The step of the cursor this group is.
    pub(crate) const fn step(&self) -> &Step {
        match self {
            Self::Purchases(group) => &group.step,
            Self::Command(group) => &group.step,
        }
    }

    /// Counts its decisions for the metrics.
    pub(crate) fn count(&self) {
        match self {
            Self::Purchases(group) => group.count(),
            Self::Command(group) => {
                let ruling = group.decision.ruling.as_str();
                metrics::counter!("allocator_commands_total", "ruling" => ruling).increment(1);
            }
        }
    }

    /// What the feed tells of it.
    pub(crate) fn announcement(self) -> (Vec<DecidedRecord>, Vec<Sale>) {
        match self {
            Self::Purchases(group) => (group.records, group.sales),
            Self::Command(group) => match group.decision.effect {
                Some(Effect::Opened(sale) | Effect::Changed(sale))
                | Some(Effect::Cancelled { sale, .. }) => (Vec::new(), vec![sale]),
                None => (Vec::new(), Vec::new()),
            },
        }
    }
}

impl PurchaseGroup {
    fn count(&self) {
        metrics::histogram!("allocator_group_purchases").record(self.step.purchases as f64);
        metrics::counter!("allocator_quarantined_total").increment(self.quarantined.len() as u64);
        for ruling in Ruling::ALL {
            let letter = ruling.letter();
            let count: usize = self
                .records
                .iter()
                .map(|record| record.rulings.as_str().matches(letter).count())
                .sum();
            if count > 0 {
                metrics::counter!("allocator_decisions_total", "ruling" => ruling.as_str())
                    .increment(count as u64);
            }
        }
    }
}

pub(crate) fn hash_of(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}
/// A text as Postgres can keep it: what is wrong with a record may quote it, and the record anything.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
