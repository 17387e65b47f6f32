//! What happens to every request before and after its handler: it gets a name, its sender is found
//! out and counted, its answer gets what every answer has, and it is measured.
//!
//! One layer, because each costs a request two allocations. No tracing span: an answer carries the
//! request's id, and only a failure is worth a line.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;
use tracing::error;

use crate::app::App;
use crate::client_address::{TrustedHops, Visit, sender};
use crate::problem::{self, Problem};
use crate::request_id::{REQUEST_ID, RequestId};
use crate::request_metrics::{RequestMetrics, Series};
use crate::security_headers;

/// Below it is the API: limited per address, and private unless a handler says otherwise. Without
/// the slash, so that nothing beside it slips through.
const API: &str = "/v1";

/// What the layer knows.
#[derive(Clone)]
pub(crate) struct FrontDoor {
    pub(crate) app: App,
    pub(crate) hops: TrustedHops,
    pub(crate) metrics: Arc<RequestMetrics>,
}

/// The layer.
pub(crate) async fn pass(
    State(door): State<FrontDoor>,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let id = RequestId::of(request.headers());
    let series = door.metrics.of(&request);
    let is_api = request.uri().path().starts_with(API);
    let is_https = door.hops.is_https(request.headers());

    let mut response = match door.admit(&mut request, is_api) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };

    tell_failure(&mut response, &id, series);
    let headers = response.headers_mut();
    if is_api {
        keep_private(headers);
    }
    security_headers::add(headers, is_https);
    headers.insert(REQUEST_ID, id.into_header());
    series.record(response.status(), begun.elapsed());
    response
}

impl FrontDoor {
    /// Finds out who sends it, and whether they send too much.
    fn admit(&self, request: &mut Request, is_api: bool) -> Result<(), Problem> {
        let address = sender(self.hops, request)?;
        let allowance = match is_api {
            true => self.app.rate_limits.request(address)?,
            false => None,
        };
        let visit = Visit { address, allowance };
        request.extensions_mut().insert(visit);
        Ok(())
    }
}

/// The cause goes into the log and the id into the answer, so that one leads to the other.
fn tell_failure(response: &mut Response, id: &RequestId, series: Series<'_>) {
    let Some(cause) = problem::name_failure(response, id.as_str()) else {
        return;
    };
    error!(
        request_id = id.as_str(),
        http.route = series.route(),
        http.method = series.method(),
        error = %format!("{cause:#}"),
        "a request failed"
    );
}

fn keep_private(headers: &mut HeaderMap) {
    let no_store = HeaderValue::from_static("no-store");
    headers.entry(header::CACHE_CONTROL).or_insert(no_store);
}
