//! Every stream and subject name of the system, built and parsed in one place.

use std::fmt;
use std::str::FromStr;

use crate::id::{InvalidId, Partition, SaleId};

/// The JetStream stream that holds a partition's log: `SALE_LOG_03`.
pub fn stream(partition: Partition) -> String {
    format!("SALE_LOG_{partition}")
}

/// All subjects of a partition's log: `sale.03.>`.
pub fn stream_subjects(partition: Partition) -> String {
    format!("sale.{partition}.>")
}

/// Where a partition's decisions are announced: `decided.03`.
pub fn decided(partition: Partition) -> String {
    format!("decided.{partition}")
}

/// The decisions of every partition.
pub const DECIDED_ALL: &str = "decided.*";

/// Where doors tell each other what they count. No record, no decision: for people to look at.
pub const TRAFFIC: &str = "doors.traffic";

/// What a record of a sale is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// Groups of purchases.
    Purchases,
    /// Operator commands.
    Control,
}

/// The subject of a record: `sale.<pp>.<sale_id>.purchases` or `….control`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LogSubject {
    /// The partition in the subject.
    pub partition: Partition,
    /// The sale in the subject.
    pub sale: SaleId,
    /// Its last word.
    pub channel: Channel,
}

impl LogSubject {
    /// The subject of a sale's records; the sale's id names the partition.
    pub fn of(sale: SaleId, channel: Channel) -> Self {
        Self {
            partition: sale.partition(),
            sale,
            channel,
        }
    }
}

impl fmt::Display for LogSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let channel = match self.channel {
            Channel::Purchases => "purchases",
            Channel::Control => "control",
        };
        write!(f, "sale.{}.{}.{channel}", self.partition, self.sale)
    }
}

impl FromStr for LogSubject {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId::of("subject (sale.<pp>.<sale_id>.purchases or .control)");
        let parts: Vec<&str> = text.split('.').collect();
        let ["sale", partition, sale, channel] = parts.as_slice() else {
            return Err(invalid);
        };
        let channel = match *channel {
            "purchases" => Channel::Purchases,
            "control" => Channel::Control,
            _ => return Err(invalid),
        };
        Ok(Self {
            partition: partition.parse()?,
            sale: sale.parse()?,
            channel,
        })
    }
}
