//! The memory of a limit: when each key will have its whole allowance back.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;

/// Keys that one limit remembers: at most 64 bytes each, so 16 MiB. At the limit newcomers are let
/// through uncounted until [`BoundedStates::retain_recent`] has made room. Refusing them instead
/// would let whoever owns a million addresses shut everybody out, who is not stopped by limits per
/// address anyway; what they do together is bounded by the limit of all purchases and the queue.
pub(super) const KEYS_MAX: usize = 256 * 1024;

/// Locks, so that processors rarely wait for each other. Each is held for one look-up, or while
/// its part is tidied.
const SHARDS: usize = 64;

/// At most `KEYS_MAX` keys, spread over `SHARDS` maps.
#[derive(Debug)]
pub(super) struct BoundedStates<K> {
    shards: [Mutex<HashMap<K, Nanos>>; SHARDS],
    shard_max: usize,
    hasher: RandomState,
}

impl<K> BoundedStates<K> {
    pub(super) fn new(keys_max: usize) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            shard_max: keys_max / SHARDS,
            hasher: RandomState::new(),
        }
    }

    fn each(&self) -> impl Iterator<Item = MutexGuard<'_, HashMap<K, Nanos>>> {
        self.shards.iter().map(lock)
    }
}

fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Hash + Eq + Clone> StateStore for BoundedStates<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let shard = self.hasher.hash_one(key) as usize % SHARDS;
        let mut shard = lock(&self.shards[shard]);
        if let Some(state) = shard.get_mut(key) {
            let (outcome, next) = measure(Some(*state))?;
            *state = next;
            return Ok(outcome);
        }
        let (outcome, next) = measure(None)?;
        if shard.len() < self.shard_max {
            shard.insert(key.clone(), next);
        }
        Ok(outcome)
    }
}

impl<K: Hash + Eq + Clone> ShrinkableKeyedStateStore<K> for BoundedStates<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        for mut shard in self.each() {
            shard.retain(|_, state| *state > drop_below);
        }
    }

    fn shrink_to_fit(&self) {
        for mut shard in self.each() {
            shard.shrink_to_fit();
        }
    }

    fn len(&self) -> usize {
        self.each().map(|shard| shard.len()).sum()
    }

    fn is_empty(&self) -> bool {
        self.each().all(|shard| shard.is_empty())
    }
}
