//! `POST /v1/sales/{sale}/purchases`: the front door.

use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use sale::{KeyHash, Purchase, SaleId, Ticket};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::admission;
use crate::app::App;
use crate::batcher::Unlogged;
use crate::idempotency_key;
use crate::json::Json;
use crate::openapi::{Always, Body, Logged, SignedIn};
use crate::problem::{Details, Problem};
use crate::publisher::Refusal;
use crate::session::Shopper;

/// The body of a purchase. May be `{}`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Purchase)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    /// One purchase is one unit; a shopper who may hold more sends more.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 1)]
    quantity: u32,
}

fn one() -> u32 {
    1
}

/// A purchase that is in the log for good.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// Where to ask what became of it; the order's id, should it win.
    ticket: Ticket,
    sale_id: SaleId,
    /// The same key never buys twice.
    key: String,
    /// Purchases that will be decided before it; an estimate.
    ahead: u64,
    /// Milliseconds until it is decided; an estimate.
    wait_ms: u64,
}

/// Buy one unit
///
/// `202` means that the purchase is durable and will be decided in the order of the log. It never means "won".
#[utoipa::path(
    post, path = "/v1/sales/{sale}/purchases", operation_id = "buy", tag = "buy",
    params(
        ("sale" = Uuid, Path, description = "The sale's id"),
        idempotency_key::IdempotencyKey,
    ),
    request_body = Wish,
    responses(
        (status = 202, description = "Durable; the ticket tells the result.", body = Accepted),
        (status = 404, description = "`unknown-sale`", body = Details, content_type = "application/problem+json"),
        (status = 409, description = "`not-started`, `paused`, `sold-out`, `ended` or `closed`", body = Details, content_type = "application/problem+json"),
        Body, SignedIn, Always, Logged,
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn create(
    State(app): State<App>,
    Path(sale): Path<String>,
    Shopper(shopper): Shopper,
    headers: HeaderMap,
    Json(wish): Json<Wish>,
) -> Result<impl IntoResponse, Problem> {
    let sale: SaleId = sale.parse().map_err(|_| Problem::UnknownSale)?;
    if wish.quantity != 1 {
        return Err(Problem::Invalid(
            "quantity must be 1: one purchase is one unit".into(),
        ));
    }
    let key = idempotency_key::given(&headers)?.unwrap_or_else(|| Uuid::new_v4().to_string());
    let known = app.feed.sale(sale).ok_or(Problem::UnknownSale)?;
    app.rate_limits.purchase(shopper)?;
    let standing = app.admission.admit(&known, &app.feed, &app.publisher)?;

    let purchase = Purchase {
        shopper,
        key: KeyHash::of(&key),
        received_at_ms: feed::now(),
    };
    let place = app
        .batchers
        .log(sale, purchase)
        .await
        .map_err(|why| refuse(why, &key))?;

    // An operator may have begun another one while the record was on its way.
    let generation = app.feed.generation_at(place).unwrap_or(standing.generation);
    let ticket = app.tickets.current().seal(place, generation);
    let ahead = app
        .feed
        .standing(place.partition)
        .map_or(0, |now| now.ahead_of(place));
    let wait_ms = standing.wait_ms(ahead);
    metrics::counter!("ingress_accepted_total").increment(1);
    let headers = [
        (header::LOCATION, text(&format!("/v1/tickets/{ticket}"))),
        (
            header::RETRY_AFTER,
            HeaderValue::from(wait_ms.div_ceil(1000).max(1)),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    let accepted = Accepted {
        ticket,
        sale_id: sale,
        key,
        ahead,
        wait_ms,
    };
    Ok((StatusCode::ACCEPTED, headers, Answer(accepted)))
}

fn refuse(why: Unlogged, key: &str) -> Problem {
    match why {
        Unlogged::Full | Unlogged::Refused(Refusal::Certain) => admission::busy(0),
        Unlogged::Refused(Refusal::Unknown) => Problem::OutcomeUnknown {
            key: Some(key.to_owned()),
        },
        Unlogged::Refused(Refusal::Halted) => Problem::Halted,
    }
}

fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("a path of a UUID is a header value")
}
