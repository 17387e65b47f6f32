//! All that is known of one ticket, for whoever answers a shopper's question.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use feed::{Reason, TicketStatus};
use sale::{Moment, Place, SaleId, Ticket};
use serde::Serialize;
use tracing::warn;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::session::Operator;
use crate::app::App;
use crate::log::records::Logged;
use crate::openapi::{Always, OperatorsOnly};
use crate::problem::{Details, Problem};
use crate::request::asked::Named;
use crate::routes::orders::NO_STORE;
use crate::store::operations;
use crate::store::orders::{self, OrderRow};

/// A ticket's whole story. What is not known is absent.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = TicketStory)]
pub(crate) struct Story {
    ticket: Uuid,
    /// Its place: partition, record, index in the record.
    partition: u16,
    seq: u64,
    index: u16,
    /// Which life of the partition's stream sealed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u32>,
    /// `queued`, `won`, `replay`, or why it lost.
    ruling: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>, nullable = false)]
    sale_id: Option<SaleId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    shopper_id: Option<Uuid>,
    /// The order it won or, for a replay, refers to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    order_id: Option<Uuid>,
    /// When that order was taken back.
    #[serde(
        serialize_with = "feed::optional_rfc3339",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    cancelled_at: Option<Moment>,
    /// Whether the log still tells who sent it and when.
    record: Recorded,
    /// When it arrived, by the clock of the ingress that took it.
    #[serde(
        serialize_with = "feed::optional_rfc3339",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    received_at: Option<Moment>,
    /// When its record was logged, by JetStream's clock.
    #[serde(
        serialize_with = "feed::optional_rfc3339",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    logged_at: Option<Moment>,
    /// When it was decided, by Postgres' clock.
    #[serde(
        serialize_with = "feed::optional_rfc3339",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    decided_at: Option<Moment>,
}

/// What the log still holds of a ticket.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = TicketRecord)]
enum Recorded {
    /// Its record is there.
    Read,
    /// It is not: older than the replay horizon, or lost with its stream.
    #[default]
    Gone,
    /// JetStream does not tell.
    Unavailable,
}

/// All that is known of a ticket
#[utoipa::path(
    get, path = "/v1/operations/tickets/{ticket}", operation_id = "show_ticket_story", tag = "operations",
    params(("ticket" = Uuid, Path, description = "From the `202` of a purchase")),
    responses(
        (status = 200, description = "Its place, its ruling, its times.", body = Story),
        (status = 404, description = "`bad-ticket`: not one of ours.", body = Details, content_type = "application/problem+json"),
        OperatorsOnly, Always,
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    _operator: Operator,
    Named(ticket): Named,
) -> Result<impl IntoResponse, Problem> {
    let ticket: Ticket = ticket.parse().map_err(|_| Problem::BadTicket)?;
    let opened = app.feed.open(&app.tickets, ticket);
    let place = opened.ok_or(Problem::BadTicket)?;
    let status = app.feed.status(ticket, place).await?;
    let mut story = Story::at(place, ticket);
    story.generation = app.feed.generation_at(place).map(|number| number.get());
    story.tell_status(&status);
    if !is_given_up(&status) {
        story.tell_record(&app, place).await;
    }
    let decided_at = operations::decided_at(&app.pool, place).await?;
    story.decided_at = decided_at.map(feed::moment);
    if let Some(order) = story.order_id {
        let order = orders::order(&app.pool, order).await?;
        order.iter().for_each(|order| story.tell_order(order));
    }
    Ok(([(header::CACHE_CONTROL, NO_STORE)], Answer(story)))
}

/// Another record may stand where that of a ticket was, which was lost with its stream.
fn is_given_up(status: &TicketStatus) -> bool {
    matches!(
        status,
        TicketStatus::Lost {
            reason: Reason::Adopted,
            ..
        }
    )
}

impl Story {
    fn at(place: Place, ticket: Ticket) -> Self {
        Self {
            ticket: ticket.uuid(),
            partition: place.partition.get(),
            seq: place.seq.get(),
            index: place.index,
            ..Self::default()
        }
    }

    fn tell_status(&mut self, status: &TicketStatus) {
        match *status {
            TicketStatus::Queued { .. } => self.ruling = "queued",
            TicketStatus::Won {
                sale_id,
                order_id,
                replay,
            } => {
                self.ruling = if replay { "replay" } else { "won" };
                self.sale_id = Some(sale_id);
                self.order_id = Some(order_id.uuid());
            }
            TicketStatus::Lost { sale_id, reason } => {
                self.ruling = match reason {
                    Reason::Adopted => "adopted",
                    Reason::Ruled(lost) => lost.as_str(),
                };
                self.sale_id = sale_id;
            }
        }
    }

    async fn tell_record(&mut self, app: &App, place: Place) {
        match app.records.purchase(place).await {
            Ok(Some(Logged {
                purchase,
                subject,
                at,
            })) => {
                self.record = Recorded::Read;
                self.sale_id = Some(subject.sale);
                self.shopper_id = Some(purchase.shopper.uuid());
                self.received_at = Some(purchase.received_at_ms);
                self.logged_at = Some(at);
            }
            Ok(None) => {}
            Err(error) => {
                warn!(%place, error = %format!("{error:#}"), "cannot look a record up");
                self.record = Recorded::Unavailable;
            }
        }
    }

    fn tell_order(&mut self, order: &OrderRow) {
        self.shopper_id = Some(order.shopper_id);
        self.cancelled_at = order.cancelled_at.map(feed::moment);
    }
}
