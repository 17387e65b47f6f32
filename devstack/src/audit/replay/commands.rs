//! What an operator's word does to a sale, as a letter.

use super::{Replay, Standing};
use crate::audit::history::Label;
use crate::audit::log::{Action, Command, Terms};
use crate::audit::place::Place;

/// What the terms of a sale may be.
const STOCK_MAX: u32 = 10_000_000;
const UNIT_LIMIT_MAX: u16 = 100;
const NAME_CHARS_MAX: usize = 200;

/// The last millisecond of the year 9999.
const LAST_MS: i64 = 253_402_300_799_999;

impl Replay {
    /// The letter of a command, carried out if it is `a`. An id that was carried out before is a repetition.
    pub(super) fn obey(&mut self, command: &Command) -> char {
        if self.commands.contains(&command.id) {
            return 'r';
        }
        let letter = self.carry_out(&command.action);
        if letter == 'a' {
            self.commands.insert(command.id);
            if let Some(standing) = &mut self.standing {
                standing.version += 1;
            }
        }
        letter
    }

    fn carry_out(&mut self, action: &Action) -> char {
        let (log_time_ms, sold) = (self.log_time_ms, self.sold);
        let Some(standing) = &mut self.standing else {
            return match action {
                Action::Open(terms) => self.open(terms),
                _ => 'u',
            };
        };
        match action {
            Action::Open(_) => 'o',
            Action::Cancel { seq, index } => self.cancel(*seq, *index),
            _ if standing.is_closed => 'c',
            Action::Pause {} => done(&mut standing.is_paused, true),
            Action::Resume {} => done(&mut standing.is_paused, false),
            Action::Close {} => done(&mut standing.is_closed, true),
            Action::Restock { stock, .. } if *stock > STOCK_MAX => 'i',
            Action::Restock { version, .. } if *version != standing.version => 'v',
            Action::Restock { stock, .. } if (*stock as usize) < sold => 'b',
            Action::Restock { stock, .. } => {
                self.has_returns = true;
                done(&mut standing.stock, *stock)
            }
            Action::Change {
                starts_at_ms,
                ends_at_ms,
                unit_limit,
            } => {
                let changed = Standing {
                    starts_at_ms: starts_at_ms.unwrap_or(standing.starts_at_ms),
                    ends_at_ms: ends_at_ms.unwrap_or(standing.ends_at_ms),
                    unit_limit: unit_limit.unwrap_or(standing.unit_limit),
                    ..*standing
                };
                match standing.refusal_of(&changed, log_time_ms) {
                    Some(letter) => letter,
                    None => done(standing, changed),
                }
            }
        }
    }

    fn open(&mut self, terms: &Terms) -> char {
        let opened = Standing {
            stock: terms.stock,
            unit_limit: terms.unit_limit,
            starts_at_ms: terms.starts_at_ms,
            ends_at_ms: terms.ends_at_ms,
            is_paused: false,
            is_closed: false,
            version: 0,
        };
        if !(terms.have_a_name_and_a_price() && opened.can_be()) {
            return 'i';
        }
        self.standing = Some(opened);
        self.label = Label {
            product: terms.product.id,
            name: terms.product.name.clone(),
            amount_minor: terms.price.amount_minor,
            currency: terms.price.currency.clone(),
        };
        'a'
    }

    fn cancel(&mut self, seq: u64, index: u16) -> char {
        let partition = self.partition;
        let place = Place {
            partition,
            seq,
            index,
        };
        let found = self
            .orders
            .binary_search_by_key(&place, |order| order.place);
        let Ok(found) = found else { return 'n' };
        if std::mem::replace(&mut self.orders[found].is_cancelled, true) {
            return 'd';
        }
        self.sold -= 1;
        self.has_returns = true;
        'a'
    }
}

impl Terms {
    fn have_a_name_and_a_price(&self) -> bool {
        let currency = self.price.currency.as_bytes();
        (1..=NAME_CHARS_MAX).contains(&self.product.name.chars().count())
            && currency.len() == 3
            && currency.iter().all(u8::is_ascii_uppercase)
    }
}

impl Standing {
    fn can_be(&self) -> bool {
        self.stock <= STOCK_MAX
            && (1..=UNIT_LIMIT_MAX).contains(&self.unit_limit)
            && 0 <= self.starts_at_ms
            && self.starts_at_ms < self.ends_at_ms
            && self.ends_at_ms <= LAST_MS
    }

    /// A window that is over stays over, a begin that has come stays where it is, a limit only goes up.
    fn refusal_of(&self, changed: &Self, now_ms: i64) -> Option<char> {
        let is_begin_moved = changed.starts_at_ms != self.starts_at_ms;
        let is_late = self.ends_at_ms <= now_ms
            || changed.ends_at_ms <= now_ms
            || is_begin_moved && self.starts_at_ms <= now_ms;
        if is_late {
            Some('w')
        } else if changed.unit_limit < self.unit_limit {
            Some('l')
        } else {
            (!changed.can_be()).then_some('i')
        }
    }
}

fn done<T>(target: &mut T, value: T) -> char {
    *target = value;
    'a'
}
