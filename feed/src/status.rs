use sale::{Lost, SaleId, Ticket};
use serde::Serialize;

/// What a ticket's holder is told, over HTTP and over the WebSocket alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TicketStatus {
    /// Not decided yet.
    Queued {
        /// Purchases that will be decided before it; an estimate.
        ahead: u64,
        /// Milliseconds until it is decided; an estimate.
        wait_ms: u64,
    },
    /// There is an order for it.
    Won {
        /// The sale.
        sale_id: SaleId,
        /// The order: the ticket itself, or the earlier order of a repeated key.
        order_id: Ticket,
        /// The key had already won: `order_id` is that earlier order.
        replay: bool,
    },
    /// There is none.
    Lost {
        /// The sale; absent when the record was too damaged to name one.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        sale_id: Option<SaleId>,
        /// Why.
        reason: Reason,
    },
}

/// Why there is no order for a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The record was lost with its stream, and an operator went on with another one. No ruling:
    /// the log that would have to hold it is gone.
    Adopted,
    /// The log was decided so.
    #[serde(untagged)]
    Ruled(Lost),
}

/// By hand: the derived one does not see that a ruling stands for itself.
#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Reason {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let words = Lost::ALL.map(Lost::as_str).into_iter().chain(["adopted"]);
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .description(Some(
                "Why there is no order for a ticket: a ruling, or `adopted` when its record was lost with the stream.",
            ))
            .enum_values(Some(words))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Reason {}

impl From<Lost> for Reason {
    fn from(lost: Lost) -> Self {
        Self::Ruled(lost)
    }
}

impl TicketStatus {
    /// Whether this is the last word.
    pub const fn is_decided(&self) -> bool {
        !matches!(self, Self::Queued { .. })
    }
}
