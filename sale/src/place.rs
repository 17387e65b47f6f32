use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{InvalidId, Partition, Seq};

/// Where a purchase stands in the log. Places of one partition compare in log order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
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

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.to_string()
    }
}

impl TryFrom<String> for Place {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl FromStr for Place {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId::of("place (partition/seq/index)");
        let mut parts = text.splitn(3, '/');
        let (Some(partition), Some(seq), Some(index)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(invalid);
        };
        let place = Self {
            partition: partition.parse()?,
            seq: seq
                .parse::<u64>()
                .map_err(|_| invalid.clone())?
                .try_into()?,
            index: index.parse().map_err(|_| invalid.clone())?,
        };
        // One spelling each, and no index a ticket could not name.
        (place.index < Self::INDEX_COUNT && place.to_string() == text)
            .then_some(place)
            .ok_or(invalid)
    }
}
