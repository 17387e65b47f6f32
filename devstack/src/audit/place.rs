//! Reading a ticket's place.

use uuid::Uuid;

/// Bits of a ticket below its place: the seal, which only the product can check.
const SEAL_BITS: u32 = 58;

/// Bits of a place: 10 of partition, 42 of sequence, 12 of index.
const PARTITION_BITS: u32 = 10;
const SEQ_BITS: u32 = 42;
const INDEX_BITS: u32 = 12;

/// Where a purchase stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The log.
    pub partition: u16,
    /// The record in it.
    pub seq: u64,
    /// The purchase in that.
    pub index: u16,
}

impl Place {
    /// The place that a ticket names: from the top of a UUIDv8's 122 free bits 10 of partition, 42 of
    /// sequence, 12 of index.
    pub fn of(ticket: Uuid) -> Self {
        let (high, low) = ticket.as_u64_pair();
        // Without the version in bits 12 to 15 of the upper half, and the variant on top of the lower.
        let upper = u128::from(high >> 16) << 12 | u128::from(high & 0xfff);
        let free = upper << 62 | u128::from(low & (u64::MAX >> 2));
        Self::unpacked((free >> SEAL_BITS) as u64)
    }

    /// The place in 64 bits, as `decisions.refs` holds it.
    pub fn unpacked(packed: u64) -> Self {
        Self {
            partition: (packed >> (SEQ_BITS + INDEX_BITS) & ((1 << PARTITION_BITS) - 1)) as u16,
            seq: packed >> INDEX_BITS & ((1 << SEQ_BITS) - 1),
            index: (packed & ((1 << INDEX_BITS) - 1)) as u16,
        }
    }

    /// The place in 64 bits.
    pub fn packed(self) -> u64 {
        let partition = u64::from(self.partition) << (SEQ_BITS + INDEX_BITS);
        partition | self.seq << INDEX_BITS | u64::from(self.index)
    }
}
