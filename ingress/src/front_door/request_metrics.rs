//! Requests by route, method and status. The route is its template, never the path that was asked
//! for: a stranger must not be able to make series.
//!
//! Handles are looked up once and kept, so that a request costs two additions and no text.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use metrics::{Counter, Histogram};

/// The route of everything that has none: files of the page, and what is not there.
const UNMATCHED: &str = "unmatched";

/// Other methods are counted as `other`: a client may invent any number of them.
const METHODS: [&str; 8] = [
    "GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "other",
];

/// Those whose handles are kept; the rest is rare enough to be looked up each time.
const STATUSES: [u16; 18] = [
    200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 500, 503,
];

/// The series of every route.
pub(crate) struct RequestMetrics {
    routes: HashMap<String, Route>,
    unmatched: Route,
}

/// The series of one route; each begins when it is first needed.
struct Route {
    template: String,
    seconds: OnceLock<Histogram>,
    answers: [[OnceLock<Counter>; STATUSES.len()]; METHODS.len()],
}

/// One request's place among the series.
#[derive(Clone, Copy)]
pub(crate) struct Series<'a> {
    route: &'a Route,
    method: usize,
}

impl RequestMetrics {
    /// For a router with these templates.
    pub(crate) fn new(templates: impl Iterator<Item = String>) -> Self {
        Self {
            routes: templates.map(|it| (it.clone(), Route::new(it))).collect(),
            unmatched: Route::new(UNMATCHED.to_owned()),
        }
    }

    pub(crate) fn of(&self, request: &Request) -> Series<'_> {
        let matched = request.extensions().get::<MatchedPath>();
        let known = matched.and_then(|path| self.routes.get(path.as_str()));
        Series {
            route: known.unwrap_or(&self.unmatched),
            method: position(request.method()),
        }
    }
}

impl Series<'_> {
    pub(crate) fn route(&self) -> &str {
        &self.route.template
    }

    pub(crate) fn method(&self) -> &'static str {
        METHODS[self.method]
    }

    /// One more answer.
    pub(crate) fn record(self, status: StatusCode, took: Duration) {
        let known = STATUSES.iter().position(|known| *known == status);
        match known.map(|status| &self.route.answers[self.method][status]) {
            Some(counter) => counter.get_or_init(|| self.counter(status)).increment(1),
            None => self.counter(status).increment(1),
        }
        let seconds = self.route.seconds.get_or_init(|| self.histogram());
        seconds.record(took);
    }

    fn counter(&self, status: StatusCode) -> Counter {
        let (route, method) = (self.route().to_owned(), self.method());
        let status = status.as_str().to_owned();
        metrics::counter!("ingress_http_requests_total", "route" => route, "method" => method, "status" => status)
    }

    fn histogram(&self) -> Histogram {
        metrics::histogram!("ingress_http_request_seconds", "route" => self.route().to_owned())
    }
}

impl Route {
    fn new(template: String) -> Self {
        Self {
            template,
            seconds: OnceLock::new(),
            answers: std::array::from_fn(|_| std::array::from_fn(|_| OnceLock::new())),
        }
    }
}

fn position(method: &Method) -> usize {
    let known = METHODS.iter().position(|known| *known == method.as_str());
    known.unwrap_or(METHODS.len() - 1)
}
