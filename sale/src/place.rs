use std::fmt;

use crate::id::{Partition, Seq};

/// Where a purchase stands in the log. Places of one partition compare in log order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which log.
    pub partition: Partition,
    /// Which record of it.
    pub seq: Seq,
    /// Which purchase of the record, below [`Place::INDEX_COUNT`].
    pub index: u16,
}

impl Place {
    /// One more than the highest index a ticket can name (12 bits).
    pub const INDEX_COUNT: u16 = 1 << 12;

    /// The place as 64 bits: partition (10), seq (42), index (12), most significant first.
    pub const fn pack(self) -> u64 {
        (self.partition.get() as u64) << 54 | self.seq.get() << 12 | self.index as u64
    }

    /// The inverse of [`Place::pack`]; every 64-bit number is a place.
    pub fn unpack(bits: u64) -> Self {
        let partition = Partition::try_from((bits >> 54) as u16);
        let seq = Seq::try_from(bits >> 12 & Seq::MAX.get());
        match (partition, seq) {
            (Ok(partition), Ok(seq)) => Self {
                partition,
                seq,
                index: (bits & 0x0fff) as u16,
            },
            _ => unreachable!("10 and 42 bits always fit their types"),
        }
    }
}

/// `02/1307/5`
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.partition, self.seq, self.index)
    }
}
