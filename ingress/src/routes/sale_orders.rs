//! What a sale sold, for operators: page by page, or all of it as CSV.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Json as Answer;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use feed::Rfc3339;
use futures_util::{Stream, stream};
use sale::Sale;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tracing::error;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::accounts::session::Operator;
use crate::app::App;
use crate::csv;
use crate::openapi::{Always, OperatorsOnly};
use crate::pages::{self, List, Page, Position};
use crate::problem::{Details, Problem};
use crate::request::asked::{Asked, Named};
use crate::routes::orders::{NO_STORE, OwnedOrder};
use crate::routes::sales::known_sale;
use crate::store::orders::{OrderRow, orders_in};

/// Orders read at once for a download: 100 KiB of CSV, the most that one download holds in memory.
const DOWNLOAD_ROWS: i64 = 1_000;

/// How long those may take: who downloads waits, and a Postgres that has gone silent must not hold a
/// connection for as long as the client likes.
const READ_WITHIN: Duration = Duration::from_secs(10);

const COLUMNS: [&str; 8] = [
    "order_id",
    "sale_id",
    "product",
    "price_minor",
    "currency",
    "shopper_id",
    "ordered_at",
    "cancelled_at",
];

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SaleOrders {
    orders: Vec<OwnedOrder>,
    /// For the next page, as `?cursor=`; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// The `next_cursor` of the page before. Not for CSV, which has one page.
    cursor: Option<String>,
    /// 1 to 1000; 100 if not said. Not for CSV.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u16>,
    /// Wins over the header `Accept`.
    #[param(inline)]
    format: Option<Format>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Format {
    Json,
    Csv,
}

/// The orders of a sale
///
/// In the order of the log; cancelled ones included. As `text/csv` (by `Accept` or `?format=csv`) all of them in one answer,
/// else page by page.
#[utoipa::path(
    get, path = "/v1/sales/{sale}/orders", operation_id = "list_orders_of_sale", tag = "operate",
    params(("sale" = Uuid, Path, description = "The sale's id"), Wanted),
    responses(
        (status = 200, description = "A page, or the whole as CSV.", content(
            (SaleOrders = "application/json"),
            (String = "text/csv"),
        )),
        (status = 400, description = "`bad-request`: the query cannot be read, or the cursor is not of this list.", body = Details, content_type = "application/problem+json"),
        (status = 404, description = "`unknown-sale`", body = Details, content_type = "application/problem+json"),
        OperatorsOnly, Always,
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    _operator: Operator,
    Named(sale): Named,
    Asked(wanted): Asked<Wanted>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let sale = known_sale(&app, &sale)?;
    match wanted.format.unwrap_or_else(|| Format::accepted(&asked)) {
        Format::Csv if wanted.cursor.is_some() || wanted.limit.is_some() => Err(
            Problem::BadRequest("CSV has one page: no cursor and no limit".into()),
        ),
        Format::Csv => download(&app.pool, sale).await,
        Format::Json => page(&app, &sale, &wanted).await,
    }
}

impl Format {
    fn accepted(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(header::ACCEPT).into_iter();
        let mut kinds = accepted
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|range| range.split(';').next());
        match kinds.any(|kind| kind.trim().eq_ignore_ascii_case("text/csv")) {
            true => Self::Csv,
            false => Self::Json,
        }
    }
}

async fn page(app: &App, sale: &Sale, wanted: &Wanted) -> Result<Response, Problem> {
    let page = Page::asked(
        List::SaleOrders,
        Position::FIRST,
        wanted.cursor.as_deref(),
        wanted.limit.unwrap_or(pages::ROWS),
    )?;
    let mut rows = orders_in(&app.pool, sale.id, page.after.id, page.rows_to_read()).await?;
    let next_cursor = page.cut(&mut rows, OrderRow::position);
    let orders = SaleOrders {
        orders: rows.iter().map(OwnedOrder::from).collect(),
        next_cursor,
    };
    let headers = [
        (header::CACHE_CONTROL, NO_STORE),
        (header::VARY, HeaderValue::from_static("accept")),
    ];
    Ok((headers, Answer(orders)).into_response())
}

/// Reads the first orders before it answers, so that Postgres being away is told as such.
async fn download(pool: &PgPool, sale: Arc<Sale>) -> Result<Response, Problem> {
    let first = orders_in(pool, sale.id, Uuid::nil(), DOWNLOAD_ROWS).await?;
    let name = format!("attachment; filename=\"orders-{}.csv\"", sale.id);
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8; header=present"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_str(&name).map_err(anyhow::Error::from)?,
        ),
        (header::CACHE_CONTROL, NO_STORE),
        (header::VARY, HeaderValue::from_static("accept")),
    ];
    let mut heading = String::new();
    csv::line(&mut heading, COLUMNS);
    let body = Body::from_stream(lines(pool.clone(), sale, heading, first));
    Ok((headers, body).into_response())
}

/// What is left of a download: the text before the next rows, and those.
type Rest = (String, Vec<OrderRow>);

/// All lines, read as fast as the client takes them; no connection is held in between.
fn lines(
    pool: PgPool,
    sale: Arc<Sale>,
    heading: String,
    first: Vec<OrderRow>,
) -> impl Stream<Item = anyhow::Result<Bytes>> {
    stream::try_unfold(Some((heading, first)), move |rest: Option<Rest>| {
        let (pool, sale) = (pool.clone(), Arc::clone(&sale));
        async move {
            let Some((mut text, rows)) = rest else {
                return Ok(None);
            };
            for row in &rows {
                push_line(&mut text, &sale, row);
            }
            let rest = rest_after(&pool, &sale, &rows).await.inspect_err(|error| {
                // The answer is under way; all that can be done is to break it off visibly.
                error!(sale = %sale.id, error = %format!("{error:#}"), "a download broke off");
            })?;
            Ok(Some((Bytes::from(text), rest)))
        }
    })
}

async fn rest_after(pool: &PgPool, sale: &Sale, rows: &[OrderRow]) -> anyhow::Result<Option<Rest>> {
    match rows.last() {
        Some(last) if rows.len() as i64 == DOWNLOAD_ROWS => {
            let next = orders_in(pool, sale.id, last.id, DOWNLOAD_ROWS);
            let next = tokio::time::timeout(READ_WITHIN, next).await;
            let next = next.context("Postgres did not answer in time")??;
            Ok((!next.is_empty()).then(|| (String::new(), next)))
        }
        Some(_) | None => Ok(None),
    }
}

fn push_line(text: &mut String, sale: &Sale, row: &OrderRow) {
    let written = |at| Rfc3339(feed::moment(at)).to_string();
    csv::line(
        text,
        [
            row.id.to_string().as_str(),
            &row.sale_id.to_string(),
            &sale.product.name,
            &sale.price.amount_minor.to_string(),
            &sale.price.currency,
            &row.shopper_id.to_string(),
            &written(row.ordered_at),
            &row.cancelled_at.map(written).unwrap_or_default(),
        ],
    );
}
