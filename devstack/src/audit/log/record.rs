//! One record's bytes.

use anyhow::{Result, bail};
use serde::Deserialize;
use uuid::Uuid;

/// The version of the format that is read here.
const VERSION: u64 = 1;

/// Most purchases in a record; a record of more is malformed.
const PURCHASES_MAX: usize = 512;

/// An index has 12 bits and a sequence 42: a command that names more is malformed.
const INDEX_MAX: u16 = (1 << 12) - 1;
const SEQ_MAX: u64 = (1 << 42) - 1;

/// What a record says.
#[derive(Clone, Debug)]
pub enum Body {
    /// Wishes to buy, in order.
    Purchases(Vec<LoggedPurchase>),
    /// An operator's word.
    Command(Command),
    /// Not what the format allows, and why.
    Malformed(String),
}

/// One shopper's wish for one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoggedPurchase {
    /// Who.
    pub shopper: Uuid,
    /// The idempotency key's hash.
    #[serde(rename = "key", deserialize_with = "hash")]
    pub key_hash: u64,
    /// When a door took it in, by that door's clock.
    pub received_at_ms: i64,
}

/// An operator's word on a sale.
#[derive(Clone, Debug)]
pub struct Command {
    /// The same id twice changes a sale once.
    pub id: Uuid,
    /// What to do.
    pub action: Action,
}

/// What a command does.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// Begins the sale.
    Open(Terms),
    /// New terms; what is absent stays.
    Change {
        /// First millisecond of the window.
        #[serde(default)]
        starts_at_ms: Option<i64>,
        /// First millisecond after it.
        #[serde(default)]
        ends_at_ms: Option<i64>,
        /// Units per shopper.
        #[serde(default)]
        unit_limit: Option<u16>,
    },
    /// No purchases from here on.
    Pause {},
    /// Purchases again.
    Resume {},
    /// No purchases ever again.
    Close {},
    /// Sets the stock.
    Restock {
        /// Units.
        stock: u32,
        /// Commands that had changed the sale when the operator looked.
        version: u32,
    },
    /// Takes an order back.
    Cancel {
        /// Record of its place.
        seq: u64,
        /// Index of its place.
        index: u16,
    },
}

/// The terms a sale is opened with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// What is sold.
    pub product: Product,
    /// For how much.
    pub price: Price,
    /// Units.
    pub stock: u32,
    /// Units per shopper.
    pub unit_limit: u16,
    /// First millisecond of the window.
    pub starts_at_ms: i64,
    /// First millisecond after it.
    pub ends_at_ms: i64,
}

/// What is sold.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// In the catalogue.
    pub id: Uuid,
    /// Its name.
    pub name: String,
}

/// The price of a unit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// In the currency's smallest unit.
    pub amount_minor: u32,
    /// ISO 4217.
    pub currency: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Purchases {
    v: u64,
    sale: String,
    seal: String,
    purchases: Vec<LoggedPurchase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Control {
    v: u64,
    sale: String,
    command: Uuid,
    by: String,
    #[serde(default)]
    reason: Option<String>,
    action: Action,
}

/// The one field that every version has.
#[derive(Deserialize)]
struct Versioned {
    v: u64,
}

impl Body {
    /// Reads a record of a sale. Fails for one of a newer format, which nobody could have decided.
    pub(in crate::audit) fn read(sale: &str, is_command: bool, bytes: &[u8]) -> Result<Self> {
        // A list also reads as a struct.
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return Ok(Self::Malformed("not a JSON object".to_owned()));
        }
        let read = if is_command {
            Control::read(sale, bytes)
        } else {
            Purchases::read(sale, bytes)
        };
        read.or_else(|why| match serde_json::from_slice(bytes) {
            Ok(Versioned { v }) if v > VERSION => {
                bail!("it is of format version {v}; this auditor reads {VERSION}")
            }
            _ => Ok(Self::Malformed(why)),
        })
    }
}

impl Purchases {
    fn read(sale: &str, bytes: &[u8]) -> Result<Body, String> {
        let group: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        agrees(group.v, &group.sale, sale)?;
        let many = group.purchases.len();
        expect((1..=PURCHASES_MAX).contains(&many), "number of purchases")?;
        expect(is_hex(&group.seal, 8), "seal")?;
        Ok(Body::Purchases(group.purchases))
    }
}

impl Control {
    fn read(sale: &str, bytes: &[u8]) -> Result<Body, String> {
        let control: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        agrees(control.v, &control.sale, sale)?;
        expect(!control.has_nul(), "text")?;
        if let Action::Cancel { seq, index } = control.action {
            expect(seq <= SEQ_MAX && index <= INDEX_MAX, "place")?;
        }
        Ok(Body::Command(Command {
            id: control.command,
            action: control.action,
        }))
    }

    /// Postgres cannot keep such a text.
    fn has_nul(&self) -> bool {
        let name = match &self.action {
            Action::Open(terms) => Some(&terms.product.name),
            _ => None,
        };
        let mut texts = [Some(&self.by), self.reason.as_ref(), name]
            .into_iter()
            .flatten();
        texts.any(|text| text.contains('\0'))
    }
}

fn agrees(v: u64, said: &str, sale: &str) -> Result<(), String> {
    expect(v == VERSION, "version")?;
    expect(said == sale, "sale")
}

fn expect(is_so: bool, what: &str) -> Result<(), String> {
    is_so.then_some(()).ok_or_else(|| format!("wrong {what}"))
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn hash<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
    is_hex(&text, 16)
        .then(|| u64::from_str_radix(&text, 16).ok())
        .flatten()
        .ok_or_else(|| serde::de::Error::custom("a key hash has 16 hex digits"))
}
