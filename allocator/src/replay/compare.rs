//! Lays the rows a log should have left beside the rows Postgres keeps.

use std::collections::BTreeMap;
use std::fmt::Debug;

use feed::SaleRow;
use sale::{Place, Sale, SaleId, Seq, Ticket};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::again::{Again, Decided};
use super::pairs::{Pair, pairs};
use super::report::{Differences, Report};
use super::{BATCH_PURCHASES_MAX, BATCH_RECORDS_MAX};
use crate::store::replay::{self as rows, DecisionRow, OrderRow, PartitionRow, Stretch};

/// Records decided again, in sequence, whose rows were not fetched yet.
#[derive(Default)]
pub(super) struct Batch {
    records: Vec<(Seq, Option<DecisionRow>)>,
    orders: Vec<OrderRow>,
    purchases: u64,
}

impl Batch {
    pub(super) fn add(&mut self, decided: Decided) {
        self.records.push((decided.seq, decided.decision));
        self.orders.extend(decided.orders);
        self.purchases += decided.purchases;
    }

    pub(super) fn is_full(&self) -> bool {
        self.purchases >= BATCH_PURCHASES_MAX as u64 || self.records.len() >= BATCH_RECORDS_MAX
    }

    pub(super) fn len(&self) -> u64 {
        self.records.len() as u64
    }

    fn stretch(&self, of: Stretch) -> Option<Stretch> {
        Some(Stretch {
            first: self.records.first()?.0,
            last: self.records.last()?.0,
            ..of
        })
    }
}

/// Where one partition's rows are compared.
pub(super) struct Bench<'a> {
    snapshot: &'a mut PgConnection,
    whole: Stretch,
    report: &'a mut Report,
    /// Compared last: an order may be cancelled at any time after its own record.
    cancelled: BTreeMap<Place, OffsetDateTime>,
}

impl<'a> Bench<'a> {
    pub(super) const fn new(
        snapshot: &'a mut PgConnection,
        whole: Stretch,
        report: &'a mut Report,
    ) -> Self {
        Self {
            snapshot,
            whole,
            report,
            cancelled: BTreeMap::new(),
        }
    }

    /// Compares the decisions and orders of a batch.
    pub(super) async fn compare(&mut self, batch: Batch, again: &Again) -> sqlx::Result<()> {
        let Some(stretch) = batch.stretch(self.whole) else {
            return Ok(());
        };
        self.report.purchases += batch.purchases;
        let kept = rows::decisions(self.snapshot, stretch).await?;
        self.decisions(batch.records, kept);
        let kept = rows::orders(self.snapshot, stretch).await?;
        self.orders(batch.orders, kept, again);
        Ok(())
    }

    fn decisions(&mut self, replayed: Vec<(Seq, Option<DecisionRow>)>, kept: Vec<DecisionRow>) {
        let seq_of = |(seq, _): &(Seq, _)| seq.get().cast_signed();
        let paired = pairs(replayed, kept, seq_of, |kept| kept.seq);
        for pair in paired {
            match pair {
                Pair::Both((_, None), _) => self.report.unchecked_records += 1,
                Pair::Both((seq, Some(replayed)), kept) => {
                    self.report.records += 1;
                    if kept != replayed {
                        let what = format!("decision {}/{seq}", self.whole.partition);
                        decision(&what, &kept, &replayed, &mut self.report.differences);
                    }
                }
                Pair::Missing((seq, _)) => {
                    self.differs(|partition| format!("decision {partition}/{seq} is missing"));
                }
                Pair::Extra(kept) => self.differs(|partition| {
                    format!("decision {partition}/{} is of no record", kept.seq)
                }),
            }
        }
    }

    fn orders(&mut self, replayed: Vec<OrderRow>, kept: Vec<OrderRow>, again: &Again) {
        let is_unchecked =
            |sale: Uuid| SaleId::try_from(sale).is_ok_and(|sale| again.is_unchecked(sale));
        for pair in pairs(replayed, kept, |row| row.id, |row| row.id) {
            match pair {
                Pair::Both(replayed, mut kept) => {
                    self.report.orders += 1;
                    self.note_cancelled(&mut kept);
                    if kept != replayed {
                        order(&kept, &replayed, &mut self.report.differences);
                    }
                }
                Pair::Missing(replayed) => {
                    self.differs(|_| format!("order {} is missing", named(replayed.id)));
                }
                Pair::Extra(kept) if is_unchecked(kept.sale_id) => {}
                Pair::Extra(kept) => {
                    self.differs(|_| format!("order {} was never won", named(kept.id)));
                }
            }
        }
    }

    fn note_cancelled(&mut self, kept: &mut OrderRow) {
        if let Some(at) = kept.cancelled_at.take() {
            let place = Ticket::from_order_id(kept.id).claimed_place();
            self.cancelled.insert(place, at);
        }
    }

    /// Compares what can only be known at the end of the log.
    pub(super) async fn conclude(
        mut self,
        row: &PartitionRow,
        again: &Again,
    ) -> anyhow::Result<()> {
        self.cancellations(again);
        let replayed = again.sales();
        self.strangers(&replayed).await?;
        let kept = rows::sales(self.snapshot, self.whole.partition).await?;
        self.sales(replayed, kept, again);
        self.position(row, again);
        Ok(())
    }

    fn cancellations(&mut self, again: &Again) {
        let replayed: Vec<_> = again.cancelled().iter().collect();
        let kept: Vec<_> = std::mem::take(&mut self.cancelled).into_iter().collect();
        for pair in pairs(replayed, kept, |(place, _)| **place, |(place, _)| *place) {
            match pair {
                Pair::Both((place, replayed), (_, kept)) if *replayed != kept => {
                    self.differs(|_| {
                        format!("order at {place}: cancelled at {kept}, by the log at {replayed}")
                    })
                }
                Pair::Both(..) => {}
                Pair::Missing((place, at)) => self.differs(|_| {
                    format!("order at {place}: not cancelled, by the log cancelled at {at}")
                }),
                Pair::Extra((place, at)) => self
                    .differs(|_| format!("order at {place}: cancelled at {at}, by the log never")),
            }
        }
    }

    /// Rows that belong to no record that was replayed, so that no batch came across them.
    async fn strangers(&mut self, sales: &[Sale]) -> sqlx::Result<()> {
        let sales: Vec<Uuid> = sales.iter().map(|sale| sale.id.uuid()).collect();
        let differences = &mut self.report.differences;
        rows::orders_outside(self.snapshot, self.whole, &sales, |id, sale| {
            differences.tell(|| format!("order {} of sale {sale} was never won", named(id)));
        })
        .await?;
        let Stretch {
            partition, last, ..
        } = self.whole;
        let after = rows::decisions_after(self.snapshot, partition, last).await?;
        if after > 0 {
            self.differs(|partition| {
                format!("{after} decisions of partition {partition} are behind its cursor {last}")
            });
        }
        Ok(())
    }

    fn sales(&mut self, replayed: Vec<Sale>, kept: Vec<SaleRow>, again: &Again) {
        for pair in pairs(replayed, kept, |sale| sale.id.uuid(), |row| row.id) {
            match pair {
                Pair::Both(replayed, kept) => {
                    self.report.sales += 1;
                    sale(&replayed, kept, &mut self.report.differences);
                }
                Pair::Missing(replayed) => {
                    self.differs(|_| format!("sale {} is missing", replayed.id));
                }
                Pair::Extra(kept) => {
                    let id = SaleId::try_from(kept.id);
                    if !id.is_ok_and(|id| again.is_unchecked(id)) {
                        self.differs(|_| format!("sale {} was never opened", kept.id));
                    }
                }
            }
        }
    }

    fn position(&mut self, row: &PartitionRow, again: &Again) {
        let Some(hash) = again.record_hash() else {
            return;
        };
        if row.last_record_hash.as_deref() != Some(hash.as_slice()) {
            let cursor = row.cursor;
            self.differs(|partition| {
                format!("record {partition}/{cursor}: not the one that was decided, by its hash")
            });
        }
        if row.log_time != again.log_time() {
            let (kept, replayed) = (row.log_time.unix_ms(), again.log_time().unix_ms());
            self.differs(|partition| {
                format!("partition {partition}: log time {kept} ms, by the log {replayed} ms")
            });
        }
    }

    fn differs(&mut self, difference: impl FnOnce(sale::Partition) -> String) {
        let partition = self.whole.partition;
        self.report.differences.tell(|| difference(partition));
    }
}

fn decision(what: &str, kept: &DecisionRow, replayed: &DecisionRow, told: &mut Differences) {
    field(what, "sale", &kept.sale_id, &replayed.sale_id, told);
    field(what, "rulings", &kept.rulings, &replayed.rulings, told);
    field(what, "refs", &kept.refs, &replayed.refs, told);
}

fn order(kept: &OrderRow, replayed: &OrderRow, told: &mut Differences) {
    let what = format!("order {}", named(kept.id));
    field(&what, "sale", &kept.sale_id, &replayed.sale_id, told);
    field(
        &what,
        "shopper",
        &kept.shopper_id,
        &replayed.shopper_id,
        told,
    );
    field(&what, "nth", &kept.nth, &replayed.nth, told);
    field(
        &what,
        "unit limit",
        &kept.unit_limit,
        &replayed.unit_limit,
        told,
    );
    field(&what, "key hash", &kept.key_hash, &replayed.key_hash, told);
    field(
        &what,
        "ordered at",
        &kept.ordered_at,
        &replayed.ordered_at,
        told,
    );
}

fn sale(replayed: &Sale, kept: SaleRow, told: &mut Differences) {
    let what = format!("sale {}", kept.id);
    let kept = match Sale::try_from(kept) {
        Ok(kept) => kept,
        Err(error) => return told.tell(|| format!("{what}: {error}")),
    };
    field(&what, "product", &kept.product, &replayed.product, told);
    field(&what, "price", &kept.price, &replayed.price, told);
    field(
        &what,
        "unit limit",
        &kept.unit_limit,
        &replayed.unit_limit,
        told,
    );
    field(
        &what,
        "start",
        &kept.starts_at_ms,
        &replayed.starts_at_ms,
        told,
    );
    field(&what, "end", &kept.ends_at_ms, &replayed.ends_at_ms, told);
    field(&what, "stock", &kept.stock, &replayed.stock, told);
    field(&what, "sold", &kept.sold, &replayed.sold, told);
    field(&what, "paused", &kept.paused, &replayed.paused, told);
    field(&what, "closed", &kept.closed, &replayed.closed, told);
    field(&what, "version", &kept.version, &replayed.version, told);
    field(&what, "revision", &kept.revision, &replayed.revision, told);
}

fn field<T: PartialEq + Debug>(
    what: &str,
    name: &str,
    kept: &T,
    by_log: &T,
    told: &mut Differences,
) {
    if kept != by_log {
        told.tell(|| format!("{what}: {name} {kept:?}, by the log {by_log:?}"));
    }
}

/// An order's id, and where it claims to stand.
fn named(id: Uuid) -> String {
    format!("{id} at {}", Ticket::from_order_id(id).claimed_place())
}
