//! What a shopper holds, from Postgres: the truth after an unknown outcome.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use sale::{Moment, SaleId, ShopperId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::session::{Operator, Shopper};
use crate::app::App;
use crate::openapi::{Always, SignedIn};
use crate::pages::{List, Wanted};
use crate::problem::{Details, Problem};
use crate::request::asked::{Asked, Named};
use crate::store::orders::{self, OrderRow};

/// What somebody holds is theirs alone.
pub(crate) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Orders {
    orders: Vec<Order>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderPage {
    orders: Vec<Order>,
    /// For the next page, as `?cursor=`; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// A unit that somebody bought.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Order {
    /// The ticket of the purchase that won it.
    id: Uuid,
    sale_id: Uuid,
    #[serde(serialize_with = "feed::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    ordered_at: Moment,
    /// When an operator took it back; absent while it stands.
    #[serde(
        serialize_with = "feed::optional_rfc3339",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    cancelled_at: Option<Moment>,
}

/// An order, and whose it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnedOrder {
    #[serde(flatten)]
    order: Order,
    shopper_id: ShopperId,
}

/// My orders
#[utoipa::path(
    get, path = "/v1/orders", operation_id = "list_my_orders", tag = "results",
    params(Wanted),
    responses(
        (status = 200, description = "A page, the newest first; cancelled orders included.", body = OrderPage),
        (status = 400, description = "`bad-request`: the query cannot be read, or the cursor is not of this list.", body = Details, content_type = "application/problem+json"),
        SignedIn, Always,
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Shopper(shopper): Shopper,
    Asked(wanted): Asked<Wanted>,
) -> Result<impl IntoResponse, Problem> {
    let page = wanted.page(List::MyOrders)?;
    let mut rows = orders::orders_of(&app.pool, shopper, &page).await?;
    let next_cursor = page.cut(&mut rows, OrderRow::position);
    let page = OrderPage {
        orders: rows.iter().map(Order::from).collect(),
        next_cursor,
    };
    Ok(([(header::CACHE_CONTROL, NO_STORE)], Answer(page)))
}

/// One order
///
/// One's own; operators see any.
#[utoipa::path(
    get, path = "/v1/orders/{order}", operation_id = "show_order", tag = "results",
    params(("order" = Uuid, Path, description = "The order's id: the ticket that won it")),
    responses(
        (status = 200, description = "The order.", body = OwnedOrder),
        (status = 404, description = "`unknown-order`: missing, or somebody else's.", body = Details, content_type = "application/problem+json"),
        SignedIn, Always,
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    Shopper(shopper): Shopper,
    operator: Result<Operator, Problem>,
    Named(order): Named,
) -> Result<impl IntoResponse, Problem> {
    let row = known_order(&app, &order).await?;
    if row.shopper_id != shopper.uuid() && operator.is_err() {
        return Err(Problem::UnknownOrder);
    }
    let headers = [(header::CACHE_CONTROL, NO_STORE)];
    Ok((headers, Answer(OwnedOrder::from(&row))))
}

/// My orders in one sale
#[utoipa::path(
    get, path = "/v1/sales/{sale}/orders/mine", operation_id = "list_my_orders_in_sale", tag = "results",
    params(("sale" = Uuid, Path, description = "The sale's id")),
    responses(
        (status = 200, description = "The orders that stand; never more than the sale's limit.", body = Orders),
        (status = 404, description = "`unknown-sale`", body = Details, content_type = "application/problem+json"),
        SignedIn, Always,
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn mine(
    State(app): State<App>,
    Named(sale): Named,
    Shopper(shopper): Shopper,
) -> Result<impl IntoResponse, Problem> {
    let sale: SaleId = sale.parse().map_err(|_| Problem::UnknownSale)?;
    app.feed.sale(sale).ok_or(Problem::UnknownSale)?;
    let rows = orders::standing_orders(&app.pool, sale, shopper).await?;
    let orders = rows.iter().map(Order::from).collect();
    Ok((
        [(header::CACHE_CONTROL, NO_STORE)],
        Answer(Orders { orders }),
    ))
}

/// The order of that id, whosever it is.
pub(crate) async fn known_order(app: &App, id: &str) -> Result<OrderRow, Problem> {
    let id = Uuid::try_parse(id).map_err(|_| Problem::UnknownOrder)?;
    let row = orders::order(&app.pool, id).await?;
    row.ok_or(Problem::UnknownOrder)
}

impl From<&OrderRow> for Order {
    fn from(row: &OrderRow) -> Self {
        Self {
            id: row.id,
            sale_id: row.sale_id,
            ordered_at: feed::moment(row.ordered_at),
            cancelled_at: row.cancelled_at.map(feed::moment),
        }
    }
}

impl From<&OrderRow> for OwnedOrder {
    fn from(row: &OrderRow) -> Self {
        Self {
            order: Order::from(row),
            shopper_id: ShopperId::new(row.shopper_id),
        }
    }
}
