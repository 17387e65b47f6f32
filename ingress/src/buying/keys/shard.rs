//! One part of the keys' memory: two generations. New keys go to the young one; when it is full or
//! old enough it becomes the old one, and the old one is forgotten whole. No list to keep, no scan.

use std::collections::HashMap;
use std::mem;
use std::time::{Duration, Instant};

use super::{Key, Known};
use crate::buying::reply::Awaited;

/// Keys of one generation of one shard: a table of 32,768 slots, filled as far as tables are before
/// they grow. All shards and generations together hold 917,504 keys in 68 MB. At 60,000 purchases a
/// second a key is remembered for at least 7 s, longer than an outcome takes to be called unknown.
pub(super) const GENERATION_KEYS_MAX: usize = 28_672;

/// How long a generation stays the young one: a phone that lost its network in a tunnel is back.
pub(super) const GENERATION_LIFETIME: Duration = Duration::from_secs(5 * 60);

pub(super) struct Shard {
    young: HashMap<Key, Known>,
    old: HashMap<Key, Known>,
    /// When the young generation began.
    since: Instant,
}

impl Shard {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            since: now,
        }
    }

    pub(super) fn recall(&mut self, key: &Key) -> Option<Known> {
        for generation in [&mut self.young, &mut self.old] {
            let Some(known) = generation.get_mut(key) else {
                continue;
            };
            let by_now = known.by_now();
            match &by_now {
                Some(by_now) => known.clone_from(by_now),
                None => drop(generation.remove(key)),
            }
            return by_now;
        }
        None
    }

    pub(super) fn claim(
        &mut self,
        key: Key,
        awaited: &Awaited,
        doubtful: bool,
    ) -> Result<bool, Known> {
        let doubtful = match self.recall(&key) {
            None => doubtful,
            Some(Known::Unknown) => true,
            Some(known) => return Err(known),
        };
        let awaited = awaited.clone();
        self.learn(key, Known::Asked { awaited, doubtful });
        Ok(doubtful)
    }

    pub(super) fn learn(&mut self, key: Key, known: Known) {
        if self.young.len() >= GENERATION_KEYS_MAX {
            self.turn(Instant::now());
        }
        // It would come to light again when the young one is forgotten as lost.
        self.old.remove(&key);
        self.young.insert(key, known);
    }

    pub(super) fn forget(&mut self, key: &Key, lost: super::Place) {
        for generation in [&mut self.young, &mut self.old] {
            if matches!(generation.get(key), Some(Known::Logged(place)) if *place == lost) {
                generation.remove(key);
            }
        }
    }

    pub(super) fn tidy(&mut self, now: Instant) {
        if now.duration_since(self.since) >= GENERATION_LIFETIME {
            self.turn(now);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    fn turn(&mut self, now: Instant) {
        self.old = mem::take(&mut self.young);
        self.since = now;
    }
}
