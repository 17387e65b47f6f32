use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::id::{ProductId, SaleId, Seq};
use crate::moment::Moment;

/// The largest stock one sale can hold.
///
/// Ten million winners fit an allocator's memory and an `integer` column with room to spare.
pub const STOCK_MAX: u32 = 10_000_000;

/// The largest limit per shopper: a purchase looks through its shopper's earlier ones.
pub const UNIT_LIMIT_MAX: u16 = 100;

/// Longest product name kept with a sale, in characters.
const PRODUCT_NAME_CHARS_MAX: usize = 200;

/// A sale as everybody may see it: what the feed carries, Postgres stores and the API answers from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sale {
    /// Also names its partition.
    pub id: SaleId,
    /// What is sold, as it was named when the sale was opened.
    pub product: Product,
    /// Price of one unit.
    pub price: Price,
    /// Units a shopper may hold at once.
    pub unit_limit: u16,
    /// First moment of the window.
    pub starts_at_ms: Moment,
    /// First moment after the window.
    pub ends_at_ms: Moment,
    /// Units to sell in total.
    pub stock: u32,
    /// Units sold and not cancelled.
    pub sold: u32,
    /// New purchases are refused until an operator resumes the sale.
    pub paused: bool,
    /// The sale has ended for good by an operator's word.
    pub closed: bool,
    /// How many commands changed the sale, its opening included; a restock names the one it saw.
    pub version: u32,
    /// The last record that changed anything here: the newer of two descriptions has the higher one.
    pub revision: Seq,
}

impl Sale {
    /// Units left.
    pub const fn remaining(&self) -> u32 {
        self.stock.saturating_sub(self.sold)
    }

    /// What a shopper would be told at `now`.
    pub fn state(&self, now: Moment) -> SaleState {
        if self.closed {
            SaleState::Closed
        } else if now >= self.ends_at_ms {
            SaleState::Ended
        } else if now < self.starts_at_ms {
            SaleState::Upcoming
        } else if self.paused {
            SaleState::Paused
        } else if self.remaining() == 0 {
            SaleState::SoldOut
        } else {
            SaleState::Active
        }
    }
}

/// Where a sale stands at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SaleState {
    /// The window has not begun.
    Upcoming,
    /// Units can be bought.
    Active,
    /// An operator holds purchases back.
    Paused,
    /// No unit is left.
    SoldOut,
    /// The window has passed.
    Ended,
    /// An operator closed the sale for good.
    Closed,
}

impl SaleState {
    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Upcoming => "upcoming",
            Self::Active => "active",
            Self::Paused => "paused",
            Self::SoldOut => "sold-out",
            Self::Ended => "ended",
            Self::Closed => "closed",
        }
    }
}

/// What is sold. A copy in the log, so that a replay needs no catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Product {
    /// The product in the catalogue.
    pub id: ProductId,
    /// Its name when the sale was opened.
    pub name: String,
}

/// The price of one unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Price {
    /// In the currency's smallest unit: 1999 is 19.99 EUR.
    #[cfg_attr(feature = "openapi", schema(maximum = 4_294_967_295_u64))]
    pub amount_minor: u32,
    /// ISO 4217, three capital letters.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Z]{3}$", example = "EUR"))]
    pub currency: String,
}

/// Why the terms of a sale cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidTerms {
    /// The window must hold at least a millisecond.
    #[error("ends_at must be after starts_at, and both between 1970 and 9999")]
    Window,
    /// See [`UNIT_LIMIT_MAX`].
    #[error("unit_limit must be between 1 and {UNIT_LIMIT_MAX}")]
    UnitLimit,
    /// See [`STOCK_MAX`].
    #[error("stock must be at most {STOCK_MAX}")]
    Stock,
    /// Currencies are three capital letters.
    #[error("currency must be an ISO 4217 code such as EUR")]
    Currency,
    /// A product has a name of bounded length.
    #[error("a product's name has 1 to {PRODUCT_NAME_CHARS_MAX} characters")]
    ProductName,
}

pub(crate) fn check_window(starts_at: Moment, ends_at: Moment) -> Result<(), InvalidTerms> {
    let begins = Moment::default();
    (begins <= starts_at && starts_at < ends_at && ends_at <= Moment::MAX)
        .then_some(())
        .ok_or(InvalidTerms::Window)
}

pub(crate) fn check_unit_limit(limit: u16) -> Result<(), InvalidTerms> {
    (1..=UNIT_LIMIT_MAX)
        .contains(&limit)
        .then_some(())
        .ok_or(InvalidTerms::UnitLimit)
}

pub(crate) fn check_stock(stock: u32) -> Result<(), InvalidTerms> {
    (stock <= STOCK_MAX)
        .then_some(())
        .ok_or(InvalidTerms::Stock)
}

impl Price {
    pub(crate) fn check(&self) -> Result<(), InvalidTerms> {
        let code = self.currency.as_bytes();
        (code.len() == 3 && code.iter().all(u8::is_ascii_uppercase))
            .then_some(())
            .ok_or(InvalidTerms::Currency)
    }
}

impl Product {
    pub(crate) fn check(&self) -> Result<(), InvalidTerms> {
        (1..=PRODUCT_NAME_CHARS_MAX)
            .contains(&self.name.chars().count())
            .then_some(())
            .ok_or(InvalidTerms::ProductName)
    }
}
