use std::fmt;

use sale::{Moment, Price, Product, Sale, SaleId, SaleState};
use serde::{Serialize, Serializer};
use time::OffsetDateTime;

/// A sale as the API and the WebSocket show it. Times are RFC 3339 in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SaleView {
    /// Also names its partition.
    pub id: SaleId,
    /// What a shopper can do now, by the clock of who answers.
    pub state: SaleState,
    /// What is sold.
    pub product: Product,
    /// Price of one unit.
    pub price: Price,
    /// Units to sell in total.
    pub stock: u32,
    /// Units sold and not cancelled.
    pub sold: u32,
    /// Units left.
    pub remaining: u32,
    /// Units a shopper may hold at once.
    pub unit_limit: u16,
    /// First moment of the window.
    #[serde(serialize_with = "rfc3339")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub starts_at: Moment,
    /// First moment after the window.
    #[serde(serialize_with = "rfc3339")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub ends_at: Moment,
    /// Commands that changed the sale; a restock names the one it saw.
    pub version: u32,
    /// Grows with every change: of two descriptions, the one with the higher is newer.
    pub revision: u64,
    /// When this was told, for clients whose clock is wrong.
    #[serde(serialize_with = "rfc3339")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub server_time: Moment,
}

impl SaleView {
    /// The sale as it is at `now`.
    pub fn of(sale: &Sale, now: Moment) -> Self {
        Self {
            id: sale.id,
            state: sale.state(now),
            product: sale.product.clone(),
            price: sale.price.clone(),
            stock: sale.stock,
            sold: sale.sold,
            remaining: sale.remaining(),
            unit_limit: sale.unit_limit,
            starts_at: sale.starts_at_ms,
            ends_at: sale.ends_at_ms,
            version: sale.version,
            revision: sale.revision.get(),
            server_time: now,
        }
    }
}

/// What this process' clock says. Told to shoppers and compared with windows at the gate; never
/// used to decide.
pub fn now() -> Moment {
    moment(OffsetDateTime::now_utc())
}

/// A point in time, cut to whole milliseconds.
pub fn moment(at: OffsetDateTime) -> Moment {
    Moment::from_unix_ms((at.unix_timestamp_nanos() / 1_000_000) as i64)
}

/// The inverse of [`moment`]; what a calendar cannot write becomes the epoch.
pub fn timestamp(moment: Moment) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(moment.unix_ms()) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// A moment as the API writes it: RFC 3339 in UTC with three decimals.
#[derive(Clone, Copy, Debug)]
pub struct Rfc3339(pub Moment);

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = timestamp(self.0);
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            at.millisecond(),
        )
    }
}

/// Writes a moment as RFC 3339 with three decimals, for `serialize_with`.
pub fn rfc3339<S: Serializer>(moment: &Moment, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Rfc3339(*moment))
}

/// Like [`rfc3339`], for moments that may not have come.
pub fn optional_rfc3339<S: Serializer>(
    moment: &Option<Moment>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match moment {
        Some(moment) => rfc3339(moment, serializer),
        None => serializer.serialize_none(),
    }
}
