use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// When those who come at a bad moment should come back: spread, so that they do not come together.
const RETRY_AFTER_MS: std::ops::Range<u64> = 1_000..5_000;

/// Why a request gets no WebSocket, as RFC 9457 problem details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is only `/v1/live`.
    NotFound,
    /// A WebSocket begins with GET.
    MethodNotAllowed,
    /// An ordinary request, or a version of the protocol other than 13.
    UpgradeRequired,
    /// A handshake that is not one of ours; the detail says why.
    BadRequest(&'static str),
    /// A page of another site.
    Forbidden,
    /// The client's address has as many connections as one may.
    TooManyConnections,
    /// Not now; the detail says why.
    Busy(&'static str),
}

#[derive(Serialize)]
struct Details {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

impl Refusal {
    /// The answer's status.
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::TooManyConnections => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The last part of the problem's type, also its label in metrics.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::UpgradeRequired => "upgrade-required",
            Self::BadRequest(_) => "bad-request",
            Self::Forbidden => "forbidden",
            Self::TooManyConnections => "too-many-connections",
            Self::Busy(_) => "busy",
        }
    }

    const fn title(&self) -> &'static str {
        match self {
            Self::NotFound => "Nothing is here",
            Self::MethodNotAllowed => "A WebSocket begins with GET",
            Self::UpgradeRequired => "Only WebSockets are served here",
            Self::BadRequest(_) => "The handshake is not right",
            Self::Forbidden => "Pages of this origin may not connect",
            Self::TooManyConnections => "Too many connections from this address",
            Self::Busy(_) => "Not now",
        }
    }

    const fn detail(&self) -> &'static str {
        match self {
            Self::NotFound => "The WebSocket is at /v1/live.",
            Self::MethodNotAllowed => "Only GET is allowed.",
            Self::UpgradeRequired => "Send a WebSocket handshake of version 13.",
            Self::Forbidden => "An operator can add the origin to ALLOWED_ORIGINS.",
            Self::TooManyConnections => "Close one, or ask over HTTP.",
            Self::BadRequest(detail) | Self::Busy(detail) => detail,
        }
    }

    const fn headers(&self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::MethodNotAllowed => &[("allow", "GET")],
            Self::UpgradeRequired => &[
                ("connection", "upgrade"),
                ("upgrade", "websocket"),
                ("sec-websocket-version", "13"),
            ],
            Self::NotFound
            | Self::BadRequest(_)
            | Self::Forbidden
            | Self::TooManyConnections
            | Self::Busy(_) => &[],
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        metrics::counter!("notifier_upgrades_refused_total", "problem" => self.code()).increment(1);
        let passes = matches!(self, Self::Busy(_) | Self::TooManyConnections);
        let retry_after_ms = passes.then(|| rand::random_range(RETRY_AFTER_MS));
        let details = Details {
            kind: format!("/problems/{}", self.code()),
            title: self.title(),
            status: self.status().as_u16(),
            detail: self.detail(),
            retry_after_ms,
        };
        let mut response = (self.status(), axum::Json(details)).into_response();
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, json);
        for (name, value) in self.headers() {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        if let Some(ms) = retry_after_ms {
            headers.insert(header::RETRY_AFTER, ms.div_ceil(1_000).into());
        }
        response
    }
}
