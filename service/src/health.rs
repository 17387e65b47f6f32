//! How the process is, for supervisors, balancers and Prometheus.
//!
//! * `/livez`: 200 as long as the process can answer at all; a failure means "restart me".
//! * `/readyz`: 200 `{"ready":true}`, or 503 with every reason why it should get no traffic now.
//!   A stop in progress is the reason `draining`. Load is never a reason.
//! * `/metrics`: Prometheus text.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    config,
    http::{self, HttpLimits},
    metrics,
    shutdown::Shutdown,
};

/// Probes and a few Prometheus servers; more are waiting in the backlog, not refused.
const MAX_CONNECTIONS: usize = 64;

/// Nothing here is worth waiting for when the process ends.
const DRAIN: Duration = Duration::from_secs(1);

type Check = Box<dyn Fn() -> Result<(), String> + Send + Sync>;

/// The readiness checks of one process. Clones share them.
#[derive(Clone)]
pub struct Health(Arc<Checks>);

struct Checks {
    has_started: AtomicBool,
    stopping: CancellationToken,
    named: RwLock<Vec<(&'static str, Check)>>,
}

/// Why the process should get no traffic now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unready {
    /// Name of the check, e.g. `nats`.
    pub check: &'static str,
    /// One line for people.
    pub reason: String,
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<Unready>,
}

impl Health {
    /// Unready until [`Health::started`].
    pub fn new(shutdown: &Shutdown) -> Self {
        Self(Arc::new(Checks {
            has_started: AtomicBool::new(false),
            stopping: shutdown.stopping(),
            named: RwLock::default(),
        }))
    }

    /// From now on the checks alone decide: all of them are registered.
    pub fn started(&self) {
        self.0.has_started.store(true, Ordering::Release);
    }

    /// Adds a check. It runs at every probe, so it reads what the process knows already; it
    /// neither waits nor asks anybody. The error is the reason, one line for people.
    pub fn register<F>(&self, name: &'static str, check: F)
    where
        F: Fn() -> Result<(), String> + Send + Sync + 'static,
    {
        let mut named = self.0.named.write().unwrap_or_else(PoisonError::into_inner);
        named.push((name, Box::new(check)));
    }

    /// Adds a check that the owner sets by hand, unready for now because of `reason`.
    pub fn flag(&self, name: &'static str, reason: impl Into<String>) -> Flag {
        let flag = Flag(Arc::new(Mutex::new(Some(reason.into()))));
        let state = Arc::clone(&flag.0);
        self.register(name, move || {
            match &*state.lock().unwrap_or_else(PoisonError::into_inner) {
                Some(reason) => Err(reason.clone()),
                None => Ok(()),
            }
        });
        flag
    }

    /// All reasons against traffic now; empty means ready.
    pub fn reasons(&self) -> Vec<Unready> {
        let starting = (!self.0.has_started.load(Ordering::Acquire)).then(|| Unready {
            check: "start",
            reason: "starting".to_owned(),
        });
        let draining = self.0.stopping.is_cancelled().then(|| Unready {
            check: "shutdown",
            reason: "draining".to_owned(),
        });
        let named = self.0.named.read().unwrap_or_else(PoisonError::into_inner);
        let failing = named.iter().filter_map(|(check, run)| {
            let reason = run().err()?;
            Some(Unready { check, reason })
        });
        let own = starting.into_iter().chain(draining);
        own.chain(failing).collect()
    }

    /// Listens on `HEALTH_ADDR` until the last stage of `shutdown`, and starts the metrics.
    /// Returns the address, which differs from the configured one when that has port 0.
    pub async fn start(
        &self,
        config: &config::Health,
        process: &'static str,
        shutdown: &Shutdown,
    ) -> anyhow::Result<SocketAddr> {
        let recorder = metrics::install()?;
        metrics::tell_build(process);
        tokio::spawn(metrics::upkeep(recorder.clone(), shutdown.closing()));

        let listener = TcpListener::bind(config.health_addr)
            .await
            .with_context(|| format!("HEALTH_ADDR {} cannot be used", config.health_addr))?;
        let address = listener.local_addr()?;
        let limits = HttpLimits {
            max_connections: MAX_CONNECTIONS,
            drain: DRAIN,
            ..HttpLimits::default()
        };
        let router = self.router(recorder);
        // Not among the drain's work: it answers `draining` until everything else is done.
        tokio::spawn(http::serve(listener, router, limits, shutdown.closing()));
        tracing::info!(health.addr = %address, "health and metrics are up");
        Ok(address)
    }

    fn router(&self, recorder: PrometheusHandle) -> Router {
        Router::new()
            .route("/livez", get(|| async { "alive\n" }))
            .route("/readyz", get(readyz).with_state(self.clone()))
            .route("/metrics", get(render).with_state(recorder))
    }
}

/// A readiness check set by hand, see [`Health::flag`].
#[derive(Debug, Clone)]
pub struct Flag(Arc<Mutex<Option<String>>>);

impl Flag {
    /// Nothing here stands against traffic.
    pub fn ready(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// No traffic, and why.
    pub fn unready(&self, reason: impl Into<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.into());
    }
}

async fn readyz(State(health): State<Health>) -> Response {
    let reasons = health.reasons();
    let ready = reasons.is_empty();
    let status = match ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(Readiness { ready, reasons })).into_response()
}

async fn render(State(recorder): State<PrometheusHandle>) -> impl IntoResponse {
    let text = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, text)], recorder.render())
}
