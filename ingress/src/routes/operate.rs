//! What operators do to a sale and its orders. Each is a command: logged, then waited for.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use feed::SaleView;
use sale::{Action, Change, Open, STOCK_MAX, Sale, SaleId, Ticket};
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::accounts::session::Operator;
use crate::app::App;
use crate::commands::{Command, Commanded, command};
use crate::openapi::{Always, KeyedBody, Logged, OperatorsOnly};
use crate::problem::{Details, Problem};
use crate::request::asked::Named;
use crate::request::idempotency_key;
use crate::request::json::Json;
use crate::request::text;
use crate::routes::orders::{NO_STORE, OwnedOrder, known_order};
use crate::routes::sales::{answer, known_sale};

/// Why an operator does something; need not be said.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Why {
    /// For the audit trail.
    #[serde(default)]
    #[schema(
        max_length = 500,
        pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$"
    )]
    reason: Option<String>,
}

/// New terms; what is absent stays. At least one of them.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ChangedTerms)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTerms {
    /// Only while the sale has not begun.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Option<OffsetDateTime>,
    /// Only while the sale has not ended, and not into the past.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<OffsetDateTime>,
    /// Only upward.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100)]
    unit_limit: Option<u16>,
    /// For the audit trail.
    #[serde(default)]
    #[schema(
        max_length = 500,
        pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$"
    )]
    reason: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Restock {
    /// All units, sold ones included.
    #[schema(maximum = 10_000_000)]
    stock: u32,
    /// The sale's version as the operator saw it.
    version: u32,
    /// For the audit trail.
    #[serde(default)]
    #[schema(
        max_length = 500,
        pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$"
    )]
    reason: Option<String>,
}

/// Change a sale's window or limit
#[utoipa::path(
    patch, path = "/v1/sales/{sale}", operation_id = "change_sale", tag = "operate",
    params(
        ("sale" = Uuid, Path, description = "The sale's id"),
        crate::request::idempotency_key::IdempotencyKey,
    ),
    request_body = NewTerms,
    responses(
        (status = 200, description = "Done; the sale.", body = SaleView),
        (status = 202, description = "Logged; it will be decided."),
        (status = 404, description = "`unknown-sale`", body = Details, content_type = "application/problem+json"),
        (status = 409, description = "`window-passed`, `limit-lowered`, `closed` or `adopted`", body = Details, content_type = "application/problem+json"),
        KeyedBody, OperatorsOnly, Always, Logged,
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn change(
    State(app): State<App>,
    operator: Operator,
    Named(sale): Named,
    headers: HeaderMap,
    Json(terms): Json<NewTerms>,
) -> Result<Response, Problem> {
    let sale = known_sale(&app, &sale)?;
    let change = terms.check(&sale)?;
    let action = Action::Change(change);
    act(&app, &operator, sale.id, action, terms.reason, &headers).await
}

impl NewTerms {
    /// The very check that the log's reader makes, on the sale as it would be.
    fn check(&self, sale: &Sale) -> Result<Change, Problem> {
        let change = Change {
            starts_at_ms: self.starts_at.map(feed::moment),
            ends_at_ms: self.ends_at.map(feed::moment),
            unit_limit: self.unit_limit,
        };
        if change == Change::default() {
            return Err(Problem::Invalid(
                "one of starts_at, ends_at and unit_limit is needed".into(),
            ));
        }
        let changed = Open {
            product: sale.product.clone(),
            price: sale.price.clone(),
            stock: sale.stock,
            unit_limit: change.unit_limit.unwrap_or(sale.unit_limit),
            starts_at_ms: change.starts_at_ms.unwrap_or(sale.starts_at_ms),
            ends_at_ms: change.ends_at_ms.unwrap_or(sale.ends_at_ms),
        };
        match changed.check() {
            Ok(()) => Ok(change),
            Err(error) => Err(Problem::Invalid(error.to_string())),
        }
    }
}

/// Describes and makes the commands that are nothing but a word.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident, $path:literal, $id:literal, $refused:literal, $action:expr;)+) => {$(
        $(#[$doc])*
        #[utoipa::path(
            post, path = $path, operation_id = $id, tag = "operate",
            params(
                ("sale" = Uuid, Path, description = "The sale's id"),
                crate::request::idempotency_key::IdempotencyKey,
            ),
            request_body = Option<Why>,
            responses(
                (status = 200, description = "Done; the sale.", body = SaleView),
                (status = 202, description = "Logged; it will be decided."),
                (status = 404, description = "`unknown-sale`", body = Details, content_type = "application/problem+json"),
                (status = 409, description = $refused, body = Details, content_type = "application/problem+json"),
                KeyedBody, OperatorsOnly, Always, Logged,
            ),
            security(("bearer" = []), ("cookie" = [])),
        )]
        pub(crate) async fn $name(
            State(app): State<App>,
            operator: Operator,
            Named(sale): Named,
            headers: HeaderMap,
            why: Option<Json<Why>>,
        ) -> Result<Response, Problem> {
            let sale = known_sale(&app, &sale)?;
            let reason = why.and_then(|Json(why)| why.reason);
            act(&app, &operator, sale.id, $action, reason, &headers).await
        }
    )+};
}

words! {
    /// Pause a sale
    ///
    /// Purchases are refused from now on; what was logged before is still decided.
    pause, "/v1/sales/{sale}/pause", "pause_sale", "`closed` or `adopted`: the sale is closed for good, or the command was lost with its log.", Action::Pause {};
    /// Resume a sale
    resume, "/v1/sales/{sale}/resume", "resume_sale", "`closed` or `adopted`: the sale is closed for good, or the command was lost with its log.", Action::Resume {};
    /// Close a sale for good
    close, "/v1/sales/{sale}/close", "close_sale", "`closed` or `adopted`: it is already, or the command was lost with its log.", Action::Close {};
}

/// Set a sale's stock
///
/// Absolutely, against the version that was seen; never below what is sold.
#[utoipa::path(
    post, path = "/v1/sales/{sale}/restock", operation_id = "restock_sale", tag = "operate",
    params(
        ("sale" = Uuid, Path, description = "The sale's id"),
        crate::request::idempotency_key::IdempotencyKey,
    ),
    request_body = Restock,
    responses(
        (status = 200, description = "Done; the sale.", body = SaleView),
        (status = 202, description = "Logged; it will be decided."),
        (status = 404, description = "`unknown-sale`", body = Details, content_type = "application/problem+json"),
        (status = 409, description = "`stale-version`, `below-sold`, `closed` or `adopted`", body = Details, content_type = "application/problem+json"),
        KeyedBody, OperatorsOnly, Always, Logged,
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn restock(
    State(app): State<App>,
    operator: Operator,
    Named(sale): Named,
    headers: HeaderMap,
    Json(Restock {
        stock,
        version,
        reason,
    }): Json<Restock>,
) -> Result<Response, Problem> {
    let sale = known_sale(&app, &sale)?;
    if stock > STOCK_MAX {
        return Err(Problem::Invalid(format!("stock is at most {STOCK_MAX}")));
    }
    let action = Action::Restock { stock, version };
    act(&app, &operator, sale.id, action, reason, &headers).await
}

/// Take an order back
///
/// Its unit is for sale again, and its shopper may buy again.
#[utoipa::path(
    post, path = "/v1/orders/{order}/cancel", operation_id = "cancel_order", tag = "operate",
    params(
        ("order" = Uuid, Path, description = "The order's id"),
        crate::request::idempotency_key::IdempotencyKey,
    ),
    request_body = Option<Why>,
    responses(
        (status = 200, description = "Done; the order.", body = OwnedOrder),
        (status = 202, description = "Logged; it will be decided."),
        (status = 404, description = "`unknown-order`", body = Details, content_type = "application/problem+json"),
        (status = 409, description = "`already-cancelled` or `adopted`", body = Details, content_type = "application/problem+json"),
        KeyedBody, OperatorsOnly, Always, Logged,
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn cancel(
    State(app): State<App>,
    operator: Operator,
    Named(order): Named,
    headers: HeaderMap,
    why: Option<Json<Why>>,
) -> Result<Response, Problem> {
    let row = known_order(&app, &order).await?;
    let sale = SaleId::try_from(row.sale_id).map_err(anyhow::Error::from)?;
    let place = Ticket::from_order_id(row.id).claimed_place();
    let wish = Command {
        sale,
        action: Action::Cancel {
            seq: place.seq,
            index: place.index,
        },
        reason: text::reason(why.and_then(|Json(why)| why.reason))?,
        key: idempotency_key::given(&headers)?,
    };
    match command(&app, &operator, wish).await? {
        Commanded::Applied(_) => {
            let row = known_order(&app, &order).await?;
            let headers = [(header::CACHE_CONTROL, NO_STORE)];
            Ok((headers, Answer(OwnedOrder::from(&row))).into_response())
        }
        Commanded::Logged => Ok(StatusCode::ACCEPTED.into_response()),
    }
}

async fn act(
    app: &App,
    operator: &Operator,
    sale: SaleId,
    action: Action,
    reason: Option<String>,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let wish = Command {
        sale,
        action,
        reason: text::reason(reason)?,
        key: idempotency_key::given(headers)?,
    };
    let commanded = command(app, operator, wish).await?;
    Ok(answer(commanded, StatusCode::OK))
}
