//! Where every partition stands: its row in Postgres, what the feed tells, and how large its log is.

use std::time::Duration;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use futures_util::{StreamExt, stream};
use sale::{Moment, Partition, subject};
use serde::Serialize;
use tracing::debug;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::session::Operator;
use crate::app::App;
use crate::openapi::{Always, OperatorsOnly};
use crate::problem::Problem;
use crate::routes::orders::NO_STORE;
use crate::store::operations::{self, PartitionRow};

/// Streams asked at once for their size.
const LOOKS_AT_ONCE: usize = 16;

/// How long whoever looks at a sale waits for its partition: the rest of the answer is there.
const LOOK_MAX: Duration = Duration::from_secs(1);

/// Where a partition stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartitionStanding)]
pub(crate) struct Standing {
    partition: u16,
    stream: String,
    epoch: i64,
    /// The allocator that holds it; absent after a graceful release.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Uuid>,
    lease: Lease,
    generation: i32,
    /// The last decided record.
    cursor: i64,
    /// The last record known to be in the log.
    last_seq: u64,
    /// Purchases in the log that are not decided; an estimate.
    backlog: u64,
    /// Purchases decided per second of work; zero before anything was measured.
    drain_per_s: f64,
    /// Purchases in a record, on average; zero before anything was measured.
    mean_group: f64,
    /// Purchases decided since the partition began.
    decided_total: i64,
    /// Why it has stopped and waits for an operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    halted: Option<String>,
    /// Why it waits for another allocator.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<String>,
    /// Milliseconds since this replica heard its owner; absent when it never did.
    #[serde(skip_serializing_if = "Option::is_none")]
    heard_ms_ago: Option<u64>,
    #[serde(serialize_with = "feed::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    log_time: Moment,
    /// What the stream holds; absent when JetStream does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<Size>,
}

/// Whether somebody decides it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Lease {
    /// An owner renews it.
    Held,
    /// Its owner has let it run out.
    Expired,
    /// Nobody has it.
    Free,
}

/// How much a stream holds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogSize)]
struct Size {
    records: u64,
    bytes: u64,
    first_seq: u64,
    last_seq: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Partitions {
    partitions: Vec<Standing>,
    #[serde(serialize_with = "feed::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    server_time: Moment,
}

/// Where every partition stands
#[utoipa::path(
    get, path = "/v1/operations/partitions", operation_id = "list_partitions", tag = "operations",
    responses(
        (status = 200, description = "All of them, in order of their numbers.", body = Partitions),
        OperatorsOnly, Always,
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    _operator: Operator,
) -> Result<impl IntoResponse, Problem> {
    let rows = operations::partitions(&app.pool, None).await?;
    let looks = rows.into_iter().map(|row| standing(&app, row));
    let looks = stream::iter(looks).buffered(LOOKS_AT_ONCE);
    let partitions: Vec<anyhow::Result<Standing>> = looks.collect().await;
    let partitions = Partitions {
        partitions: partitions.into_iter().collect::<anyhow::Result<_>>()?,
        server_time: feed::now(),
    };
    Ok(([(header::CACHE_CONTROL, NO_STORE)], Answer(partitions)))
}

/// Where one partition stands. `None` when Postgres does not tell in time: whoever looks at a sale is told the rest.
pub(super) async fn one(app: &App, partition: Partition) -> Option<Standing> {
    let rows = operations::partitions(&app.pool, Some(partition));
    let rows = tokio::time::timeout(LOOK_MAX, rows).await.ok()?;
    let row = rows.inspect_err(
        |error| debug!(%partition, error = %format!("{error:#}"), "cannot look at a partition"),
    );
    let row = row.ok()?.pop()?;
    standing(app, row).await.ok()
}

async fn standing(app: &App, row: PartitionRow) -> anyhow::Result<Standing> {
    let partition = Partition::try_from(u16::try_from(row.partition)?)?;
    let heard = app.feed.standing(partition);
    let heard_at = heard.as_ref().and_then(|heard| heard.heard_at);
    let log = app.records.size(partition).await.map(|state| Size {
        records: state.messages,
        bytes: state.bytes,
        first_seq: state.first_sequence,
        last_seq: state.last_sequence,
    });
    Ok(Standing {
        partition: partition.get(),
        stream: subject::stream(partition),
        epoch: row.epoch,
        lease: lease(&row),
        owner: row.owner,
        generation: row.generation,
        cursor: row.cursor,
        last_seq: heard.as_ref().map_or(0, |heard| heard.last_seq.get()),
        backlog: heard.as_ref().map_or(0, feed::Standing::backlog),
        drain_per_s: heard.as_ref().map_or(0.0, |heard| heard.drain_per_s),
        mean_group: heard.as_ref().map_or(0.0, |heard| heard.mean_group),
        decided_total: row.decided_total,
        halted: row.halted,
        stopped: row.stopped,
        heard_ms_ago: heard_at.map(|at| at.elapsed().as_millis() as u64),
        log_time: feed::moment(row.log_time),
        log,
    })
}

fn lease(row: &PartitionRow) -> Lease {
    match (row.owner, row.is_leased) {
        (None, _) => Lease::Free,
        (Some(_), true) => Lease::Held,
        (Some(_), false) => Lease::Expired,
    }
}
