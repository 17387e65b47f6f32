//! `POST /v1/sales/{sale}/purchases`: the front door.

use axum::Json as Answer;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sale::{KeyHash, Place, Purchase, Sale, SaleId, ShopperId, Ticket};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::session::Shopper;
use crate::app::App;
use crate::buying::keys::Key;
use crate::buying::repeats::{self, Earlier};
use crate::front_door::client_address::Visit;
use crate::openapi::{Always, Body, Logged, SignedIn};
use crate::problem::{Details, Problem};
use crate::request::asked::Named;
use crate::request::idempotency_key;
use crate::request::json::Json;

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
        (status = 202, description = "Durable; the ticket tells the result. A repeated key may get the ticket it has.", body = Accepted, headers(
            ("RateLimit" = String, description = "What is left of the nearest limit: `\"shopper\";r=19;t=1`"),
            ("RateLimit-Policy" = String, description = "Its terms: `\"shopper\";q=20;w=2`"),
        )),
        (status = 404, description = "`unknown-sale`", body = Details, content_type = "application/problem+json"),
        (status = 409, description = "`not-started`, `paused`, `sold-out`, `ended` or `closed`: nothing was accepted now. Whoever missed the answer to an earlier request finds what it won in `orders/mine`.", body = Details, content_type = "application/problem+json"),
        Body, SignedIn, Always,
        (status = 422, description = "`invalid`, or `key-reused`: the key stands for a request with another quantity.", body = Details, content_type = "application/problem+json"),
        Logged,
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn create(
    State(app): State<App>,
    Named(sale): Named,
    visit: Visit,
    Shopper(shopper): Shopper,
    request: Request,
) -> Result<Response, Problem> {
    let sale: SaleId = sale.parse().map_err(|_| Problem::UnknownSale)?;
    let given = idempotency_key::given(request.headers())?;
    let made = given.is_none();
    let name = given.unwrap_or_else(|| Uuid::new_v4().to_string());
    let key = Key {
        sale,
        shopper,
        hash: KeyHash::of(&name),
    };
    let known = app.feed.sale(sale).ok_or(Problem::UnknownSale)?;
    let buying = async {
        let allowance = app.rate_limits.purchase(&visit, shopper)?;
        let place = place(&app, &known, key, made, request)
            .await
            .map_err(|problem| problem.with_key(&name))?;
        Ok((allowance, accepted(&app, place, sale, name)?).into_response())
    };
    let bought: Result<Response, Problem> = buying.await;
    bought.inspect_err(|problem| app.traffic.refused(sale, problem.code()))
}

/// Where the purchase stands in the log: where an earlier request with its key has put it, or a
/// new place.
async fn place(
    app: &App,
    sale: &Sale,
    key: Key,
    made: bool,
    request: Request,
) -> Result<Place, Problem> {
    // A key that is known is answered by what it stands for; whoever is turned away with a new one
    // costs no parsing.
    let is_known = !made && app.keys.recall(&key).is_some();
    let (earlier, unread) = if is_known {
        one_unit(app, &key, request).await?;
        (repeats::earlier(app, &key).await?, None)
    } else {
        (Earlier::Nothing, Some(request))
    };
    if let Earlier::Logged(place) = earlier {
        return Ok(place);
    }
    earlier.weigh(admit(app, sale, key.shopper))?;
    if let Some(request) = unread {
        one_unit(app, &key, request).await?;
    }
    let purchase = Purchase {
        shopper: key.shopper,
        key: key.hash,
        received_at_ms: feed::now(),
    };
    if made {
        repeats::log_new(app, key, purchase).await
    } else {
        repeats::log(app, key, purchase, earlier == Earlier::Unknown).await
    }
}

fn admit(app: &App, sale: &Sale, shopper: ShopperId) -> Result<(), Problem> {
    app.pausing.admit(sale.id)?;
    app.admission
        .admit(sale, shopper, &app.feed, &app.publisher)
}

fn accepted(app: &App, place: Place, sale: SaleId, key: String) -> Result<Response, Problem> {
    let ticket = app.ticket(place)?;
    let (ahead, wait_ms) = app.feed.standing(place.partition).map_or((0, 0), |now| {
        let ahead = now.ahead_of(place);
        (ahead, now.wait_ms(ahead))
    });
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
    Ok((StatusCode::ACCEPTED, headers, Answer(accepted)).into_response())
}

/// Reads the body. Every purchase that is remembered is of one unit; under its key anything else
/// is another request.
async fn one_unit(app: &App, key: &Key, request: Request) -> Result<(), Problem> {
    let Json(wish) = Json::<Wish>::from_request(request, app).await?;
    if wish.quantity == 1 {
        return Ok(());
    }
    if app.keys.recall(key).is_none() {
        return Err(Problem::Invalid(
            "quantity must be 1: one purchase is one unit".into(),
        ));
    }
    repeats::count("reused");
    Err(Problem::KeyReused)
}

fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("a path of a UUID is a header value")
}
