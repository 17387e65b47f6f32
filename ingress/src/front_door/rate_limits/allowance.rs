//! What is left of a limit, as clients are told (draft-ietf-httpapi-ratelimit-headers).

use std::convert::Infallible;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponseParts, ResponseParts};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What somebody may still do under one limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// The limit's name.
    pub(super) name: &'static str,
    /// The limit's terms, ready to be sent.
    pub(super) policy: HeaderValue,
    /// The whole allowance.
    pub(super) quota: u32,
    /// What is left of it.
    pub(super) remaining: u32,
    /// Seconds until it is whole again, or until one more is welcome if nothing is left.
    pub(super) reset_s: u64,
}

impl Allowance {
    /// The one of which the smaller part is left.
    pub(super) fn or_nearer(self, other: Self) -> Self {
        let part = |one: &Self, by: &Self| u64::from(one.remaining) * u64::from(by.quota);
        match part(&other, &self) < part(&self, &other) {
            true => other,
            false => self,
        }
    }

    /// `RateLimit` and `RateLimit-Policy`.
    pub(crate) fn tell(self, headers: &mut HeaderMap) {
        let left = format!("\"{}\";r={};t={}", self.name, self.remaining, self.reset_s);
        let left = HeaderValue::try_from(left).expect("names and numbers are header values");
        headers.insert(RATE_LIMIT, left);
        headers.insert(RATE_LIMIT_POLICY, self.policy);
    }
}

impl IntoResponseParts for Allowance {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        self.tell(parts.headers_mut());
        Ok(parts)
    }
}
