//! A pretended database: keeps what a commit would store, forbids what its constraints would, and
//! gives the state back.

use std::collections::{BTreeMap, HashSet};

use sale::{
    Allocation, CommandDecision, CommandId, CommandRuling, Decision, Effect, Moment, Outcome,
    Partition, Place, PurchaseDecision, Sale, SaleId, Seq, ShopperId, Win,
};

/// The tables.
pub(crate) struct Storage {
    partition: Partition,
    log_time: Moment,
    sales: BTreeMap<SaleId, Sale>,
    applied: Vec<(SaleId, CommandId)>,
    orders: Vec<StoredOrder>,
}

#[derive(Clone, Copy)]
struct StoredOrder {
    sale: SaleId,
    shopper: ShopperId,
    unit_limit: u16,
    win: Win,
}

impl Storage {
    pub(crate) fn new(partition: Partition, log_time: Moment) -> Self {
        Self {
            partition,
            log_time,
            sales: BTreeMap::new(),
            applied: Vec::new(),
            orders: Vec::new(),
        }
    }

    /// Stores one decision, from the decision alone.
    pub(crate) fn commit(&mut self, decision: &Decision) {
        self.log_time = decision.log_time;
        match &decision.outcome {
            Outcome::Malformed => {}
            Outcome::Purchases(group) => self.insert_orders(decision.seq, group),
            Outcome::Command(command) => self.apply(command),
        }
    }

    fn insert_orders(&mut self, seq: Seq, group: &PurchaseDecision) {
        if group.won.is_empty() {
            return;
        }
        let sale = self.sales.get_mut(&group.sale).unwrap();
        sale.sold += u32::try_from(group.won.len()).unwrap();
        sale.revision = seq;
        self.orders.extend(group.won.iter().map(|won| StoredOrder {
            sale: group.sale,
            shopper: won.shopper,
            unit_limit: won.unit_limit,
            win: Win {
                key: won.key,
                seq,
                index: won.index,
                nth: won.nth,
                cancelled: false,
            },
        }));
    }

    fn apply(&mut self, command: &CommandDecision) {
        let Some(effect) = &command.effect else {
            assert_ne!(command.ruling, CommandRuling::Applied);
            return;
        };
        assert_eq!(command.ruling, CommandRuling::Applied);
        self.applied.push((command.sale, command.command));
        let (Effect::Opened(sale) | Effect::Changed(sale) | Effect::Cancelled { sale, .. }) =
            effect;
        self.sales.insert(sale.id, sale.clone());
        if let Effect::Cancelled { sale, order } = effect {
            self.cancel(sale.id, *order);
        }
    }

    fn cancel(&mut self, sale: SaleId, place: Place) {
        let expected = |order: &&mut StoredOrder| {
            order.sale == sale
                && (order.win.seq, order.win.index) == (place.seq, place.index)
                && !order.win.cancelled
        };
        self.orders.iter_mut().find(expected).unwrap().win.cancelled = true;
    }

    /// What a new owner would load: rows come back in no particular order, here the reverse.
    pub(crate) fn load(&self) -> Allocation {
        let mut allocation = Allocation::new(self.partition, self.log_time);
        for sale in self.sales.values() {
            let applied = self.applied.iter().filter(|(of, _)| *of == sale.id);
            let commands: Vec<CommandId> = applied.map(|(_, command)| *command).collect();
            allocation.load_sale(sale.clone(), commands).unwrap();
        }
        for order in self.orders.iter().rev() {
            allocation
                .load_win(order.sale, order.shopper, order.win)
                .unwrap();
        }
        allocation
    }

    pub(crate) fn sale(&self, sale: SaleId) -> Option<&Sale> {
        self.sales.get(&sale)
    }

    /// The promises to shoppers, as constraints over the tables.
    pub(crate) fn check(&self) {
        let (mut nths, mut keys) = (HashSet::new(), HashSet::new());
        for order in &self.orders {
            let owner = (order.sale, order.shopper);
            assert!(keys.insert((owner, order.win.key)), "one key, two orders");
            assert!(order.win.nth < order.unit_limit, "above the limit");
            let free = order.win.cancelled || nths.insert((owner, order.win.nth));
            assert!(free, "two orders are one shopper's same unit");
        }
        for sale in self.sales.values() {
            let held = || {
                self.orders
                    .iter()
                    .filter(|order| order.sale == sale.id && !order.win.cancelled)
            };
            assert_eq!(held().count(), sale.sold as usize, "sold is not the orders");
            assert!(sale.sold <= sale.stock, "oversold");
            for order in held() {
                let mine = held().filter(|other| other.shopper == order.shopper);
                assert!(
                    mine.count() <= usize::from(sale.unit_limit),
                    "above the limit"
                );
            }
        }
    }
}
