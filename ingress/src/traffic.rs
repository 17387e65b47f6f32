//! What this door counts of each sale's purchases, and what the others tell of theirs: for
//! operators to look at. Nothing is decided by it, and a figure is a hint: a door that restarts
//! begins anew, and one that is killed takes what it counted with it.
//!
//! | file | what it does |
//! |---|---|
//! | `counted.rs` | what this door counts, by the purchase |
//! | `figures.rs` | what was counted of a sale, as doors tell it |
//! | `turns.rs` | which sales are told this second |
//! | `doors.rs` | what the other doors told |
//! | `exchange.rs` | tells and listens |

mod counted;
mod doors;
pub(crate) mod exchange;
mod figures;
mod turns;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use feed::VerdictTimes;
use sale::SaleId;
use uuid::Uuid;

use counted::Counted;
use doors::Doors;

pub(crate) use figures::{Figures, Percentiles};

/// The counts of this door, and what it heard of the others. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Traffic {
    shared: Arc<Shared>,
}

struct Shared {
    /// Our name among the doors, for as long as this process runs.
    door: Uuid,
    own: Counted,
    others: Mutex<Doors>,
}

/// A sale's figures at all doors.
pub(crate) struct AllDoors {
    /// Whose figures are in, this one included.
    pub(crate) doors: usize,
    pub(crate) figures: Figures,
}

impl Traffic {
    pub(crate) fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                door: Uuid::new_v4(),
                own: Counted::new(Instant::now()),
                others: Mutex::default(),
            }),
        }
    }

    /// A record of purchases is in the log; where to tell how long its verdict takes.
    pub(crate) fn logged(&self, sale: SaleId, purchases: u32) -> Option<Arc<VerdictTimes>> {
        self.shared.own.logged(sale, purchases)
    }

    /// A purchase of a sale was refused, with the last word of its problem's type. The sale must be
    /// one that there is: strangers choose what they ask for.
    pub(crate) fn refused(&self, sale: SaleId, word: &str) {
        self.shared.own.refused(sale, word);
    }

    /// What all doors counted of a sale.
    pub(crate) fn of(&self, sale: SaleId, now: Instant) -> AllDoors {
        let mut figures = self.shared.own.figures(sale, now);
        let others = self.others();
        for theirs in others.of(sale, now) {
            figures.add(theirs);
        }
        AllDoors {
            doors: 1 + others.present(now),
            figures,
        }
    }

    fn others(&self) -> MutexGuard<'_, Doors> {
        let others = &self.shared.others;
        others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
