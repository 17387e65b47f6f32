//! What every answer tells browsers not to do. A layer further in may say more; what it has said
//! stays.
//!
//! Deliberately absent: `Access-Control-Allow-Origin`. Pages of other origins get nothing.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// An answer of the API is no page: should a browser show it as one, it can do nothing.
const NO_PAGE: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// A year. Without subdomains, which may not be ours.
const ONLY_TLS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The page buys; it looks at nothing and listens to nothing.
const NO_DEVICES: HeaderValue =
    HeaderValue::from_static("camera=(), microphone=(), geolocation=(), payment=(), usb=()");

/// Of every answer.
const ALWAYS: [(HeaderName, HeaderValue); 6] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::CONTENT_SECURITY_POLICY, NO_PAGE),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (OPENER_POLICY, HeaderValue::from_static("same-origin")),
    (RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
];

/// Of an answer on its way out. `is_https` when the client's side of the balancer is TLS.
pub(crate) fn add(headers: &mut HeaderMap, is_https: bool) {
    headers.reserve(ALWAYS.len() + 1);
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(value);
    }
    if is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, ONLY_TLS);
    }
}

/// Of a page, with its own policy.
pub(crate) fn of_page(policy: HeaderValue) -> [(HeaderName, HeaderValue); 3] {
    [
        (header::CONTENT_SECURITY_POLICY, policy),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("same-origin"),
        ),
        (PERMISSIONS_POLICY, NO_DEVICES),
    ]
}
