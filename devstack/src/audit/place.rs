//! Reading a ticket's place.

use uuid::Uuid;

/// Bits of a ticket below its place: the seal, which only the product can check.
const SEAL_BITS: u32 = 58;

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
        let place = free >> SEAL_BITS;
        Self {
            partition: (place >> 54 & 0x3ff) as u16,
            seq: (place >> 12 & 0x3ff_ffff_ffff) as u64,
            index: (place & 0xfff) as u16,
        }
    }
}
