//! Turns what waits in the log into the next commit: decides record after record until the group
//! is full, a command comes, or a record stops the partition. No IO.

use std::collections::{BTreeSet, VecDeque};

use async_nats::jetstream::message::Message;
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
const GROUP_PURCHASES_MAX: u64 = 8_192;

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
    pub(crate) body: bytes::Bytes,
    pub(crate) error: String,
}

/// A record this process must not decide; another build or another configuration can.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record {seq}: {why}")]
pub(crate) struct Stop {
    pub(crate) seq: Seq,
    pub(crate) why: String,
}

/// What deciding needs besides the records.
pub(crate) struct Decider<'a> {
    pub(crate) partition: Partition,
    pub(crate) generation: Generation,
    pub(crate) keys: &'a TicketKeys,
    pub(crate) allocation: &'a mut Allocation,
}

impl Decider<'_> {
    /// Decides the next group and takes its entries off the queue; `None` when nothing waits.
    pub(crate) fn next_group(
        &mut self,
        cursor: Seq,
        waiting: &mut VecDeque<Entry>,
    ) -> Result<Option<Group>, Stop> {
        let mut group = PurchaseGroup::after(cursor);
        while let Some(entry) = waiting.front() {
            if group.is_full() {
                break;
            }
            match self.read(entry) {
                Ok(Record::Control(control)) if group.is_empty() => {
                    let command = self.command(cursor, entry, control);
                    waiting.pop_front();
                    return Ok(Some(command));
                }
                // A command is a commit of its own, so that no statement touches a sale twice.
                Ok(Record::Control(_)) => break,
                Ok(Record::Purchases(purchases)) => self.purchases(&mut group, entry, purchases)?,
                Err(Unreadable::Malformed(error)) => self.malformed(&mut group, entry, error),
                Err(error @ Unreadable::NewerVersion(_)) if group.is_empty() => {
                    return Err(Stop {
                        seq: entry.at.seq,
                        why: error.to_string(),
                    });
                }
                Err(Unreadable::NewerVersion(_)) => break,
            }
            if group.step.to == entry.at.seq {
                group.step.record_hash = hash_of(&entry.message.payload);
                waiting.pop_front();
            } else {
                break;
            }
        }
        Ok((!group.is_empty()).then(|| Group::Purchases(self.finish(group))))
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

    fn command(&mut self, cursor: Seq, entry: &Entry, control: Control) -> Group {
        let record = Record::Control(control);
        let decision = self.allocation.decide(entry.at, &record);
        let (Outcome::Command(outcome), Record::Control(control)) = (decision.outcome, record)
        else {
            unreachable!("a command is decided as a command");
        };
        let step = Step {
            from: cursor,
            to: decision.seq,
            log_time: decision.log_time,
            record_hash: hash_of(&entry.message.payload),
            purchases: 0,
        };
        Group::Command(Box::new(CommandGroup {
            step,
            control,
            decision: outcome,
        }))
    }

    /// Leaves the group as it was when it has to end before this record.
    fn purchases(
        &mut self,
        group: &mut PurchaseGroup,
        entry: &Entry,
        purchases: Purchases,
    ) -> Result<(), Stop> {
        let Some(key) = self.keys.named(purchases.seal) else {
            if group.is_empty() {
                let why = format!(
                    "its tickets are sealed with key {}, which this allocator was not given",
                    purchases.seal
                );
                return Err(Stop {
                    seq: entry.at.seq,
                    why,
                });
            }
            return Ok(());
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
            group.orders.push(Order {
                id,
                sale: outcome.sale,
                won: *won,
                log_time,
            });
        }
        group.add(seq, log_time, outcome);
        Ok(())
    }

    fn malformed(&mut self, group: &mut PurchaseGroup, entry: &Entry, error: String) {
        let decision = self.allocation.decide_malformed(entry.at);
        let subject = entry.message.subject.to_string();
        let sale = subject.parse().ok().map(|subject: LogSubject| subject.sale);
        group.step.to = decision.seq;
        group.step.log_time = decision.log_time;
        group.step.purchases += 1;
        let rulings = Rulings::malformed();
        group.records.push(DecidedRecord {
            seq: decision.seq,
            sale,
            rulings,
            refs: Vec::new(),
        });
        let body = entry.message.payload.clone();
        group.quarantined.push(Quarantined {
            seq: decision.seq,
            subject,
            body,
            error,
        });
    }

    fn finish(&self, mut group: PurchaseGroup) -> PurchaseGroup {
        let touched: BTreeSet<SaleId> = group.orders.iter().map(|order| order.sale).collect();
        group.sales = touched
            .into_iter()
            .filter_map(|sale| self.allocation.sale(sale).cloned())
            .collect();
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
        }
    }

    fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    fn is_full(&self) -> bool {
        self.step.purchases >= GROUP_PURCHASES_MAX || self.records.len() >= GROUP_RECORDS_MAX
    }

    fn add(&mut self, seq: Seq, log_time: Moment, outcome: PurchaseDecision) {
        self.step.to = seq;
        self.step.log_time = log_time;
        self.step.purchases += outcome.rulings.len() as u64;
        self.records.push(DecidedRecord {
            seq,
            sale: Some(outcome.sale),
            rulings: outcome.rulings.into_iter().collect(),
            refs: outcome.replayed,
        });
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
