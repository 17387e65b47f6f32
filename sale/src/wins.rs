//! What one shopper has won in one sale, in as few bytes as it takes.

use crate::id::{KeyHash, Seq};
use crate::place::Place;
use crate::sale::UNIT_LIMIT_MAX;

/// An order as the machine remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Win {
    /// The key it was bought with: the same key again is a replay, for ever.
    pub key: KeyHash,
    /// Record of its place.
    pub seq: Seq,
    /// Index of its place.
    pub index: u16,
    /// Which of the shopper's units it is.
    pub nth: u16,
    /// Taken back; it no longer counts against stock or limit.
    pub cancelled: bool,
}

/// A shopper's orders: most limits are 1, so the first stands in the map itself and the rest hang
/// behind it. 24 bytes, because a sale may have millions of them.
#[derive(Debug)]
pub(crate) struct Wins {
    win: PackedWin,
    more: Option<Box<Wins>>,
}

/// A [`Win`] in 16 bytes: the key, and 42 bits of sequence, 12 of index, 7 of nth, 1 of cancelled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PackedWin {
    key: KeyHash,
    rest: u64,
}

const INDEX_BITS: u32 = 12;
const NTH_BITS: u32 = 7;
const _: () = assert!(UNIT_LIMIT_MAX < 1 << NTH_BITS);

impl PackedWin {
    const fn pack(win: Win) -> Self {
        let place = win.seq.get() << INDEX_BITS | win.index as u64;
        let rest = (place << NTH_BITS | win.nth as u64) << 1 | win.cancelled as u64;
        Self { key: win.key, rest }
    }

    fn unpack(self) -> Win {
        let place = self.rest >> (NTH_BITS + 1);
        Win {
            key: self.key,
            seq: Seq::try_from(place >> INDEX_BITS).unwrap_or(Seq::MAX),
            index: (place & ((1 << INDEX_BITS) - 1)) as u16,
            nth: (self.rest >> 1 & ((1 << NTH_BITS) - 1)) as u16,
            cancelled: self.is_cancelled(),
        }
    }

    const fn is_at(self, order: Place) -> bool {
        self.rest >> (NTH_BITS + 1) == order.seq.get() << INDEX_BITS | order.index as u64
    }

    pub(crate) const fn is_cancelled(self) -> bool {
        self.rest & 1 == 1
    }

    pub(crate) const fn cancel(&mut self) {
        self.rest |= 1;
    }
}

impl Wins {
    pub(crate) const fn first(win: Win) -> Self {
        Self {
            win: PackedWin::pack(win),
            more: None,
        }
    }

    pub(crate) fn add(&mut self, win: Win) {
        let more = self.more.take();
        let win = PackedWin::pack(win);
        self.more = Some(Box::new(Self { win, more }));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Win> {
        let links = std::iter::successors(Some(self), |wins| wins.more.as_deref());
        links.map(|wins| wins.win.unpack())
    }

    pub(crate) fn find_mut(&mut self, order: Place) -> Option<&mut PackedWin> {
        let mut next = Some(self);
        while let Some(wins) = next {
            if wins.win.is_at(order) {
                return Some(&mut wins.win);
            }
            next = wins.more.as_deref_mut();
        }
        None
    }

    pub(crate) fn with_key(&self, key: KeyHash) -> Option<Win> {
        self.iter().find(|win| win.key == key)
    }

    pub(crate) fn lowest_free(&self) -> u16 {
        let held = |nth: &u16| self.iter().any(|win| !win.cancelled && win.nth == *nth);
        (0..u16::MAX).find(|nth| !held(nth)).unwrap_or(u16::MAX)
    }
}
