//! What the idempotency keys of late stand for: the same key at the same door never becomes a
//! second record while the first one stands.
//!
//! A hint, like every memory of a door: another replica, and this one after a restart, does not
//! know the key. Then the log decides, where the key that has won is ruled a replay.

mod shard;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use sale::{KeyHash, Place, SaleId, ShopperId};
use tokio::sync::Semaphore;

use crate::buying::batcher::Unlogged;
use crate::buying::reply::Awaited;
use shard::Shard;

/// Parts that are locked on their own, so that requests seldom meet at one lock.
const SHARDS: usize = 16;

/// Look-ups of unknown keys in Postgres at a time, of the process's few connections: after an outage
/// everybody repeats at once, and whoever finds no room asks the log instead.
const LOOK_UPS_MAX: usize = 2;

/// What an idempotency key belongs to: two shoppers, and two sales, may use the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) sale: SaleId,
    pub(crate) shopper: ShopperId,
    pub(crate) hash: KeyHash,
}

/// What a key stands for. Only purchases of one unit are ever remembered, so that the payload needs
/// no place here: any other one is another request.
#[derive(Clone, Debug)]
pub(crate) enum Known {
    /// A purchase on its way into the log.
    Asked {
        awaited: Awaited,
        /// An earlier one with this key may be in the log: a refusal of this one proves nothing.
        doubtful: bool,
    },
    /// A purchase in the log.
    Logged(Place),
    /// A purchase that may be in the log.
    Unknown,
}

impl Known {
    /// What it stands for by now; nothing once a purchase was refused for certain.
    fn by_now(&self) -> Option<Self> {
        let Self::Asked { awaited, doubtful } = self else {
            return Some(self.clone());
        };
        match awaited.known() {
            None => Some(self.clone()),
            Some(Ok(place)) => Some(Self::Logged(place)),
            Some(Err(why)) => (*doubtful || !why.is_certain()).then_some(Self::Unknown),
        }
    }
}

// One cache line for each remembered key; the limits in `shard.rs` reckon with it.
const _: () = assert!(size_of::<(Key, Known)>() == 64);

/// The keys of late, bounded in number and age.
pub(crate) struct Keys {
    shards: [Mutex<Shard>; SHARDS],
    /// Who may look for an unknown key's order in Postgres.
    pub(crate) look_ups: Semaphore,
}

impl Keys {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self {
            shards: std::array::from_fn(|_| Mutex::new(Shard::new(now))),
            look_ups: Semaphore::new(LOOK_UPS_MAX),
        }
    }

    /// What a key stands for, if it is remembered.
    pub(crate) fn recall(&self, key: &Key) -> Option<Known> {
        self.shard(key).recall(key)
    }

    /// Takes a key for a purchase that is about to be logged, and says whether an earlier one of it
    /// is in doubt. Somebody may have been faster: then what the key stands for instead.
    pub(crate) fn claim(&self, key: Key, awaited: &Awaited, doubtful: bool) -> Result<bool, Known> {
        self.shard(&key).claim(key, awaited, doubtful)
    }

    /// Writes down what became of a purchase, in less memory than its promise takes. A client that
    /// went away cannot call it; the next who asks for the key does its work.
    pub(crate) fn settle(&self, key: &Key) {
        self.shard(key).recall(key);
    }

    /// Takes what became of a key from elsewhere.
    pub(crate) fn learn(&self, key: Key, known: Known) {
        self.shard(&key).learn(key, known);
    }

    /// The purchase at this place has lost: the key may compete again.
    pub(crate) fn forget(&self, key: &Key, lost: Place) {
        self.shard(key).forget(key, lost);
    }

    /// Forgets what is too old; to be called now and then.
    pub(crate) fn tidy(&self, now: Instant) {
        let tidied = self.shards.iter().map(|shard| {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.tidy(now);
            shard.len()
        });
        metrics::gauge!("ingress_remembered_keys").set(tidied.sum::<usize>() as f64);
    }

    /// By shopper, not by key: a shopper's id is ours and random, a key is the client's to choose.
    fn shard(&self, key: &Key) -> MutexGuard<'_, Shard> {
        let number = key.shopper.uuid().as_u128() as usize % SHARDS;
        self.shards[number]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unlogged {
    /// Whether the purchase will certainly never be sold.
    const fn is_certain(self) -> bool {
        use crate::log::publisher::Refusal;
        match self {
            Self::Full | Self::Refused(Refusal::Certain | Refusal::Halted) => true,
            Self::Refused(Refusal::Unknown) => false,
        }
    }
}

#[cfg(test)]
mod tests;
