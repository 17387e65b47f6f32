//! The second opinion: the rules of a sale as slowly and plainly as they can be written.
//!
//! It shares the crate's types but none of its decisions. Nothing is counted along the way: stock
//! sold, versions and revisions are worked out anew from the list of what happened.

mod commands;

use sale::{
    CommandId, Decision, KeyHash, Lost, Moment, Open, Outcome, Partition, Place, Position,
    PurchaseDecision, Purchases, Record, Ruling, Sale, SaleId, Seq, ShopperId, Won,
};

/// Everything that ever happened in one partition.
pub(crate) struct Model {
    partition: Partition,
    log_time: Moment,
    sales: Vec<Standing>,
    orders: Vec<Order>,
    applied: Vec<Applied>,
}

/// The terms of a sale and what operators made of it.
struct Standing {
    sale: SaleId,
    terms: Open,
    paused: bool,
    closed: bool,
}

struct Order {
    sale: SaleId,
    shopper: ShopperId,
    key: KeyHash,
    place: Place,
    nth: u16,
    cancelled: bool,
}

struct Applied {
    sale: SaleId,
    command: CommandId,
    seq: Seq,
}

impl Model {
    pub(crate) fn new(partition: Partition, log_time: Moment) -> Self {
        Self {
            partition,
            log_time,
            sales: Vec::new(),
            orders: Vec::new(),
            applied: Vec::new(),
        }
    }

    /// Decides one message of the log; `None` is one that nobody can read.
    pub(crate) fn decide(&mut self, at: Position, record: Option<&Record>) -> Decision {
        if at.timestamp > self.log_time {
            self.log_time = at.timestamp;
        }
        Decision {
            seq: at.seq,
            log_time: self.log_time,
            outcome: match record {
                None => Outcome::Malformed,
                Some(Record::Purchases(group)) => Outcome::Purchases(self.purchases(at.seq, group)),
                Some(Record::Control(control)) => Outcome::Command(self.command(at.seq, control)),
            },
        }
    }

    fn purchases(&mut self, seq: Seq, group: &Purchases) -> PurchaseDecision {
        let (mut rulings, mut won, mut replayed) = (Vec::new(), Vec::new(), Vec::new());
        for (index, purchase) in group.purchases.iter().enumerate() {
            let (shopper, key) = (purchase.shopper, purchase.key);
            let same = |order: &&Order| (order.shopper, order.key) == (shopper, key);
            if let Some(order) = self.orders_of(group.sale).find(same) {
                rulings.push(Ruling::Replay);
                replayed.push(order.place);
            } else if let Some(why) = self.refusal(group.sale, shopper) {
                rulings.push(Ruling::Lost(why));
            } else {
                let index = u16::try_from(index).unwrap();
                let order = self.order(group.sale, shopper, key, seq, index);
                rulings.push(Ruling::Won);
                won.push(order);
            }
        }
        PurchaseDecision {
            sale: group.sale,
            seal: group.seal,
            rulings,
            won,
            replayed,
        }
    }

    /// The first of these reasons that applies; their order is part of the log's meaning.
    fn refusal(&self, sale: SaleId, shopper: ShopperId) -> Option<Lost> {
        let Some(standing) = self.standing(sale) else {
            return Some(Lost::UnknownSale);
        };
        let now = self.log_time;
        let held = self.held_by(sale, shopper).count();
        let terms = &standing.terms;
        let reasons = [
            (standing.closed, Lost::Closed),
            (now < terms.starts_at_ms, Lost::NotStarted),
            (now >= terms.ends_at_ms, Lost::Ended),
            (standing.paused, Lost::Paused),
            (held >= usize::from(terms.unit_limit), Lost::LimitReached),
            (self.sold(sale) >= terms.stock, Lost::SoldOut),
        ];
        reasons
            .into_iter()
            .find_map(|(applies, why)| applies.then_some(why))
    }

    fn order(
        &mut self,
        sale: SaleId,
        shopper: ShopperId,
        key: KeyHash,
        seq: Seq,
        index: u16,
    ) -> Won {
        let taken: Vec<u16> = self.held_by(sale, shopper).map(|order| order.nth).collect();
        let nth = (0..).find(|nth| !taken.contains(nth)).unwrap();
        self.orders.push(Order {
            sale,
            shopper,
            key,
            place: Place {
                partition: self.partition,
                seq,
                index,
            },
            nth,
            cancelled: false,
        });
        Won {
            index,
            shopper,
            key,
            nth,
            unit_limit: self.standing(sale).unwrap().terms.unit_limit,
        }
    }

    /// The whole sale, from its terms and its history.
    fn describe(&self, sale: SaleId) -> Sale {
        let standing = self.standing(sale).unwrap();
        let orders = self.orders_of(sale).map(|order| order.place.seq);
        let commands = self.applied_to(sale).map(|applied| applied.seq);
        let terms = standing.terms.clone();
        Sale {
            id: sale,
            product: terms.product,
            price: terms.price,
            unit_limit: terms.unit_limit,
            starts_at_ms: terms.starts_at_ms,
            ends_at_ms: terms.ends_at_ms,
            stock: terms.stock,
            sold: self.sold(sale),
            paused: standing.paused,
            closed: standing.closed,
            version: u32::try_from(self.applied_to(sale).count()).unwrap(),
            revision: orders.chain(commands).max().unwrap(),
        }
    }

    pub(crate) fn sale(&self, sale: SaleId) -> Option<Sale> {
        self.standing(sale).map(|_| self.describe(sale))
    }

    fn standing(&self, sale: SaleId) -> Option<&Standing> {
        self.sales.iter().find(|standing| standing.sale == sale)
    }

    fn orders_of(&self, sale: SaleId) -> impl Iterator<Item = &Order> {
        self.orders.iter().filter(move |order| order.sale == sale)
    }

    fn held_by(&self, sale: SaleId, shopper: ShopperId) -> impl Iterator<Item = &Order> {
        let orders = self.orders_of(sale);
        orders.filter(move |order| order.shopper == shopper && !order.cancelled)
    }

    fn sold(&self, sale: SaleId) -> u32 {
        let held = self.orders_of(sale).filter(|order| !order.cancelled);
        u32::try_from(held.count()).unwrap()
    }

    fn applied_to(&self, sale: SaleId) -> impl Iterator<Item = &Applied> {
        self.applied
            .iter()
            .filter(move |applied| applied.sale == sale)
    }
}
