//! The second opinion: what a sale's log comes to, by a plain reading of the rules in
//! `docs/runbooks/prove-a-sale.md`, kept apart from the code that sells.
//!
//! Not looked at: log time moves with every record of a partition, of which this reads one sale's. Were the
//! clock of the log's server put back while another sale of the partition was on, a ruling at the very edge of a
//! window could be called wrong here. The time of an order is therefore not compared.

mod commands;

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::history::{Label, Record};
use super::log::{Body, Log, LoggedPurchase, LoggedRecord};
use super::place::Place;

/// What a sale's log comes to.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// What each record should have been ruled, in the order of the log.
    pub records: Vec<Record>,
    /// The orders that should be, in the order of the log; cancelled ones too.
    pub orders: Vec<Expected>,
    /// How the sale stands afterwards; nothing if it was never opened.
    pub standing: Option<Standing>,
    /// What it was opened with, and keeps.
    pub label: Label,
    /// Whether a unit came back, or others came, after the opening.
    pub has_returns: bool,
    log_time_ms: i64,
    partition: u16,
    commands: HashSet<Uuid>,
    sold: usize,
    /// Positions in `orders`.
    by_shopper: HashMap<Uuid, Vec<usize>>,
}

/// An order that should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Where it was won.
    pub place: Place,
    /// Whose it is.
    pub shopper: Uuid,
    /// The key it was bought with.
    pub key_hash: u64,
    /// Which of the shopper's units it is, from 0.
    pub nth: u16,
    /// The limit that was in force.
    pub unit_limit: u16,
    /// Taken back.
    pub is_cancelled: bool,
}

/// How a sale stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Units.
    pub stock: u32,
    /// Units per shopper.
    pub unit_limit: u16,
    /// First millisecond of the window.
    pub starts_at_ms: i64,
    /// First millisecond after it.
    pub ends_at_ms: i64,
    /// An operator holds it.
    pub is_paused: bool,
    /// An operator ended it.
    pub is_closed: bool,
    /// Commands that changed it, the opening too.
    pub version: u32,
}

impl Replay {
    /// Reads a log up to a record.
    pub fn of(log: &Log, cursor: u64) -> Self {
        let mut replay = Self {
            partition: log.partition,
            ..Self::default()
        };
        let decided = log.records.iter().take_while(|record| record.seq <= cursor);
        decided.for_each(|record| replay.read(record));
        replay
    }

    fn read(&mut self, record: &LoggedRecord) {
        self.log_time_ms = self.log_time_ms.max(record.at_ms);
        let mut ruled = Record {
            partition: self.partition,
            seq: record.seq,
            ..Record::default()
        };
        match &record.body {
            Body::Malformed(_) => ruled.rulings.push('M'),
            Body::Command(command) => ruled.rulings.push(self.obey(command)),
            Body::Purchases(purchases) => {
                for (index, purchase) in (0..).zip(purchases) {
                    let letter = self.sell(record.seq, index, purchase, &mut ruled.refs);
                    ruled.rulings.push(letter);
                }
            }
        }
        self.records.push(ruled);
    }

    fn sell(&mut self, seq: u64, index: u16, wish: &LoggedPurchase, refs: &mut Vec<u64>) -> char {
        let (mut taken, mut earlier) = (Vec::new(), None);
        for order in self.by_shopper.get(&wish.shopper).into_iter().flatten() {
            let order = self.orders[*order];
            if order.key_hash == wish.key_hash {
                earlier = Some(order.place);
            }
            if !order.is_cancelled {
                taken.push(order.nth);
            }
        }
        // A key that won once stands for that order whatever became of the sale, or of the order.
        if let Some(place) = earlier {
            refs.push(place.packed());
            return 'R';
        }
        let standing = match self.open_to_sell(taken.len()) {
            Ok(standing) => standing,
            Err(letter) => return letter,
        };
        let place = Place {
            partition: self.partition,
            seq,
            index,
        };
        self.order(place, wish, &taken, standing.unit_limit);
        'W'
    }

    /// The first of these that applies is the reason.
    fn open_to_sell(&self, held: usize) -> Result<Standing, char> {
        let standing = self.standing.ok_or('U')?;
        let now = self.log_time_ms;
        let reasons = [
            (standing.is_closed, 'C'),
            (now < standing.starts_at_ms, 'N'),
            (now >= standing.ends_at_ms, 'E'),
            (standing.is_paused, 'P'),
            (held >= usize::from(standing.unit_limit), 'L'),
            (self.sold >= standing.stock as usize, 'S'),
        ];
        let reason = reasons.iter().find(|(applies, _)| *applies);
        reason.map_or(Ok(standing), |(_, letter)| Err(*letter))
    }

    fn order(&mut self, place: Place, wish: &LoggedPurchase, taken: &[u16], unit_limit: u16) {
        let nth = (0..).find(|nth| !taken.contains(nth)).unwrap_or(u16::MAX);
        let held = self.by_shopper.entry(wish.shopper).or_default();
        held.push(self.orders.len());
        self.sold += 1;
        self.orders.push(Expected {
            place,
            shopper: wish.shopper,
            key_hash: wish.key_hash,
            nth,
            unit_limit,
            is_cancelled: false,
        });
    }
}
