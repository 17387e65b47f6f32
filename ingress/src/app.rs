//! What handlers share, and which path leads to which of them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::routing::get;
use axum::{Json, Router};
use feed::Feed;
use sale::TicketKeys;
use sqlx::PgPool;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::admission::Admission;
use crate::batcher::Batchers;
use crate::openapi;
use crate::problem::Problem;
use crate::publisher::Publisher;
use crate::rate_limits::RateLimits;
use crate::routes::{orders, page, products, purchases, sales, sessions, tickets};
use crate::session::SessionKeys;

/// Largest body of any request: a product's description is 4,000 characters.
const BODY_BYTES_MAX: usize = 32 * 1024;

/// How long a request's body may pause between two pieces.
const BODY_PAUSE_MAX: Duration = Duration::from_secs(5);

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
    pub(crate) rate_limits: RateLimits,
    pub(crate) admission: Admission,
    pub(crate) tickets: TicketKeys,
    pub(crate) sessions: SessionKeys,
    pub(crate) page: page::PageConfig,
}

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            parts: Arc::new(parts),
        }
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
        .routes(routes!(sessions::guest))
        // The catalogue
        .routes(routes!(products::create))
        .routes(routes!(sales::list, sales::open))
        .routes(routes!(sales::show))
        .routes(routes!(sales::close))
        // Buying
        .routes(routes!(purchases::create))
        .routes(routes!(tickets::show))
        .routes(routes!(orders::mine))
        // The page
        .routes(routes!(page::config))
}

/// The description of the API (OpenAPI 3.1).
pub(crate) fn description() -> utoipa::openapi::OpenApi {
    api().into_openapi()
}

/// Every path of the ingress.
pub(crate) fn router(app: App, web_dir: Option<PathBuf>) -> Router {
    let (api, description) = api().split_for_parts();
    let api = api
        .route("/openapi.json", get(async move || Json(description)))
        .method_not_allowed_fallback(async || Problem::MethodNotAllowed);
    let api = match web_dir {
        Some(dir) => api.merge(page_routes(dir, &app.page)),
        None => api.fallback(async || Problem::NotFound),
    };
    // One layer of all: the router boxes and copies what each layer adds, for every request. The first is outermost.
    api.layer((
        always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        CatchPanicLayer::custom(|_| {
            axum::response::IntoResponse::into_response(Problem::Internal(anyhow::anyhow!(
                "a handler panicked"
            )))
        }),
        DefaultBodyLimit::max(BODY_BYTES_MAX),
        RequestBodyTimeoutLayer::new(BODY_PAUSE_MAX),
    ))
    .with_state(app)
}

fn page_routes(dir: PathBuf, page: &page::PageConfig) -> Router<App> {
    let files = ServeDir::new(dir)
        .precompressed_br()
        .fallback(axum::routing::any(async || Problem::NotFound));
    let policy = page.content_security_policy();
    Router::new()
        .fallback_service(files)
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CONTENT_SECURITY_POLICY,
            policy,
        ))
        .layer(always(header::REFERRER_POLICY, "same-origin"))
        .layer(always(header::X_FRAME_OPTIONS, "DENY"))
}

fn always(name: header::HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}
