//! Every refusal the API can answer, as RFC 9457 problem details. One exhaustive enum: a new
//! refusal does not compile until its status, title and fields are decided here.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sale::SaleState;
use serde::Serialize;
use tracing::error;
use utoipa::ToSchema;
use uuid::Uuid;

/// Why a request was refused.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The body is not JSON, or the query cannot be read.
    BadRequest(String),
    /// The JSON says something this request cannot mean.
    Invalid(String),
    /// The body is not declared as JSON.
    UnsupportedMediaType,
    /// The body is larger than any request needs.
    TooLarge,
    /// No session, or one that is not valid (any more).
    Unauthorized,
    /// A session without the right.
    Forbidden,
    /// No such thing here.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// No such sale.
    UnknownSale,
    /// No such order, or somebody else's.
    UnknownOrder,
    /// Not a ticket of ours.
    BadTicket,
    /// The sale cannot be bought from now.
    NotForSale(SaleState),
    /// The idempotency key stands for another request.
    KeyReused,
    /// Too many requests by one shopper.
    RateLimited {
        /// When the next one is welcome.
        retry_after_ms: u64,
    },
    /// Waiting for a decision would take too long, or a queue is full. Nothing was accepted.
    Busy {
        /// When there will be room.
        retry_after_ms: u64,
    },
    /// Whether the purchase was accepted is unknown; the same key finds out.
    OutcomeUnknown {
        /// The key to repeat.
        key: Option<String>,
    },
    /// The partition has stopped and waits for an operator.
    Halted,
    /// A command was decided, and refused.
    CommandRefused(&'static str),
    /// Ours to solve. The cause is in the log under the request's id, never in the answer.
    Internal(anyhow::Error),
}

/// How long to stay away when nothing better is known.
const RETRY_AFTER_MS: u64 = 1_000;

/// Why a request was refused (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Details {
    /// `/problems/` and a fixed word: what programs should look at.
    #[serde(rename = "type")]
    #[schema(example = "/problems/sold-out")]
    kind: String,
    /// The kind in plain words.
    title: &'static str,
    /// The same as the status of the answer.
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// What was wrong with this request.
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// `Retry-After`, exactly.
    retry_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The key to repeat the purchase with.
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Names the request in our log.
    request_id: Option<Uuid>,
}

impl Problem {
    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Invalid(_) | Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound | Self::UnknownSale | Self::UnknownOrder | Self::BadTicket => {
                StatusCode::NOT_FOUND
            }
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotForSale(_) | Self::CommandRefused(_) => StatusCode::CONFLICT,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy { .. } | Self::OutcomeUnknown { .. } | Self::Halted => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The last part of the problem's type, also its label in metrics.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "bad-request",
            Self::Invalid(_) => "invalid",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::TooLarge => "too-large",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::UnknownSale => "unknown-sale",
            Self::UnknownOrder => "unknown-order",
            Self::BadTicket => "bad-ticket",
            Self::NotForSale(SaleState::Upcoming) => "not-started",
            Self::NotForSale(state) => state.as_str(),
            Self::KeyReused => "key-reused",
            Self::RateLimited { .. } => "rate-limited",
            Self::Busy { .. } => "busy",
            Self::OutcomeUnknown { .. } => "outcome-unknown",
            Self::Halted => "halted",
            Self::CommandRefused(ruling) => ruling,
            Self::Internal(_) => "internal",
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "The request cannot be read",
            Self::Invalid(_) => "The request says something it cannot mean",
            Self::UnsupportedMediaType => "The body must be application/json",
            Self::TooLarge => "The body is too large",
            Self::Unauthorized => "Sign in first",
            Self::Forbidden => "Not allowed",
            Self::NotFound => "Nothing is here",
            Self::MethodNotAllowed => "This method is not for this path",
            Self::UnknownSale => "There is no such sale",
            Self::UnknownOrder => "There is no such order",
            Self::BadTicket => "This is not one of our tickets",
            Self::NotForSale(SaleState::Upcoming) => "The sale has not started",
            Self::NotForSale(SaleState::SoldOut) => "The sale is sold out",
            Self::NotForSale(SaleState::Ended) => "The sale has ended",
            Self::NotForSale(SaleState::Paused) => "The sale is paused",
            Self::NotForSale(SaleState::Closed) => "The sale was closed",
            Self::NotForSale(SaleState::Active) => "The sale cannot be bought from",
            Self::KeyReused => "The key was used for another request",
            Self::RateLimited { .. } => "Too many requests",
            Self::Busy { .. } => "Too many shoppers at once; nothing was accepted",
            Self::OutcomeUnknown { .. } => "The outcome is unknown; repeat with the same key",
            Self::Halted => "The sale has stopped and is being looked at",
            Self::CommandRefused(_) => "The command was refused",
            Self::Internal(_) => "Something went wrong on our side",
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::BadRequest(detail) | Self::Invalid(detail) => Some(detail.clone()),
            Self::OutcomeUnknown { .. } => Some(
                "The log did not answer in time. The purchase may still win; the same key never \
                 buys twice, and GET /v1/sales/{id}/orders/mine shows what you hold."
                    .into(),
            ),
            Self::CommandRefused(ruling) => Some(format!("It was ruled {ruling}.")),
            Self::UnsupportedMediaType
            | Self::TooLarge
            | Self::Unauthorized
            | Self::Forbidden
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::UnknownSale
            | Self::UnknownOrder
            | Self::BadTicket
            | Self::NotForSale(_)
            | Self::KeyReused
            | Self::RateLimited { .. }
            | Self::Busy { .. }
            | Self::Halted
            | Self::Internal(_) => None,
        }
    }

    fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after_ms } | Self::Busy { retry_after_ms } => {
                Some(*retry_after_ms)
            }
            Self::OutcomeUnknown { .. } | Self::Halted => Some(RETRY_AFTER_MS),
            Self::BadRequest(_)
            | Self::Invalid(_)
            | Self::UnsupportedMediaType
            | Self::TooLarge
            | Self::Unauthorized
            | Self::Forbidden
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::UnknownSale
            | Self::UnknownOrder
            | Self::BadTicket
            | Self::NotForSale(_)
            | Self::KeyReused
            | Self::CommandRefused(_)
            | Self::Internal(_) => None,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        metrics::counter!("ingress_problems_total", "problem" => self.code()).increment(1);
        let (status, retry_after_ms) = (self.status(), self.retry_after_ms());
        let mut details = Details {
            kind: format!("/problems/{}", self.code()),
            title: self.title(),
            status: status.as_u16(),
            detail: self.detail(),
            retry_after_ms,
            key: None,
            request_id: None,
        };
        match self {
            Self::Internal(cause) => {
                let request_id = Uuid::new_v4();
                error!(%request_id, error = %format!("{cause:#}"), "a request failed");
                details.request_id = Some(request_id);
            }
            Self::OutcomeUnknown { key } => details.key = key,
            _ => {}
        }
        let body = serde_json::to_vec(&details).expect("problem details are all JSON");
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(ms) = retry_after_ms {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1000)));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<feed::StoreError> for Problem {
    fn from(error: feed::StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}
