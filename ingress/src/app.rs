//! What handlers share, and which path leads to which of them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware;
use axum::routing::get;
use feed::Feed;
use sale::{Place, Ticket, TicketKeys};
use sqlx::PgPool;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::RequestBodyDeadlineLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::accounts::passwords::Passwords;
use crate::accounts::revocations::Revocations;
use crate::accounts::session::{Cookies, SessionKeys};
use crate::buying::admission::Admission;
use crate::buying::batcher::Batchers;
use crate::buying::keys::Keys;
use crate::buying::pausing::Pausing;
use crate::commands::Undecided;
use crate::front_door::client_address::TrustedHops;
use crate::front_door::rate_limits::RateLimits;
use crate::front_door::request_metrics::RequestMetrics;
use crate::front_door::static_files;
use crate::front_door::{self, FrontDoor};
use crate::log::publisher::Publisher;
use crate::log::records::Records;
use crate::openapi;
use crate::problem::Problem;
use crate::routes::operations::books::KeptBooks;
use crate::routes::{
    accounts, operate, operations, orders, page, products, purchases, sale_orders, sales, sessions,
    tickets,
};
use crate::traffic::Traffic;

/// Largest body of any request: a product's description is 4,000 characters.
pub(crate) const BODY_BYTES_MAX: usize = 32 * 1024;

/// How long a request's body may take to arrive, all of it: as long as its head. A limit between two
/// pieces would be none, for a client may send a byte now and then.
pub(crate) const BODY_WITHIN: Duration = service::http::HEAD_TIMEOUT;

/// The description itself is in no description.
const DESCRIPTION: &str = "/openapi.json";

const JSON: [(HeaderName, HeaderValue); 1] = [(
    header::CONTENT_TYPE,
    HeaderValue::from_static("application/json"),
)];

/// Handlers' shared state. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    parts: Arc<Parts>,
}

/// The parts of [`App`].
pub(crate) struct Parts {
    pub(crate) feed: Feed,
    pub(crate) pool: PgPool,
    pub(crate) publisher: Publisher,
    pub(crate) batchers: Batchers,
    pub(crate) records: Records,
    pub(crate) undecided: Undecided,
    pub(crate) pausing: Pausing,
    pub(crate) traffic: Traffic,
    pub(crate) books: KeptBooks,
    pub(crate) rate_limits: RateLimits,
    pub(crate) admission: Admission,
    pub(crate) keys: Keys,
    pub(crate) tickets: TicketKeys,
    pub(crate) sessions: SessionKeys,
    pub(crate) cookies: Cookies,
    pub(crate) revocations: Revocations,
    pub(crate) passwords: Passwords,
    pub(crate) page: page::PageConfig,
}

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            parts: Arc::new(parts),
        }
    }

    /// The ticket of a place in the log: the same whenever it is asked for.
    pub(crate) fn ticket(&self, place: Place) -> anyhow::Result<Ticket> {
        let generation = self.feed.generation_at(place);
        let generation = generation.with_context(|| format!("no partition of {place}"))?;
        Ok(self.tickets.current().seal(place, generation))
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

/// The API, each operation with its description.
fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::head())
        // Accounts
        .routes(routes!(accounts::create))
        .routes(routes!(sessions::create, sessions::end))
        .routes(routes!(sessions::mine))
        .routes(routes!(sessions::guest))
        // The catalogue
        .routes(routes!(products::list, products::create))
        .routes(routes!(products::show))
        .routes(routes!(sales::list, sales::open))
        .routes(routes!(sales::show, operate::change))
        // Buying
        .routes(routes!(purchases::create))
        .routes(routes!(tickets::show))
        .routes(routes!(orders::list))
        .routes(routes!(orders::show))
        .routes(routes!(orders::mine))
        // Operating
        .routes(routes!(operate::pause))
        .routes(routes!(operate::resume))
        .routes(routes!(operate::close))
        .routes(routes!(operate::restock))
        .routes(routes!(operate::cancel))
        .routes(routes!(sale_orders::list))
        .routes(routes!(operations::traffic::show))
        .routes(routes!(operations::partitions::list))
        .routes(routes!(operations::tickets::show))
        .routes(routes!(operations::audit::list))
        // The page
        .routes(routes!(page::config))
}

/// The description of the API (OpenAPI 3.1).
pub(crate) fn description() -> utoipa::openapi::OpenApi {
    api().into_openapi()
}

/// Every path of the ingress.
pub(crate) fn router(app: App, web_dir: Option<PathBuf>, hops: TrustedHops) -> Router {
    let (api, description) = api().split_for_parts();
    let templates = description.paths.paths.keys().cloned();
    let door = FrontDoor {
        app: app.clone(),
        hops,
        metrics: Arc::new(RequestMetrics::new(
            templates.chain([DESCRIPTION.to_owned()]),
        )),
    };
    // Written once: it is 70 KB, and anybody may ask for it.
    let document = serde_json::to_vec(&description).expect("a description is all JSON");
    let document = Bytes::from(document);
    let api = api
        .route(DESCRIPTION, get(async move || (JSON, document)))
        .method_not_allowed_fallback(async || Problem::MethodNotAllowed);
    let api = match web_dir {
        Some(dir) => api.merge(static_files::routes(
            dir,
            app.page.content_security_policy(),
        )),
        None => api.fallback(async || Problem::NotFound),
    };
    // One layer of all: the router boxes and copies what each layer adds, for every request. The first is outermost.
    api.layer((
        middleware::from_fn_with_state(door, front_door::pass),
        CatchPanicLayer::custom(|_| {
            axum::response::IntoResponse::into_response(Problem::Internal(anyhow::anyhow!(
                "a handler panicked"
            )))
        }),
        DefaultBodyLimit::max(BODY_BYTES_MAX),
        RequestBodyDeadlineLayer::new(BODY_WITHIN),
    ))
    .with_state(app)
}
