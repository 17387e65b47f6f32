//! Sales: the list and one of them for everybody, open and close for operators.

use std::str::FromStr;

use axum::Json as Answer;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use feed::SaleView;
use sale::{Action, Moment, Open, Partition, Price, Product, ProductId, Sale, SaleId, SaleState};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::app::App;
use crate::commands::{Commanded, command};
use crate::json::Json;
use crate::openapi::{Always, Body, OperatorsOnly};
use crate::problem::{Details, Problem};
use crate::session::Operator;
use crate::store;

/// Hot reads may be this old: the page's live view comes over the WebSocket.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=1");

/// Most sales in one list.
const LIST_MAX: usize = 100;

/// Longest reason an operator may give.
const REASON_CHARS_MAX: usize = 500;

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
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<impl IntoResponse, Problem> {
    let Query(filter) = filter.map_err(|error| Problem::BadRequest(error.body_text()))?;
    let now = feed::now();
    let mut sales: Vec<SaleView> = app
        .feed
        .sales()
        .iter()
        .map(|sale| SaleView::of(sale, now))
        .collect();
    sales.retain(|sale| filter.state.is_none_or(|wanted| wanted.takes(sale.state)));
    sales.sort_by_key(|sale| std::cmp::Reverse((sale.starts_at, sale.id)));
    sales.truncate(LIST_MAX);
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
    Path(sale): Path<String>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let sale = known_sale(&app, &sale)?;
    let view = SaleView::of(&sale, feed::now());
    // The state changes with time as well as with the log.
    let tag = format!(
        "\"{}-{}-{}\"",
        view.revision,
        view.version,
        view.state.as_str()
    );
    let etag = HeaderValue::from_str(&tag).map_err(anyhow::Error::from)?;
    let unchanged = asked
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| *known == etag);
    let headers = [(header::CACHE_CONTROL, CACHE_CONTROL), (header::ETAG, etag)];
    if unchanged {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Ok((headers, Answer(view)).into_response())
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
}

/// Open a sale
///
/// Its window makes it upcoming or active. Logged, then waited for.
#[utoipa::path(
    post, path = "/v1/sales", operation_id = "open_sale", tag = "operate",
    request_body = Terms,
    responses(
        (status = 201, description = "The sale.", body = SaleView),
        (status = 202, description = "Logged; it will be decided."),
        Body, OperatorsOnly, Always,
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn open(
    State(app): State<App>,
    operator: Operator,
    Json(terms): Json<Terms>,
) -> Result<Response, Problem> {
    let product_id = ProductId::new(terms.product_id);
    let name = store::product_name(&app.pool, product_id)
        .await?
        .ok_or_else(|| Problem::Invalid("product_id names no product".into()))?;
    let open = Open {
        product: Product {
            id: product_id,
            name,
        },
        price: terms.price,
        stock: terms.stock,
        unit_limit: terms.unit_limit,
        starts_at_ms: feed::moment(terms.starts_at),
        ends_at_ms: feed::moment(terms.ends_at),
    };
    open.check()
        .map_err(|error| Problem::Invalid(error.to_string()))?;
    let sale = new_sale_id(&app)?;
    let commanded = command(&app, &operator, sale, Action::Open(open), None).await?;
    let location =
        HeaderValue::from_str(&format!("/v1/sales/{sale}")).map_err(anyhow::Error::from)?;
    Ok((
        [(header::LOCATION, location)],
        answer(commanded, StatusCode::CREATED),
    )
        .into_response())
}

/// Why an operator does something; need not be said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Why {
    #[serde(default)]
    reason: Option<String>,
}

/// Close a sale for good
#[utoipa::path(
    post, path = "/v1/sales/{sale}/close", operation_id = "close_sale", tag = "operate",
    params(("sale" = Uuid, Path, description = "The sale's id")),
    request_body = Option<Why>,
    responses(
        (status = 200, description = "Done; the sale.", body = SaleView),
        (status = 202, description = "Logged; it will be decided."),
        (status = 404, description = "`unknown-sale`", body = Details, content_type = "application/problem+json"),
        (status = 409, description = "`closed`: it is already.", body = Details, content_type = "application/problem+json"),
        Body, OperatorsOnly, Always,
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn close(
    State(app): State<App>,
    Path(sale): Path<String>,
    operator: Operator,
    why: Option<Json<Why>>,
) -> Result<Response, Problem> {
    let sale = known_sale(&app, &sale)?;
    let reason = why.and_then(|Json(why)| why.reason);
    if reason
        .as_ref()
        .is_some_and(|reason| reason.chars().count() > REASON_CHARS_MAX)
    {
        return Err(Problem::Invalid(format!(
            "a reason has at most {REASON_CHARS_MAX} characters"
        )));
    }
    let commanded = command(&app, &operator, sale.id, Action::Close {}, reason).await?;
    Ok(answer(commanded, StatusCode::OK))
}

fn answer(commanded: Commanded, done: StatusCode) -> Response {
    match commanded {
        Commanded::Applied(sale) => {
            (done, Answer(SaleView::of(&sale, feed::now()))).into_response()
        }
        Commanded::Logged => StatusCode::ACCEPTED.into_response(),
    }
}

fn known_sale(app: &App, id: &str) -> Result<std::sync::Arc<Sale>, Problem> {
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
