//! What a shopper holds, from Postgres: the truth after an unknown outcome.

use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use sale::{Moment, SaleId};
use serde::Serialize;
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;
use crate::session::Shopper;
use crate::store;

#[derive(Debug, Serialize)]
pub(crate) struct Orders {
    orders: Vec<Order>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Order {
    id: Uuid,
    sale_id: SaleId,
    #[serde(serialize_with = "feed::rfc3339")]
    ordered_at: Moment,
}

pub(crate) async fn mine(
    State(app): State<App>,
    Path(sale): Path<String>,
    Shopper(shopper): Shopper,
) -> Result<impl IntoResponse, Problem> {
    let sale_id: SaleId = sale.parse().map_err(|_| Problem::UnknownSale)?;
    app.feed.sale(sale_id).ok_or(Problem::UnknownSale)?;
    let rows = store::orders_of(&app.pool, sale_id, shopper).await?;
    let orders = rows
        .into_iter()
        .map(|row| Order {
            id: row.id,
            sale_id,
            ordered_at: row.ordered_at,
        })
        .collect();
    let headers = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((headers, Answer(Orders { orders })))
}
