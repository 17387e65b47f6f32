//! What happens to every request before and after its handler: it gets a name, its sender is found
//! out and counted, its answer gets what every answer has, and it is measured.
//!
//! One layer, because each costs a request two allocations. No tracing span: an answer carries the
//! request's id, and only a failure is worth a line.
//!
//! | file | what it does |
//! |---|---|
//! | `client_address.rs`, `rate_limits.rs` | from where, and how often |
//! | `other_sites.rs` | what pages of other sites may not do |
//! | `unread.rs` | a body that a refusal did not need |
//! | `request_id.rs`, `request_metrics.rs`, `security_headers.rs` | what every answer has, and how it is measured |
//! | `static_files.rs` | the page |

pub(crate) mod client_address;
pub(crate) mod other_sites;
pub(crate) mod rate_limits;
pub(crate) mod request_id;
pub(crate) mod request_metrics;
pub(crate) mod security_headers;
pub(crate) mod static_files;
pub(crate) mod unread;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;
use tracing::{debug, error};

use crate::app::App;
use crate::front_door::client_address::{TrustedHops, Visit, sender};
use crate::front_door::request_id::{REQUEST_ID, RequestId};
use crate::front_door::request_metrics::{RequestMetrics, Series};
use crate::front_door::unread::Unread;
use crate::problem::{self, Problem};

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

    let unread = Unread::watch(&mut request);
    let mut response = match door.admit(&mut request, is_api) {
        Ok(()) => next.run(request).await,
        Err(refusal) => {
            drop(request);
            refusal.into_response()
        }
    };
    // Some answers say that the connection ends anyway.
    if !response.headers().contains_key(header::CONNECTION) {
        unread.discard().await;
    }

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
        other_sites::refuse(request)?;
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
    let cause = format!("{cause:#}");
    let (request_id, route, method) = (id.as_str(), series.route(), series.method());
    // What is away is told once, by whoever watches it; strangers may ask any number of times.
    match response.status() {
        StatusCode::SERVICE_UNAVAILABLE => {
            debug!(
                request_id,
                http.route = route,
                http.method = method,
                error = cause,
                "Postgres is away"
            )
        }
        _ => error!(
            request_id,
            http.route = route,
            http.method = method,
            error = cause,
            "a request failed"
        ),
    }
}

fn keep_private(headers: &mut HeaderMap) {
    let no_store = HeaderValue::from_static("no-store");
    headers.entry(header::CACHE_CONTROL).or_insert(no_store);
}
