//! What a shopper holds, from Postgres: the truth after an unknown outcome.

use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use sale::{Moment, SaleId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::openapi::{Always, SignedIn};
use crate::problem::{Details, Problem};
use crate::session::Shopper;
use crate::store;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Orders {
    orders: Vec<Order>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Order {
    id: Uuid,
    sale_id: SaleId,
    #[serde(serialize_with = "feed::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    ordered_at: Moment,
}

/// My orders in one sale
#[utoipa::path(
    get, path = "/v1/sales/{sale}/orders/mine", operation_id = "list_my_orders_in_sale", tag = "results",
    params(("sale" = Uuid, Path, description = "The sale's id")),
    responses(
        (status = 200, description = "The orders that stand.", body = Orders),
        (status = 404, description = "`unknown-sale`", body = Details, content_type = "application/problem+json"),
        SignedIn, Always,
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
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
