//! One sale as operators watch it: what is bought and refused at all doors, who waits, and who decides.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::Json as Answer;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use feed::SaleView;
use sale::Moment;
use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::session::Operator;
use crate::app::App;
use crate::buying::admission::BACKLOG_MAX;
use crate::openapi::{Always, OperatorsOnly};
use crate::problem::{Details, Problem};
use crate::request::asked::Named;
use crate::routes::operations::partitions::{self, Standing};
use crate::routes::orders::NO_STORE;
use crate::routes::sales::known_sale;
use crate::store::operations::Books;
use crate::traffic::Percentiles;

/// One sale as it goes. What doors count is a hint: one that restarts begins at zero, one that is killed takes its
/// counts with it, and what the others tell may be a second old.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SaleTraffic)]
pub(crate) struct Watched {
    #[serde(serialize_with = "feed::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    server_time: Moment,
    sale: SaleView,
    /// Ingress replicas whose counts are in: this one, and those that it heard of within 5 s and has heard whole.
    doors: usize,
    /// Purchases that were logged, at all of these doors since each began. A key that came again
    /// counts once while the replica remembers it; at another replica, or minutes later, it may count again.
    accepted: u64,
    /// Requests that were refused, by the last word of the problem's type: whoever tries again counts again. Not those
    /// that were refused before their sale was looked at: without a session, or by the limit of an address.
    #[schema(value_type = BTreeMap<String, u64>, example = json!({ "sold-out": 5, "busy": 0 }))]
    refused: BTreeMap<String, u64>,
    /// Milliseconds from the `202` until the verdict was known at the door, of verdicts of the last 10 s; `null` when
    /// there were none.
    #[schema(required)]
    verdict_ms: Option<Percentiles>,
    queue: QueueStanding,
    /// Who decides it; `null` when Postgres does not tell.
    #[schema(required)]
    partition: Option<Standing>,
    /// Whether its orders agree with what it sold, up to 10 s ago; `null` when Postgres does not tell.
    #[schema(required)]
    books: Option<Books>,
}

/// Who waits for a decision in the sale's partition, as this replica sees it: also for other sales of that partition.
#[derive(Debug, Serialize, ToSchema)]
struct QueueStanding {
    /// Purchases of the partition in the log that are not decided; an estimate. `null` when this replica does not know
    /// the partition.
    #[schema(required)]
    purchases: Option<u64>,
    /// From here on purchases are refused as `busy`.
    purchases_max: u64,
    /// Milliseconds until the last of them is decided; an estimate. `null` like `purchases`.
    #[schema(required)]
    wait_ms: Option<u64>,
    /// Beyond this purchases are refused as `busy`.
    wait_max_ms: u64,
}

/// One sale as it goes, at all doors
///
/// Stock, purchases accepted and refused by cause, who waits and for how long, how long verdicts take, and who decides.
/// Ask once a second.
#[utoipa::path(
    get, path = "/v1/operations/sales/{sale}", operation_id = "show_sale_traffic", tag = "operations",
    params(("sale" = Uuid, Path, description = "The sale's id")),
    responses(
        (status = 200, description = "As it goes now.", body = Watched),
        (status = 404, description = "`unknown-sale`", body = Details, content_type = "application/problem+json"),
        OperatorsOnly, Always,
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    _operator: Operator,
    Named(sale): Named,
) -> Result<impl IntoResponse, Problem> {
    let sale = known_sale(&app, &sale)?;
    let (partition, books) = tokio::join!(
        partitions::one(&app, sale.id.partition()),
        app.books.of(&app.pool, sale.id, Instant::now())
    );
    let now = feed::now();
    let all = app.traffic.of(sale.id, Instant::now());
    // It may have changed while Postgres was asked.
    let sale = app.feed.sale(sale.id).unwrap_or(sale);
    let standing = app.feed.standing(sale.id.partition());
    let watched = Watched {
        server_time: now,
        doors: all.doors,
        accepted: all.figures.accepted,
        verdict_ms: all.figures.verdict_ms(),
        refused: all.figures.refused,
        queue: QueueStanding::of(standing.as_ref(), app.admission.queue_wait_max()),
        sale: SaleView::of(&sale, now),
        partition,
        books,
    };
    Ok(([(header::CACHE_CONTROL, NO_STORE)], Answer(watched)))
}

impl QueueStanding {
    fn of(partition: Option<&feed::Standing>, wait_max: Duration) -> Self {
        Self {
            purchases: partition.map(feed::Standing::backlog),
            purchases_max: BACKLOG_MAX,
            wait_ms: partition.map(|standing| standing.wait_ms(standing.backlog())),
            wait_max_ms: wait_max.as_millis() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_nobody_knows_is_not_told_as_an_empty_one() {
        let unknown = QueueStanding::of(None, Duration::from_secs(5));
        let expected = serde_json::json!({
            "purchases": null, "purchases_max": BACKLOG_MAX, "wait_ms": null, "wait_max_ms": 5_000,
        });
        assert_eq!(serde_json::to_value(unknown).unwrap(), expected);
    }
}
