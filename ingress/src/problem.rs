//! Every refusal the API can answer, as RFC 9457 problem details. One exhaustive enum: a new
//! refusal does not compile until its status, title and fields are decided here.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sale::SaleState;
use serde::Serialize;
use utoipa::ToSchema;

use crate::front_door::rate_limits::Allowance;

use crate::accounts::credentials::NoCredentials;

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
    /// The body took longer to arrive than any may.
    Timeout,
    /// No session, or one that is not valid (any more).
    Unauthorized,
    /// No account of that email, or another password; which of them is not told.
    WrongCredentials,
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
    /// Somebody has an account of that email.
    EmailTaken,
    /// The sale cannot be bought from now.
    NotForSale(SaleState),
    /// The idempotency key stands for another request.
    KeyReused,
    /// Too many requests.
    RateLimited {
        /// When the next one is welcome.
        retry_after_ms: u64,
        /// The limit that was reached.
        allowance: Allowance,
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
    /// Whether a command was logged is unknown; the same key carries it out once.
    CommandUnknown {
        /// The key to repeat, if the operator gave one.
        key: Option<String>,
    },
    /// The command was lost with its partition's stream, which an operator gave up.
    Adopted,
    /// The partition has stopped and waits for an operator.
    Halted,
    /// A command was decided, and refused.
    CommandRefused(&'static str),
    /// Postgres cannot be asked. What was to be changed may or may not have been. The cause is told
    /// like that of a failure, but not as one: whoever asks meanwhile does not fill the log.
    Unavailable(anyhow::Error),
    /// Ours to solve. The cause is in the log under the request's id, never in the answer.
    Internal(anyhow::Error),
}

/// How long to stay away when nothing better is known.
const RETRY_AFTER_MS: u64 = 1_000;

/// How long to stay away from a Postgres that is away: a restart takes about as long.
const UNAVAILABLE_RETRY_AFTER_MS: u64 = 5_000;

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Why a request was refused (RFC 9457).
#[derive(Clone, Serialize, ToSchema)]
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
    /// The key to repeat the purchase or the command with.
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Names the request in our log.
    request_id: Option<String>,
}

impl Problem {
    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Invalid(_) | Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::Unauthorized | Self::WrongCredentials => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound | Self::UnknownSale | Self::UnknownOrder | Self::BadTicket => {
                StatusCode::NOT_FOUND
            }
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotForSale(_) | Self::CommandRefused(_) | Self::Adopted | Self::EmailTaken => {
                StatusCode::CONFLICT
            }
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy { .. }
            | Self::OutcomeUnknown { .. }
            | Self::CommandUnknown { .. }
            | Self::Halted
            | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
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
            Self::Timeout => "timeout",
            Self::Unauthorized => "unauthorized",
            Self::WrongCredentials => "wrong-credentials",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::UnknownSale => "unknown-sale",
            Self::UnknownOrder => "unknown-order",
            Self::BadTicket => "bad-ticket",
            Self::EmailTaken => "email-taken",
            Self::NotForSale(SaleState::Upcoming) => "not-started",
            Self::NotForSale(state) => state.as_str(),
            Self::KeyReused => "key-reused",
            Self::RateLimited { .. } => "rate-limited",
            Self::Busy { .. } => "busy",
            Self::OutcomeUnknown { .. } | Self::CommandUnknown { .. } => "outcome-unknown",
            Self::Adopted => "adopted",
            Self::Halted => "halted",
            Self::CommandRefused(ruling) => ruling,
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// Tells the key to repeat, where repeating it finds the outcome out.
    pub(crate) fn with_key(self, name: &str) -> Self {
        match self {
            Self::OutcomeUnknown { .. } => Self::OutcomeUnknown {
                key: Some(name.to_owned()),
            },
            other => other,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "The request cannot be read",
            Self::Invalid(_) => "The request says something it cannot mean",
            Self::UnsupportedMediaType => "The body must be application/json",
            Self::TooLarge => "The body is too large",
            Self::Timeout => "The body took too long to arrive",
            Self::Unauthorized => "Sign in first",
            Self::WrongCredentials => "Email or password is wrong",
            Self::Forbidden => "Not allowed",
            Self::NotFound => "Nothing is here",
            Self::MethodNotAllowed => "This method is not for this path",
            Self::UnknownSale => "There is no such sale",
            Self::UnknownOrder => "There is no such order",
            Self::BadTicket => "This is not one of our tickets",
            Self::EmailTaken => "There is an account of this email",
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
            Self::CommandUnknown { .. } => "Whether the command was logged is unknown",
            Self::Adopted => "The command was lost with the log; nothing was done",
            Self::Halted => "The sale has stopped and is being looked at",
            Self::CommandRefused(_) => "The command was refused",
            Self::Unavailable(_) => "The database cannot be asked now",
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
            Self::CommandUnknown { .. } => Some(
                "The log did not answer in time. The command may still be carried out: with the \
                 same Idempotency-Key it is carried out once; without one, look at the sale \
                 before you give it again."
                    .into(),
            ),
            Self::CommandRefused(ruling) => Some(format!("It was ruled {ruling}.")),
            Self::UnsupportedMediaType
            | Self::TooLarge
            | Self::Timeout
            | Self::Unauthorized
            | Self::WrongCredentials
            | Self::Forbidden
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::UnknownSale
            | Self::UnknownOrder
            | Self::BadTicket
            | Self::EmailTaken
            | Self::NotForSale(_)
            | Self::KeyReused
            | Self::RateLimited { .. }
            | Self::Busy { .. }
            | Self::Adopted
            | Self::Halted
            | Self::Unavailable(_)
            | Self::Internal(_) => None,
        }
    }

    fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after_ms, .. } | Self::Busy { retry_after_ms } => {
                Some(*retry_after_ms)
            }
            Self::Unavailable(_) => Some(UNAVAILABLE_RETRY_AFTER_MS),
            Self::OutcomeUnknown { .. } | Self::CommandUnknown { .. } | Self::Halted => {
                Some(RETRY_AFTER_MS)
            }
            Self::BadRequest(_)
            | Self::Invalid(_)
            | Self::UnsupportedMediaType
            | Self::TooLarge
            | Self::Timeout
            | Self::Unauthorized
            | Self::WrongCredentials
            | Self::Forbidden
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::UnknownSale
            | Self::UnknownOrder
            | Self::BadTicket
            | Self::EmailTaken
            | Self::NotForSale(_)
            | Self::KeyReused
            | Self::CommandRefused(_)
            | Self::Adopted
            | Self::Internal(_) => None,
        }
    }
}

impl Problem {
    fn details(&self) -> Details {
        let key = match self {
            Self::OutcomeUnknown { key } | Self::CommandUnknown { key } => key.clone(),
            _ => None,
        };
        Details {
            kind: format!("/problems/{}", self.code()),
            title: self.title(),
            status: self.status().as_u16(),
            detail: self.detail(),
            retry_after_ms: self.retry_after_ms(),
            key,
            request_id: None,
        }
    }

    fn tell(&self, headers: &mut HeaderMap) {
        headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(ms) = self.retry_after_ms() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1000)));
        }
        if let Self::RateLimited { allowance, .. } = self {
            allowance.clone().tell(headers);
        }
        if matches!(self, Self::Timeout) {
            // The rest of the body is not waited for.
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if self.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        metrics::counter!("ingress_problems_total", "problem" => self.code()).increment(1);
        let details = self.details();
        let mut response = (self.status(), details.to_json()).into_response();
        self.tell(response.headers_mut());
        if let Self::Internal(cause) | Self::Unavailable(cause) = self {
            let cause = Arc::new(cause);
            response.extensions_mut().insert(Failure { cause, details });
        }
        response
    }
}

impl From<NoCredentials> for Problem {
    fn from(error: NoCredentials) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl Details {
    fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("problem details are all JSON")
    }
}

/// A failure on its way to whoever knows the request's id.
#[derive(Clone)]
struct Failure {
    cause: Arc<anyhow::Error>,
    details: Details,
}

/// Puts the request's id into the answer of a request that failed, and gives the cause.
pub(crate) fn name_failure(response: &mut Response, id: &str) -> Option<Arc<anyhow::Error>> {
    let Failure { cause, mut details } = response.extensions_mut().remove()?;
    details.request_id = Some(id.to_owned());
    *response.body_mut() = Body::from(details.to_json());
    response.headers_mut().remove(header::CONTENT_LENGTH);
    Some(cause)
}

impl From<feed::StoreError> for Problem {
    fn from(error: feed::StoreError) -> Self {
        anyhow::Error::from(error).into()
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        let mut causes = error.chain().filter_map(|cause| cause.downcast_ref());
        match causes.any(is_away) {
            true => Self::Unavailable(error),
            false => Self::Internal(error),
        }
    }
}

/// Whether Postgres could not be reached or had no connection left, which passes without us. Anything
/// else it says of a statement is our fault.
fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(said) => said.code().is_some_and(|code| says_away(&code)),
        _ => false,
    }
}

/// Connections that break or are refused (class 08), too many of them, and a server that stops or
/// starts (PostgreSQL, Appendix A).
fn says_away(code: &str) -> bool {
    code.starts_with("08") || matches!(code, "53300" | "57P01" | "57P02" | "57P03")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(error: impl Into<Problem>) -> &'static str {
        error.into().code()
    }

    #[test]
    fn a_postgres_that_is_away_is_no_failure_of_ours() {
        let reset = || sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into());
        assert_eq!(code(anyhow::Error::from(reset())), "unavailable");
        let deep = anyhow::Error::from(sqlx::Error::PoolTimedOut).context("an account");
        assert_eq!(code(deep), "unavailable");
        assert_eq!(code(feed::StoreError::from(reset())), "unavailable");
        let shared = feed::StoreError::Together(Arc::new(reset().into()));
        assert_eq!(code(shared), "unavailable");

        assert_eq!(
            code(anyhow::Error::from(sqlx::Error::RowNotFound)),
            "internal"
        );
        assert_eq!(code(anyhow::anyhow!("anything else")), "internal");
    }

    #[test]
    fn what_postgres_says_of_a_statement_is_our_fault() {
        for away in ["08006", "53300", "57P01", "57P02", "57P03"] {
            assert!(says_away(away), "{away}");
        }
        for ours in ["23505", "42P01", "57014", "22021", "53200"] {
            assert!(!says_away(ours), "{ours}");
        }
    }
}
