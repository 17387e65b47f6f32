//! Who wins: the allocation state machine of one partition.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use thiserror::Error;

use crate::id::{CommandId, KeyHash, Partition, SaleId, Seq, ShopperId};
use crate::moment::Moment;
use crate::place::Place;
use crate::record::{Action, Change, Control, Open, Purchase, Purchases, Record};
use crate::ruling::{CommandRuling, Lost, Ruling};
use crate::sale::{Sale, check_stock, check_unit_limit, check_window};
use crate::ticket::KeyId;
use crate::wins::{Win, Wins};

/// Everything needed to decide the next record of one partition.
///
/// A function of the log alone: the same records give the same decisions, whatever they were
/// grouped into and however often memory was dropped and loaded again in between.
#[derive(Debug)]
pub struct Allocation {
    partition: Partition,
    log_time: Moment,
    sales: HashMap<SaleId, Ledger>,
}

/// Where and when the log holds a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Its sequence number.
    pub seq: Seq,
    /// The timestamp the log gave it.
    pub timestamp: Moment,
}

/// What was decided for one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The record's sequence number.
    pub seq: Seq,
    /// Log time when it was decided.
    pub log_time: Moment,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Rulings for a group of purchases.
    Purchases(PurchaseDecision),
    /// The ruling for a command.
    Command(CommandDecision),
    /// One ruling for whatever the record held.
    Malformed,
}

/// Rulings for a group of purchases, in the order of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurchaseDecision {
    /// The sale.
    pub sale: SaleId,
    /// The key their tickets, and so the orders' ids, are sealed with.
    pub seal: KeyId,
    /// One per purchase.
    pub rulings: Vec<Ruling>,
    /// The orders, in order of their index.
    pub won: Vec<Won>,
    /// The places of the earlier orders that replays refer to, in order of the replays.
    pub replayed: Vec<Place>,
}

/// A purchase that became an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Won {
    /// Its index in the record.
    pub index: u16,
    /// Whose it is.
    pub shopper: ShopperId,
    /// The key it was bought with.
    pub key: KeyHash,
    /// Which of the shopper's units it is, from 0; below `unit_limit`.
    pub nth: u16,
    /// The limit that was in force.
    pub unit_limit: u16,
}

/// The ruling for a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandDecision {
    /// The sale.
    pub sale: SaleId,
    /// The command's id.
    pub command: CommandId,
    /// What was decided.
    pub ruling: CommandRuling,
    /// What changed; `None` unless the ruling is [`CommandRuling::Applied`].
    pub effect: Option<Effect>,
}

/// What a command changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A new sale.
    Opened(Sale),
    /// A sale with new terms, stock or standing.
    Changed(Sale),
    /// An order taken back, and the sale with its unit returned.
    Cancelled {
        /// The sale afterwards.
        sale: Sale,
        /// Where the order stands in the log.
        order: Place,
    },
}

/// State that contradicts itself when it is loaded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AllocationError {
    /// A sale of another partition.
    #[error("sale {0} belongs to another partition")]
    ForeignSale(SaleId),
    /// An order whose sale was not loaded before it.
    #[error("an order refers to sale {0}, which does not exist")]
    UnknownSale(SaleId),
    /// A sale whose `sold` is not the number of its orders.
    #[error("sale {0} counts other units as sold than it has orders")]
    SoldDiffers(SaleId),
}

impl Allocation {
    /// An empty partition at `log_time`.
    pub fn new(partition: Partition, log_time: Moment) -> Self {
        Self {
            partition,
            log_time,
            sales: HashMap::new(),
        }
    }

    /// Adds a sale from storage, with the commands that were applied to it (a refused id stays free).
    pub fn load_sale(
        &mut self,
        sale: Sale,
        commands: impl IntoIterator<Item = CommandId>,
    ) -> Result<(), AllocationError> {
        if sale.id.partition() != self.partition {
            return Err(AllocationError::ForeignSale(sale.id));
        }
        let mut ledger = Ledger::new(sale);
        // A map that grows to a million leaves as much again behind.
        ledger.wins.reserve(ledger.sale.sold as usize);
        ledger.commands.extend(commands);
        self.sales.insert(ledger.sale.id, ledger);
        Ok(())
    }

    /// Adds an order from storage. The sale's `sold` already counts it.
    pub fn load_win(
        &mut self,
        sale: SaleId,
        shopper: ShopperId,
        win: Win,
    ) -> Result<(), AllocationError> {
        let ledger = self
            .sales
            .get_mut(&sale)
            .ok_or(AllocationError::UnknownSale(sale))?;
        ledger.remember(shopper, win);
        Ok(())
    }

    /// Whether what was loaded adds up. To be asked once, after the last order.
    pub fn check_loaded(&self) -> Result<(), AllocationError> {
        let odd = self
            .sales
            .values()
            .find(|ledger| ledger.sale.sold != ledger.live_orders());
        odd.map_or(Ok(()), |ledger| {
            Err(AllocationError::SoldDiffers(ledger.sale.id))
        })
    }

    /// The partition it decides.
    pub const fn partition(&self) -> Partition {
        self.partition
    }

    /// Log time after the last decided record.
    pub const fn log_time(&self) -> Moment {
        self.log_time
    }

    /// The sale as it stands after the last decided record.
    pub fn sale(&self, id: SaleId) -> Option<&Sale> {
        self.sales.get(&id).map(|ledger| &ledger.sale)
    }

    /// Decides the next record. Total: a refusal is a decision, not an error.
    pub fn decide(&mut self, at: Position, record: &Record) -> Decision {
        let log_time = self.advance(at);
        let outcome = match record {
            Record::Purchases(group) => Outcome::Purchases(self.decide_purchases(at.seq, group)),
            Record::Control(control) => Outcome::Command(self.decide_command(at.seq, control)),
        };
        Decision {
            seq: at.seq,
            log_time,
            outcome,
        }
    }

    /// Decides a record nobody could read.
    pub fn decide_malformed(&mut self, at: Position) -> Decision {
        Decision {
            seq: at.seq,
            log_time: self.advance(at),
            outcome: Outcome::Malformed,
        }
    }

    fn advance(&mut self, at: Position) -> Moment {
        self.log_time = self.log_time.max(at.timestamp);
        self.log_time
    }

    fn decide_purchases(&mut self, seq: Seq, group: &Purchases) -> PurchaseDecision {
        let mut decision = PurchaseDecision {
            sale: group.sale,
            seal: group.seal,
            rulings: Vec::with_capacity(group.purchases.len()),
            won: Vec::new(),
            replayed: Vec::new(),
        };
        let Some(ledger) = self.sales.get_mut(&group.sale) else {
            decision
                .rulings
                .resize(group.purchases.len(), Ruling::Lost(Lost::UnknownSale));
            return decision;
        };
        for (index, purchase) in (0_u16..).zip(&group.purchases) {
            let ruling = match ledger.rule(self.log_time, seq, index, purchase) {
                Verdict::Won(won) => {
                    decision.won.push(won);
                    Ruling::Won
                }
                Verdict::Replay(win) => {
                    let (seq, index) = (win.seq, win.index);
                    decision.replayed.push(Place {
                        partition: self.partition,
                        seq,
                        index,
                    });
                    Ruling::Replay
                }
                Verdict::Lost(why) => Ruling::Lost(why),
            };
            decision.rulings.push(ruling);
        }
        decision
    }

    fn decide_command(&mut self, seq: Seq, control: &Control) -> CommandDecision {
        let applied = match (&control.action, self.sales.get_mut(&control.sale)) {
            (_, Some(ledger)) if ledger.commands.contains(&control.command) => {
                Err(CommandRuling::Repeated)
            }
            (Action::Open(_), Some(_)) => Err(CommandRuling::AlreadyOpen),
            (Action::Open(open), None) => self.open(seq, control, open),
            (_, None) => Err(CommandRuling::UnknownSale),
            (action, Some(ledger)) => ledger.apply(self.log_time, self.partition, action),
        };
        let (ruling, effect) = match applied {
            Ok(effect) => (CommandRuling::Applied, Some(effect)),
            Err(ruling) => (ruling, None),
        };
        let effect = effect.map(|effect| self.sign(seq, control.command, effect));
        CommandDecision {
            sale: control.sale,
            command: control.command,
            ruling,
            effect,
        }
    }

    fn open(&mut self, seq: Seq, control: &Control, open: &Open) -> Result<Effect, CommandRuling> {
        open.check().map_err(|_| CommandRuling::Invalid)?;
        let sale = Sale {
            id: control.sale,
            product: open.product.clone(),
            price: open.price.clone(),
            unit_limit: open.unit_limit,
            starts_at_ms: open.starts_at_ms,
            ends_at_ms: open.ends_at_ms,
            stock: open.stock,
            sold: 0,
            paused: false,
            closed: false,
            version: 0,
            revision: seq,
        };
        self.sales.insert(sale.id, Ledger::new(sale.clone()));
        Ok(Effect::Opened(sale))
    }

    /// Marks the changed sale with the command that changed it, in memory and in the effect alike.
    fn sign(&mut self, seq: Seq, command: CommandId, effect: Effect) -> Effect {
        let (Effect::Opened(sale) | Effect::Changed(sale) | Effect::Cancelled { sale, .. }) =
            &effect;
        let Some(ledger) = self.sales.get_mut(&sale.id) else {
            return effect;
        };
        ledger.commands.insert(command);
        ledger.sale.version += 1;
        ledger.sale.revision = seq;
        let sale = ledger.sale.clone();
        match effect {
            Effect::Opened(_) => Effect::Opened(sale),
            Effect::Changed(_) => Effect::Changed(sale),
            Effect::Cancelled { order, .. } => Effect::Cancelled { sale, order },
        }
    }
}

/// One sale and who holds what of it.
#[derive(Debug)]
struct Ledger {
    sale: Sale,
    wins: HashMap<ShopperId, Wins>,
    commands: HashSet<CommandId>,
}

enum Verdict {
    Won(Won),
    Replay(Win),
    Lost(Lost),
}

impl Ledger {
    fn new(sale: Sale) -> Self {
        Self {
            sale,
            wins: HashMap::new(),
            commands: HashSet::new(),
        }
    }

    fn live_orders(&self) -> u32 {
        let orders = self.wins.values().flat_map(Wins::iter);
        orders.map(|win| u32::from(!win.cancelled)).sum()
    }

    fn rule(&mut self, now: Moment, seq: Seq, index: u16, purchase: &Purchase) -> Verdict {
        let wins = self.wins.get(&purchase.shopper);
        if let Some(win) = wins.and_then(|wins| wins.with_key(purchase.key)) {
            return Verdict::Replay(win);
        }
        let nth = match self.admit(now, wins) {
            Ok(nth) => nth,
            Err(why) => return Verdict::Lost(why),
        };
        self.sale.sold += 1;
        self.sale.revision = seq;
        let win = Win {
            key: purchase.key,
            seq,
            index,
            nth,
            cancelled: false,
        };
        self.remember(purchase.shopper, win);
        let Purchase { shopper, key, .. } = *purchase;
        Verdict::Won(Won {
            index,
            shopper,
            key,
            nth,
            unit_limit: self.sale.unit_limit,
        })
    }

    /// The lowest free `nth` of the shopper, or the reason there is none. The order of the checks
    /// is part of the log's meaning: it must never change without a new record version.
    fn admit(&self, now: Moment, wins: Option<&Wins>) -> Result<u16, Lost> {
        if self.sale.closed {
            return Err(Lost::Closed);
        }
        if now < self.sale.starts_at_ms {
            return Err(Lost::NotStarted);
        }
        if now >= self.sale.ends_at_ms {
            return Err(Lost::Ended);
        }
        if self.sale.paused {
            return Err(Lost::Paused);
        }
        let nth = wins.map_or(0, Wins::lowest_free);
        if nth >= self.sale.unit_limit {
            return Err(Lost::LimitReached);
        }
        if self.sale.remaining() == 0 {
            return Err(Lost::SoldOut);
        }
        Ok(nth)
    }

    fn remember(&mut self, shopper: ShopperId, win: Win) {
        match self.wins.entry(shopper) {
            Entry::Vacant(entry) => {
                entry.insert(Wins::first(win));
            }
            Entry::Occupied(mut entry) => entry.get_mut().add(win),
        }
    }

    fn apply(
        &mut self,
        now: Moment,
        partition: Partition,
        action: &Action,
    ) -> Result<Effect, CommandRuling> {
        if let Action::Cancel { seq, index } = *action {
            return self.cancel(Place {
                partition,
                seq,
                index,
            });
        }
        if self.sale.closed {
            return Err(CommandRuling::Closed);
        }
        match action {
            Action::Open(_) => return Err(CommandRuling::AlreadyOpen),
            Action::Cancel { .. } => return Err(CommandRuling::UnknownOrder),
            Action::Change(change) => self.change(now, change)?,
            Action::Pause {} => self.sale.paused = true,
            Action::Resume {} => self.sale.paused = false,
            Action::Close {} => self.sale.closed = true,
            Action::Restock { stock, version } => self.restock(*stock, *version)?,
        }
        Ok(Effect::Changed(self.sale.clone()))
    }

    fn change(&mut self, now: Moment, change: &Change) -> Result<(), CommandRuling> {
        let sale = &mut self.sale;
        let starts_at = change.starts_at_ms.unwrap_or(sale.starts_at_ms);
        let ends_at = change.ends_at_ms.unwrap_or(sale.ends_at_ms);
        let unit_limit = change.unit_limit.unwrap_or(sale.unit_limit);
        if now >= sale.ends_at_ms || ends_at <= now {
            return Err(CommandRuling::WindowPassed);
        }
        if starts_at != sale.starts_at_ms && now >= sale.starts_at_ms {
            return Err(CommandRuling::WindowPassed);
        }
        if unit_limit < sale.unit_limit {
            return Err(CommandRuling::LimitLowered);
        }
        check_window(starts_at, ends_at).map_err(|_| CommandRuling::Invalid)?;
        check_unit_limit(unit_limit).map_err(|_| CommandRuling::Invalid)?;
        (sale.starts_at_ms, sale.ends_at_ms, sale.unit_limit) = (starts_at, ends_at, unit_limit);
        Ok(())
    }

    fn restock(&mut self, stock: u32, version: u32) -> Result<(), CommandRuling> {
        check_stock(stock).map_err(|_| CommandRuling::Invalid)?;
        if version != self.sale.version {
            return Err(CommandRuling::StaleVersion);
        }
        if stock < self.sale.sold {
            return Err(CommandRuling::BelowSold);
        }
        self.sale.stock = stock;
        Ok(())
    }

    /// Looks through all winners: cancelling is rare, and an index by place would double the
    /// memory of every winner.
    fn cancel(&mut self, order: Place) -> Result<Effect, CommandRuling> {
        let win = self
            .wins
            .values_mut()
            .find_map(|wins| wins.find_mut(order))
            .ok_or(CommandRuling::UnknownOrder)?;
        if win.is_cancelled() {
            return Err(CommandRuling::AlreadyCancelled);
        }
        win.cancel();
        self.sale.sold -= 1;
        Ok(Effect::Cancelled {
            sale: self.sale.clone(),
            order,
        })
    }
}
