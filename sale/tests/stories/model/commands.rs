//! What an operator may do to a sale.

use sale::{
    Action, Change, CommandDecision, CommandId, CommandRuling, Control, Effect, Moment, Open,
    Place, SaleId, Seq,
};

use super::{Applied, Model, Standing};

impl Model {
    pub(super) fn command(&mut self, seq: Seq, control: &Control) -> CommandDecision {
        let (sale, command) = (control.sale, control.command);
        let ruling = self.rule_on(control);
        let mut effect = None;
        if ruling == CommandRuling::Applied {
            self.applied.push(Applied { sale, command, seq });
            let sale = self.describe(sale);
            effect = Some(match control.action {
                Action::Open(_) => Effect::Opened(sale),
                Action::Cancel { seq, index } => Effect::Cancelled {
                    sale,
                    order: Place {
                        partition: self.partition,
                        seq,
                        index,
                    },
                },
                _ => Effect::Changed(sale),
            });
        }
        CommandDecision {
            sale,
            command,
            ruling,
            effect,
        }
    }

    fn rule_on(&mut self, control: &Control) -> CommandRuling {
        let (sale, now, sold) = (control.sale, self.log_time, self.sold(control.sale));
        let earlier = self.applied_to(sale).map(|applied| applied.command);
        let earlier: Vec<CommandId> = earlier.collect();
        if earlier.contains(&control.command) {
            return CommandRuling::Repeated;
        }
        let version = u32::try_from(earlier.len()).unwrap();
        let standing = self.sales.iter_mut().find(|known| known.sale == sale);
        match (&control.action, standing) {
            (Action::Open(_), Some(_)) => CommandRuling::AlreadyOpen,
            (Action::Open(terms), None) => self.open(sale, terms),
            (_, None) => CommandRuling::UnknownSale,
            (Action::Cancel { seq, index }, Some(_)) => self.cancel(sale, *seq, *index),
            (_, Some(standing)) if standing.closed => CommandRuling::Closed,
            (Action::Change(change), Some(standing)) => standing.change(now, change),
            (Action::Pause {}, Some(standing)) => applied(&mut standing.paused, true),
            (Action::Resume {}, Some(standing)) => applied(&mut standing.paused, false),
            (Action::Close {}, Some(standing)) => applied(&mut standing.closed, true),
            (Action::Restock { stock, .. }, _) if *stock > 10_000_000 => CommandRuling::Invalid,
            (Action::Restock { version: seen, .. }, _) if *seen != version => {
                CommandRuling::StaleVersion
            }
            (Action::Restock { stock, .. }, _) if *stock < sold => CommandRuling::BelowSold,
            (Action::Restock { stock, .. }, Some(standing)) => {
                applied(&mut standing.terms.stock, *stock)
            }
        }
    }

    fn open(&mut self, sale: SaleId, terms: &Open) -> CommandRuling {
        let name_chars = terms.product.name.chars().count();
        let currency = terms.price.currency.as_bytes();
        let possible = terms.stock <= 10_000_000
            && (1..=100).contains(&terms.unit_limit)
            && terms.starts_at_ms < terms.ends_at_ms
            && (1..=200).contains(&name_chars)
            && matches!(currency, [b'A'..=b'Z', b'A'..=b'Z', b'A'..=b'Z']);
        if !possible {
            return CommandRuling::Invalid;
        }
        self.sales.push(Standing {
            sale,
            terms: terms.clone(),
            paused: false,
            closed: false,
        });
        CommandRuling::Applied
    }

    fn cancel(&mut self, sale: SaleId, seq: Seq, index: u16) -> CommandRuling {
        let wanted = (sale, seq, index);
        let mut orders = self.orders.iter_mut();
        match orders.find(|order| (order.sale, order.place.seq, order.place.index) == wanted) {
            None => CommandRuling::UnknownOrder,
            Some(order) if order.cancelled => CommandRuling::AlreadyCancelled,
            Some(order) => applied(&mut order.cancelled, true),
        }
    }
}

impl Standing {
    fn change(&mut self, now: Moment, change: &Change) -> CommandRuling {
        let mut terms = self.terms.clone();
        terms.starts_at_ms = change.starts_at_ms.unwrap_or(terms.starts_at_ms);
        terms.ends_at_ms = change.ends_at_ms.unwrap_or(terms.ends_at_ms);
        terms.unit_limit = change.unit_limit.unwrap_or(terms.unit_limit);
        let start_moves = terms.starts_at_ms != self.terms.starts_at_ms;
        let refusals = [
            (self.terms.ends_at_ms <= now, CommandRuling::WindowPassed),
            (terms.ends_at_ms <= now, CommandRuling::WindowPassed),
            (
                start_moves && self.terms.starts_at_ms <= now,
                CommandRuling::WindowPassed,
            ),
            (
                terms.unit_limit < self.terms.unit_limit,
                CommandRuling::LimitLowered,
            ),
            (
                terms.starts_at_ms >= terms.ends_at_ms,
                CommandRuling::Invalid,
            ),
            (terms.unit_limit > 100, CommandRuling::Invalid),
        ];
        match refusals.into_iter().find(|(applies, _)| *applies) {
            Some((_, refusal)) => refusal,
            None => applied(&mut self.terms, terms),
        }
    }
}

fn applied<T>(target: &mut T, value: T) -> CommandRuling {
    *target = value;
    CommandRuling::Applied
}
