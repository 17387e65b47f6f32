//! A name for each request: in its answer, in our log, and in the problem when it failed.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// Where it stands, in requests and in answers.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest one that is taken from a client; twice as long as those of common balancers.
const LENGTH_MAX: usize = 64;

/// Letters, digits, `.`, `_` and `-`: safe in any log, shell and query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    /// The client's own, if it is short and harmless; else a new one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        match headers.get(REQUEST_ID) {
            Some(given) if is_token(given.as_bytes()) => Self(given.clone()),
            Some(_) | None => Self::random(),
        }
    }

    fn random() -> Self {
        // Not `Uuid::new_v4`, which asks the kernel each time; nobody has to guess this one.
        let id = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
        let mut text = Uuid::encode_buffer();
        let text = id.hyphenated().encode_lower(&mut text);
        Self(HeaderValue::from_str(text).expect("a UUID is a header value"))
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().expect("a token is ASCII")
    }

    /// For the answer.
    pub(crate) fn into_header(self) -> HeaderValue {
        self.0
    }
}

fn is_token(text: &[u8]) -> bool {
    let is_harmless = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    (1..=LENGTH_MAX).contains(&text.len()) && text.iter().all(is_harmless)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(given: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_str(given).unwrap());
        RequestId::of(&headers).as_str().to_owned()
    }

    #[test]
    fn a_harmless_one_is_kept() {
        for given in ["a", "Req_1.2-3", &"x".repeat(64)] {
            assert_eq!(of(given), given);
        }
    }

    #[test]
    fn any_other_is_replaced() {
        for given in ["", "a b", "a\"b", "a;b", "\u{e9}", &"x".repeat(65)] {
            assert_eq!(of(given).parse::<Uuid>().unwrap().get_version_num(), 4);
        }
        let none = HeaderMap::new();
        assert_ne!(RequestId::of(&none), RequestId::of(&none));
    }
}
