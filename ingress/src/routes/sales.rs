//! Sales: the list and one of them for everybody, opening one for operators.

use std::cmp::Reverse;
use std::str::FromStr;
use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use feed::SaleView;
use sale::{Action, Moment, Open, Partition, Price, Product, ProductId, Sale, SaleId, SaleState};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::accounts::session::Operator;
use crate::app::App;
use crate::commands::{Command, Commanded, command};
use crate::openapi::{Always, KeyedBody, Logged, OperatorsOnly};
use crate::problem::{Details, Problem};
use crate::request::asked::{Asked, Named};
use crate::request::derived;
use crate::request::idempotency_key;
use crate::request::json::Json;
use crate::request::text;
use crate::store::{catalogue, commands};

/// Hot reads may be this old: the page's live view comes over the WebSocket.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=1");

/// Most sales in one list.
const LIST_MAX: usize = 100;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    #[param(inline)]
    state: Option<Wanted>,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Wanted {
    /// Also paused and sold out: shoppers are there.
    Active,
    Upcoming,
    /// Also closed.
    Ended,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Sales)]
pub(crate) struct List {
    sales: Vec<SaleView>,
    #[serde(serialize_with = "feed::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    server_time: Moment,
}

/// All sales that anybody may see
#[utoipa::path(
    get, path = "/v1/sales", operation_id = "list_sales", tag = "catalogue",
    params(Filter),
    responses(
        (status = 200, description = "The latest first.", body = List),
        (status = 400, description = "`bad-request`: the query cannot be read.", body = Details, content_type = "application/problem+json"),
        Always,
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Asked(filter): Asked<Filter>,
) -> Result<impl IntoResponse, Problem> {
    let now = feed::now();
    let mut sales = app.feed.sales();
    let takes = |sale: &Sale| filter.state.is_none_or(|it| it.takes(sale.state(now)));
    sales.retain(|sale| takes(sale));
    sales.sort_unstable_by_key(|sale| Reverse((sale.starts_at_ms, sale.id)));
    sales.truncate(LIST_MAX);
    let sales = sales.iter().map(|sale| SaleView::of(sale, now)).collect();
    let headers = [(header::CACHE_CONTROL, CACHE_CONTROL)];
    Ok((
        headers,
        Answer(List {
            sales,
            server_time: now,
        }),
    ))
}

impl Wanted {
    const fn takes(self, state: SaleState) -> bool {
        match state {
            SaleState::Active | SaleState::Paused | SaleState::SoldOut => {
                matches!(self, Self::Active)
            }
            SaleState::Upcoming => matches!(self, Self::Upcoming),
            SaleState::Ended | SaleState::Closed => matches!(self, Self::Ended),
        }
    }
}

/// One sale
#[utoipa::path(
    get, path = "/v1/sales/{sale}", operation_id = "show_sale", tag = "catalogue",
    params(("sale" = Uuid, Path, description = "The sale's id")),
    responses(
        (status = 200, description = "As it stands; may be a second old.", body = SaleView),
        (status = 304, description = "As `If-None-Match` knows it."),
        (status = 404, description = "`unknown-sale`", body = Details, content_type = "application/problem+json"),
        Always,
    ),
)]
pub(crate) async fn show(
    State(app): State<App>,
    Named(sale): Named,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let sale = known_sale(&app, &sale)?;
    let view = SaleView::of(&sale, feed::now());
    // The state changes with time as well as with the log. Weak, for `server_time` always changes.
    let tag = format!(
        "W/\"{}-{}-{}\"",
        view.revision,
        view.version,
        view.state.as_str()
    );
    let etag = HeaderValue::from_str(&tag).map_err(anyhow::Error::from)?;
    let headers = [(header::CACHE_CONTROL, CACHE_CONTROL), (header::ETAG, etag)];
    if is_known(&asked, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Ok((headers, Answer(view)).into_response())
}

/// Whether `If-None-Match` lists a tag, by the weak comparison (RFC 9110, 13.1.2): caches on the way
/// may have weakened it, or know several.
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let lists = asked.get_all(header::IF_NONE_MATCH).into_iter();
    lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','))
        .any(|known| opaque(known) == opaque(tag) || known.trim() == "*")
}

/// The terms of a new sale, as an operator gives them.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewSale)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    product_id: Uuid,
    #[schema(maximum = 10_000_000)]
    stock: u32,
    #[schema(minimum = 1, maximum = 100)]
    unit_limit: u16,
    price: Price,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    starts_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    ends_at: OffsetDateTime,
    /// Why; for the audit trail.
    #[serde(default)]
    #[schema(
        max_length = 500,
        pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$"
    )]
    reason: Option<String>,
}

/// Open a sale
///
/// Its window makes it upcoming or active. Logged, then waited for.
#[utoipa::path(
    post, path = "/v1/sales", operation_id = "open_sale", tag = "operate",
    params(crate::request::idempotency_key::IdempotencyKey),
    request_body = Terms,
    responses(
        (status = 201, description = "The sale.", body = SaleView),
        (status = 202, description = "Logged; it will be decided. `Location` is where it will be."),
        (status = 409, description = "`already-open` or `adopted`: another command opened it, or this one was lost with its log.", body = Details, content_type = "application/problem+json"),
        KeyedBody, OperatorsOnly, Always, Logged,
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn open(
    State(app): State<App>,
    operator: Operator,
    headers: HeaderMap,
    Json(terms): Json<Terms>,
) -> Result<Response, Problem> {
    let key = idempotency_key::given(&headers)?;
    let reason = text::reason(terms.reason.clone())?;
    let open = terms.check(&app).await?;
    let sale = match &key {
        Some(key) => keyed_sale_id(&app, &operator, key).await?,
        None => new_sale_id(&app)?,
    };
    let wish = Command {
        sale,
        action: Action::Open(open),
        reason,
        key,
    };
    let commanded = command(&app, &operator, wish).await?;
    let location =
        HeaderValue::from_str(&format!("/v1/sales/{sale}")).map_err(anyhow::Error::from)?;
    let headers = [(header::LOCATION, location)];
    Ok((headers, answer(commanded, StatusCode::CREATED)).into_response())
}

impl Terms {
    async fn check(self, app: &App) -> Result<Open, Problem> {
        let id = ProductId::new(self.product_id);
        let product = catalogue::product(&app.pool, id).await?;
        let product =
            product.ok_or_else(|| Problem::Invalid("product_id names no product".into()))?;
        let open = Open {
            product: Product {
                id,
                name: product.name,
            },
            price: self.price,
            stock: self.stock,
            unit_limit: self.unit_limit,
            starts_at_ms: feed::moment(self.starts_at),
            ends_at_ms: feed::moment(self.ends_at),
        };
        match open.check() {
            Ok(()) => Ok(open),
            Err(error) => Err(Problem::Invalid(error.to_string())),
        }
    }
}

/// The sale as a command left it, or that it is not decided yet.
pub(crate) fn answer(commanded: Commanded, done: StatusCode) -> Response {
    match commanded {
        Commanded::Applied(sale) => {
            (done, Answer(SaleView::of(&sale, feed::now()))).into_response()
        }
        Commanded::Logged => StatusCode::ACCEPTED.into_response(),
    }
}

pub(crate) fn known_sale(app: &App, id: &str) -> Result<Arc<Sale>, Problem> {
    let id = SaleId::from_str(id).map_err(|_| Problem::UnknownSale)?;
    app.feed.sale(id).ok_or(Problem::UnknownSale)
}

/// A new sale goes to any partition that runs: partitions are equals.
fn new_sale_id(app: &App) -> Result<SaleId, Problem> {
    let running: Vec<Partition> = app
        .feed
        .standings()
        .into_iter()
        .filter(|(_, standing)| standing.halted.is_none())
        .map(|(partition, _)| partition)
        .collect();
    let random: u64 = rand::random();
    let chosen = running.get(rand::random_range(0..running.len().max(1)));
    Ok(SaleId::new(
        *chosen.ok_or(Problem::Halted)?,
        feed::now(),
        random,
    ))
}

/// The sale of an operator's key: the one it opened before, else the one that it leads to at every
/// replica. The partition is the key's, even while it stands still.
async fn keyed_sale_id(app: &App, operator: &Operator, key: &str) -> Result<SaleId, Problem> {
    let standings = app.feed.standings().into_iter();
    let partitions: Vec<Partition> = standings.map(|(partition, _)| partition).collect();
    let candidates = derived::sales(&operator.name, key, &partitions);
    let opened = commands::opened_among(&app.pool, &candidates).await?;
    let sale = opened.or_else(|| candidates.first().copied());
    sale.ok_or(Problem::Halted)
}
