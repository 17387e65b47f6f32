//! Decides a log a second time, with what its owner decides with.

use std::collections::{BTreeMap, BTreeSet};

use feed::timestamp;
use sale::subject::LogSubject;
use sale::{Allocation, Effect, Moment, Place, Sale, SaleId, Seq, TicketKeys};
use time::OffsetDateTime;

use crate::group::{CommandGroup, Decider, Entry, Group, Order, PurchaseGroup, Stop, hash_of};
use crate::store::replay::{DecisionRow, OrderRow, PartitionRow};

/// The rows a record should have left.
pub(super) struct Decided {
    pub(super) seq: Seq,
    /// `None` for a record of a sale that cannot be checked.
    pub(super) decision: Option<DecisionRow>,
    pub(super) orders: Vec<OrderRow>,
    pub(super) purchases: u64,
}

/// A partition on its way through its log once more.
pub(super) struct Again {
    decider: Decider,
    cursor: Seq,
    record_hash: Option<[u8; 32]>,
    unchecked: BTreeSet<SaleId>,
    opened: BTreeSet<SaleId>,
    cancelled: BTreeMap<Place, OffsetDateTime>,
}

impl Again {
    /// At `log_time`, before the first record of the log that is left.
    pub(super) fn new(
        row: &PartitionRow,
        keys: &TicketKeys,
        log_time: Moment,
        unchecked: &[SaleId],
    ) -> Self {
        Self {
            decider: Decider::new(
                row.generation,
                Seq::ZERO,
                keys.clone(),
                Allocation::new(row.partition, log_time),
            ),
            cursor: Seq::ZERO,
            record_hash: None,
            unchecked: unchecked.iter().copied().collect(),
            opened: BTreeSet::new(),
            cancelled: BTreeMap::new(),
        }
    }

    /// Decides the next record.
    pub(super) fn decide(&mut self, entry: Entry) -> Result<Decided, Stop> {
        let seq = entry.at.seq;
        self.cursor = seq;
        self.record_hash = Some(hash_of(&entry.message.payload));
        if self.is_of_unchecked(&entry) {
            // Log time passes with every record; nothing else about this one can be known.
            self.decider.pass_over(entry.at);
            return Ok(Decided {
                seq,
                decision: None,
                orders: Vec::new(),
                purchases: 0,
            });
        }
        self.decider.waiting.push_back(entry);
        match self.decider.next()? {
            Some(Group::Purchases(group)) => Ok(purchases(seq, group)),
            Some(Group::Command(group)) => Ok(self.command(seq, *group)),
            None => unreachable!("a record that waits is decided"),
        }
    }

    fn command(&mut self, seq: Seq, group: CommandGroup) -> Decided {
        match group.decision.effect {
            Some(Effect::Opened(sale)) => {
                self.opened.insert(sale.id);
            }
            Some(Effect::Cancelled { order, .. }) => {
                self.cancelled.insert(order, timestamp(group.step.log_time));
            }
            Some(Effect::Changed(_)) | None => {}
        }
        let decision = DecisionRow {
            seq: signed(seq),
            sale_id: Some(group.control.sale.uuid()),
            rulings: group.decision.ruling.letter().to_string(),
            refs: None,
        };
        Decided {
            seq,
            decision: Some(decision),
            orders: Vec::new(),
            purchases: 0,
        }
    }

    /// The last record that was decided.
    pub(super) const fn cursor(&self) -> Seq {
        self.cursor
    }

    /// Its hash; `None` before the first.
    pub(super) const fn record_hash(&self) -> Option<[u8; 32]> {
        self.record_hash
    }

    /// Log time after it.
    pub(super) const fn log_time(&self) -> Moment {
        self.decider.allocation().log_time()
    }

    /// Whether nothing can be said of a sale, because its opening is no longer in the log.
    pub(super) fn is_unchecked(&self, sale: SaleId) -> bool {
        self.unchecked.contains(&sale)
    }

    fn is_of_unchecked(&self, entry: &Entry) -> bool {
        let subject: Result<LogSubject, _> = entry.message.subject.parse();
        subject.is_ok_and(|subject| self.is_unchecked(subject.sale))
    }

    /// Every sale that was opened, as it stands now, in order of their ids.
    pub(super) fn sales(&self) -> Vec<Sale> {
        let opened = self.opened.iter();
        opened
            .filter_map(|id| self.decider.allocation().sale(*id).cloned())
            .collect()
    }

    /// Every order that was cancelled, and when.
    pub(super) const fn cancelled(&self) -> &BTreeMap<Place, OffsetDateTime> {
        &self.cancelled
    }
}

fn purchases(seq: Seq, mut group: PurchaseGroup) -> Decided {
    let decision = group.records.pop().map(|record| DecisionRow {
        seq: signed(seq),
        sale_id: record.sale.map(SaleId::uuid),
        rulings: record.rulings.as_str().to_owned(),
        refs: Some(record.refs)
            .filter(|refs| !refs.is_empty())
            .map(|refs| {
                refs.iter()
                    .map(|place| place.pack().cast_signed())
                    .collect()
            }),
    });
    Decided {
        seq,
        decision,
        orders: group.orders.iter().map(order_row).collect(),
        purchases: group.step.purchases,
    }
}

fn order_row(order: &Order) -> OrderRow {
    OrderRow {
        id: order.id.uuid(),
        sale_id: order.sale.uuid(),
        shopper_id: order.won.shopper.uuid(),
        nth: order.won.nth.cast_signed(),
        unit_limit: order.won.unit_limit.cast_signed(),
        key_hash: order.won.key.bits().cast_signed(),
        ordered_at: timestamp(order.log_time),
        cancelled_at: None,
    }
}

fn signed(seq: Seq) -> i64 {
    seq.get().cast_signed()
}
