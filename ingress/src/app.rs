//! What handlers share, and which path leads to which of them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::routing::{get, post};
use feed::Feed;
use sale::TicketKeys;
use sqlx::PgPool;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;

use crate::admission::Admission;
use crate::batcher::Batchers;
use crate::problem::Problem;
use crate::publisher::Publisher;
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

/// Every path of the ingress.
pub(crate) fn router(app: App, web_dir: Option<PathBuf>) -> Router {
    let api = Router::new()
        .route("/v1/sessions/guest", post(sessions::guest))
        .route("/v1/products", post(products::create))
        .route("/v1/sales", get(sales::list).post(sales::open))
        .route("/v1/sales/{sale}", get(sales::show))
        .route("/v1/sales/{sale}/close", post(sales::close))
        .route("/v1/sales/{sale}/purchases", post(purchases::create))
        .route("/v1/sales/{sale}/orders/mine", get(orders::mine))
        .route("/v1/tickets/{ticket}", get(tickets::show))
        .route("/config.json", get(page::config))
        .method_not_allowed_fallback(async || Problem::MethodNotAllowed);
    let api = match web_dir {
        Some(dir) => api.merge(page_routes(dir, &app.page)),
        None => api.fallback(async || Problem::NotFound),
    };
    api.layer(RequestBodyTimeoutLayer::new(BODY_PAUSE_MAX))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(CatchPanicLayer::custom(|_| {
            axum::response::IntoResponse::into_response(Problem::Internal(anyhow::anyhow!(
                "a handler panicked"
            )))
        }))
        .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
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
