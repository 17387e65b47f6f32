use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::id::{CommandId, KeyHash, SaleId, Seq, ShopperId};
use crate::moment::Moment;
use crate::place::Place;
use crate::sale::{InvalidTerms, Price, Product, check_stock, check_unit_limit, check_window};
use crate::subject::{Channel, LogSubject};
use crate::ticket::KeyId;

/// The version of the record format this build writes and the newest it can read.
///
/// Allocators are upgraded before writers: a record of a newer version stops its partition.
pub const RECORD_VERSION: u32 = 1;

/// Most purchases in one record: one fsync is then shared so widely that more gains nothing.
pub const GROUP_PURCHASES_MAX: usize = 512;

/// Most bytes in one record's body, half of the stream's `max_msg_size`.
pub const GROUP_BYTES_MAX: usize = 64 * 1024;

/// One message of a partition's log, as read back from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// Wishes to buy, from `sale.<pp>.<sale_id>.purchases`.
    Purchases(Purchases),
    /// An operator's command, from `sale.<pp>.<sale_id>.control`.
    Control(Control),
}

/// A group of purchases of one sale. Its order is the order of arrival at one ingress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purchases {
    /// [`RECORD_VERSION`].
    pub v: u32,
    /// The sale all of them want.
    pub sale: SaleId,
    /// The key their tickets are sealed with.
    pub seal: KeyId,
    /// From 1 to [`GROUP_PURCHASES_MAX`] of them.
    pub purchases: Vec<Purchase>,
}

/// One shopper's wish for one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purchase {
    /// Who wants it.
    pub shopper: ShopperId,
    /// The idempotency key, hashed.
    pub key: KeyHash,
    /// When the ingress took it in, by the ingress' clock. Reported, never decided on.
    pub received_at_ms: Moment,
}

/// One operator command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// [`RECORD_VERSION`].
    pub v: u32,
    /// The sale it changes.
    pub sale: SaleId,
    /// The same id twice changes the sale once.
    pub command: CommandId,
    /// Who gave the command; for the audit trail.
    pub by: String,
    /// Why, in the operator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What to do.
    pub action: Action,
}

impl Control {
    /// Everything in it that people wrote.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let product = match &self.action {
            Action::Open(open) => Some(open.product.name.as_str()),
            _ => None,
        };
        let reason = self.reason.as_deref();
        [Some(self.by.as_str()), reason, product]
            .into_iter()
            .flatten()
    }
}

/// What a command does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// Begins the sale's life; its window makes it upcoming or active.
    Open(Open),
    /// Moves a window that has not passed, or raises the limit.
    Change(Change),
    /// Refuses purchases from here on.
    Pause {},
    /// Takes purchases again.
    Resume {},
    /// Ends the sale for good.
    Close {},
    /// Sets the stock absolutely, against the version the operator saw; never below what is sold.
    Restock {
        /// The new stock.
        stock: u32,
        /// [`crate::Sale::version`] as the operator saw it.
        version: u32,
    },
    /// Takes an order back: its unit is for sale again and its shopper may buy again.
    Cancel {
        /// Record of the order's place.
        seq: Seq,
        /// Index of the order's place.
        index: u16,
    },
}

impl Action {
    /// The word used in JSON and in the audit trail.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::Change(_) => "change",
            Self::Pause {} => "pause",
            Self::Resume {} => "resume",
            Self::Close {} => "close",
            Self::Restock { .. } => "restock",
            Self::Cancel { .. } => "cancel",
        }
    }
}

/// The terms of a new sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Open {
    /// What is sold.
    pub product: Product,
    /// Price of one unit.
    pub price: Price,
    /// Units to sell.
    pub stock: u32,
    /// Units a shopper may hold at once.
    pub unit_limit: u16,
    /// First moment of the window.
    pub starts_at_ms: Moment,
    /// First moment after the window.
    pub ends_at_ms: Moment,
}

impl Open {
    /// Whether a sale can have these terms; the same check guards the API and the log.
    pub fn check(&self) -> Result<(), InvalidTerms> {
        self.product.check()?;
        self.price.check()?;
        check_stock(self.stock)?;
        check_unit_limit(self.unit_limit)?;
        check_window(self.starts_at_ms, self.ends_at_ms)
    }
}

/// New values for some of a sale's terms; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// First moment of the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at_ms: Option<Moment>,
    /// First moment after the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at_ms: Option<Moment>,
    /// Units a shopper may hold at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_limit: Option<u16>,
}

/// Why a message of the log is not a record this build can decide.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// Written by a newer build: the partition stops until this allocator is upgraded.
    #[error("record format version {0}; this build reads up to {RECORD_VERSION}")]
    NewerVersion(u32),
    /// Nobody can read it: it gets one ruling as a whole, is kept in quarantine, and the log goes on.
    #[error("{0}")]
    Malformed(String),
}

impl Record {
    /// Reads one message of a partition's log.
    ///
    /// `subject` is the one it was published to; the body must agree with it.
    pub fn decode(subject: &LogSubject, body: &[u8]) -> Result<Self, Unreadable> {
        // A list also reads as a struct to serde, and `[2]` would pass for a newer version.
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(Unreadable::Malformed("not a JSON object".into()));
        }
        let record = match subject.channel {
            Channel::Purchases => serde_json::from_slice(body).map(Self::Purchases),
            Channel::Control => serde_json::from_slice(body).map(Self::Control),
        };
        match record {
            Ok(record) if record.version() == RECORD_VERSION => {
                record
                    .check(subject)
                    .map_err(|why| Unreadable::Malformed(why.into()))?;
                Ok(record)
            }
            Ok(record) => Err(Unreadable::of_version(record.version())),
            Err(error) => Err(Unreadable::of_undecodable(body, &error)),
        }
    }

    /// The sale the record is about.
    pub const fn sale(&self) -> SaleId {
        match self {
            Self::Purchases(group) => group.sale,
            Self::Control(control) => control.sale,
        }
    }

    const fn version(&self) -> u32 {
        match self {
            Self::Purchases(group) => group.v,
            Self::Control(control) => control.v,
        }
    }

    fn check(&self, subject: &LogSubject) -> Result<(), &'static str> {
        if self.sale() != subject.sale {
            return Err("the body names another sale than the subject");
        }
        if self.sale().partition() != subject.partition {
            return Err("the sale belongs to another partition");
        }
        match self {
            Self::Purchases(group) if group.purchases.is_empty() => Err("no purchases"),
            Self::Purchases(group) if group.purchases.len() > GROUP_PURCHASES_MAX => {
                Err("more purchases than a record may hold")
            }
            Self::Control(Control {
                action: Action::Cancel { index, .. },
                ..
            }) if *index >= Place::INDEX_COUNT => {
                Err("the cancelled order's index is out of range")
            }
            Self::Control(control) if control.texts().any(|text| text.contains('\0')) => {
                Err("a text holds a NUL, which the database cannot keep")
            }
            Self::Purchases(_) | Self::Control(_) => Ok(()),
        }
    }
}

/// The one field every version keeps.
#[derive(Deserialize)]
struct Versioned {
    v: u32,
}

impl Unreadable {
    fn of_version(version: u32) -> Self {
        if version > RECORD_VERSION {
            Self::NewerVersion(version)
        } else {
            Self::Malformed(format!("record format version {version} never existed"))
        }
    }

    /// A body that does not parse may still be a well-formed record of a newer build.
    fn of_undecodable(body: &[u8], error: &serde_json::Error) -> Self {
        match serde_json::from_slice::<Versioned>(body) {
            Ok(Versioned { v }) if v > RECORD_VERSION => Self::NewerVersion(v),
            _ => Self::Malformed(error.to_string()),
        }
    }
}
