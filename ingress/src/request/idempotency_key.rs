//! The header `Idempotency-Key`: the same key never does the same thing twice.

use axum::http::{HeaderMap, HeaderName};

use utoipa::IntoParams;

use crate::problem::Problem;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Longest key a client may send.
const KEY_CHARS_MAX: usize = 255;

/// The header as the description of the API tells of it.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "a description; `given` reads the header")]
pub(crate) struct IdempotencyKey {
    /// 1 to 255 characters, quoted or bare. The same key never does the same thing twice.
    #[param(
        rename = "Idempotency-Key", value_type = String, required = false,
        min_length = 1, max_length = 255, pattern = "^[!-~]([ -~]*[!-~])?$"
    )]
    key: Option<String>,
}

/// The client's key, quoted or bare, if it gave one.
pub(crate) fn given(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = keys.next() else {
        return Ok(None);
    };
    // Which of two is meant nobody knows, and a balancer may take the other one.
    if keys.next().is_some() {
        return Err(bad_key());
    }
    let key = key.to_str().map_err(|_| bad_key())?.trim();
    let key = key
        .strip_prefix('"')
        .and_then(|key| key.strip_suffix('"'))
        .unwrap_or(key);
    // `to_str` lets tabs through.
    let is_printable = key.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if key.is_empty() || key.len() > KEY_CHARS_MAX || !is_printable {
        return Err(bad_key());
    }
    Ok(Some(key.to_owned()))
}

fn bad_key() -> Problem {
    Problem::BadRequest(format!(
        "Idempotency-Key must be given once, as 1 to {KEY_CHARS_MAX} printable ASCII characters"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_keys_none_is_taken() {
        let mut headers = HeaderMap::new();
        headers.append(IDEMPOTENCY_KEY, "\"mine\"".parse().unwrap());
        assert_eq!(given(&headers).unwrap().as_deref(), Some("mine"));
        headers.append(IDEMPOTENCY_KEY, "other".parse().unwrap());
        assert!(matches!(given(&headers), Err(Problem::BadRequest(_))));
    }
}
