//! `GET /v1/tickets/{ticket}`: what has become of a purchase. Always 200 for a real ticket.

use std::time::Duration;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::IntoResponse;
use feed::{TicketStatus, Waited};
use sale::{Place, Ticket};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::openapi::Always;
use crate::problem::{Details, Problem};
use crate::request::asked::{Asked, Named};

/// Longest a poll may wait: below the 30 s after which proxies commonly hang up.
const WAIT_S_MAX: u32 = 20;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Poll {
    /// Seconds to wait for a decision before answering `queued`.
    #[serde(default)]
    #[param(maximum = 20)]
    wait: u32,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketView)]
pub(crate) struct Status {
    ticket: Ticket,
    #[serde(flatten)]
    status: TicketStatus,
}

/// What has become of a purchase
///
/// Needs no session: a ticket is a capability.
#[utoipa::path(
    get, path = "/v1/tickets/{ticket}", operation_id = "show_ticket", tag = "results",
    params(("ticket" = uuid::Uuid, Path, description = "From the `202` of a purchase"), Poll),
    responses(
        (status = 200, description = "Where it stands. While `queued`, `Retry-After` says when to ask again.", body = Status),
        (status = 400, description = "`bad-request`: the query cannot be read.", body = Details, content_type = "application/problem+json"),
        (status = 404, description = "`bad-ticket`: not one of ours.", body = Details, content_type = "application/problem+json"),
        Always,
    ),
)]
pub(crate) async fn show(
    State(app): State<App>,
    Named(ticket): Named,
    Asked(poll): Asked<Poll>,
) -> Result<impl IntoResponse, Problem> {
    if poll.wait > WAIT_S_MAX {
        return Err(Problem::BadRequest(format!("wait is 0 to {WAIT_S_MAX}")));
    }
    let ticket: Ticket = ticket.parse().map_err(|_| Problem::BadTicket)?;
    let place = app
        .feed
        .open(&app.tickets, ticket)
        .ok_or(Problem::BadTicket)?;

    let patience = Duration::from_secs(poll.wait.into());
    let status = wait(&app, ticket, place, patience).await?;

    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let TicketStatus::Queued { wait_ms, .. } = status {
        headers.insert(
            header::RETRY_AFTER,
            HeaderValue::from(wait_ms.div_ceil(1000).max(1)),
        );
    }
    Ok((headers, Answer(Status { ticket, status })))
}

async fn wait(
    app: &App,
    ticket: Ticket,
    place: Place,
    patience: Duration,
) -> Result<TicketStatus, Problem> {
    if patience.is_zero() {
        return Ok(app.feed.status(ticket, place).await?);
    }
    match app.feed.wait(ticket, place).await? {
        Waited::Decided(status) => Ok(status),
        Waited::Queued(_, decision) => match tokio::time::timeout(patience, decision).await {
            Ok(Ok(verdict)) => Ok(verdict.status),
            Ok(Err(_)) | Err(_) => Ok(app.feed.status(ticket, place).await?),
        },
    }
}
