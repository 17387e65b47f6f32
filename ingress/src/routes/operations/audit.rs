//! Who did what to which sale, why, and what came of it.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use sale::{Moment, SaleId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::accounts::session::Operator;
use crate::app::App;
use crate::openapi::{Always, OperatorsOnly};
use crate::pages::{self, List, Page, Position};
use crate::problem::{Details, Problem};
use crate::request::asked::Asked;
use crate::routes::orders::NO_STORE;
use crate::store::operations::{self, ActionRow};

/// A command of the log, with what was decided for it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OperatorAction)]
pub(crate) struct Acted {
    partition: i16,
    /// Its record.
    seq: i64,
    sale_id: Uuid,
    command_id: Uuid,
    /// Who.
    actor: String,
    /// What: `open`, `change`, `pause`, `resume`, `close`, `restock` or `cancel`.
    action: String,
    /// With which terms, as the log holds them; for an order that was cancelled, its place.
    #[schema(value_type = Object)]
    details: Value,
    /// Why, in the operator's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// `applied`, `repeated`, or why it was refused.
    ruling: String,
    /// When, in log time.
    #[serde(serialize_with = "feed::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    decided_at: Moment,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditTrail)]
pub(crate) struct Trail {
    actions: Vec<Acted>,
    /// For the next page, as `?cursor=`; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// Only what was done to this sale.
    #[param(value_type = Option<Uuid>)]
    sale: Option<SaleId>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    #[serde(default = "pages::rows")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: u16,
}

/// What operators did
#[utoipa::path(
    get, path = "/v1/operations/audit", operation_id = "list_operator_actions", tag = "operations",
    params(Wanted),
    responses(
        (status = 200, description = "A page, the newest first.", body = Trail),
        (status = 400, description = "`bad-request`: the query cannot be read, or the cursor is not of this list.", body = Details, content_type = "application/problem+json"),
        OperatorsOnly, Always,
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    _operator: Operator,
    Asked(wanted): Asked<Wanted>,
) -> Result<impl IntoResponse, Problem> {
    let page = Page::asked(
        List::Audit,
        Position::newest(),
        wanted.cursor.as_deref(),
        wanted.limit,
    )?;
    let mut rows = match wanted.sale {
        Some(sale) => operations::actions_on(&app.pool, sale, &page).await?,
        None => operations::actions(&app.pool, &page).await?,
    };
    let next_cursor = page.cut(&mut rows, ActionRow::position);
    let actions = rows.into_iter().map(Acted::try_from);
    let trail = Trail {
        actions: actions.collect::<Result<_, _>>()?,
        next_cursor,
    };
    Ok(([(header::CACHE_CONTROL, NO_STORE)], Answer(trail)))
}

impl TryFrom<ActionRow> for Acted {
    type Error = anyhow::Error;

    fn try_from(row: ActionRow) -> anyhow::Result<Self> {
        Ok(Self {
            details: terms(&row)?,
            partition: row.partition,
            seq: row.seq,
            sale_id: row.sale_id,
            command_id: row.command_id,
            actor: row.actor,
            action: row.action,
            reason: row.reason,
            ruling: row.ruling,
            decided_at: feed::moment(row.decided_at),
        })
    }
}

/// The log wraps each action's terms in its name, which is told beside them already.
fn terms(row: &ActionRow) -> anyhow::Result<Value> {
    let mut action: Value = serde_json::from_str(&row.details)?;
    Ok(action[&row.action].take())
}
