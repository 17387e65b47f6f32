//! A browser's copy of the token.

use axum::http::{HeaderMap, HeaderValue, header};

use super::Claims;

/// HttpOnly: no script can read it.
pub(crate) const COOKIE: &str = "firstcome_session";

/// How cookies are set here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cookies {
    is_secure: bool,
}

impl Cookies {
    /// With `is_secure`, browsers send them over TLS alone.
    pub(crate) const fn new(is_secure: bool) -> Self {
        Self { is_secure }
    }

    /// Keeps a token for as long as its session lasts.
    pub(crate) fn keep(self, token: &str, claims: &Claims, now_s: i64) -> HeaderValue {
        self.set(token, claims.exp.saturating_sub(now_s))
    }

    /// Makes the browser forget.
    pub(crate) fn clear(self) -> HeaderValue {
        self.set("", 0)
    }

    /// Lax: another site's page cannot make a browser buy or sign out; a link to us still finds it signed in.
    fn set(self, value: &str, max_age_s: i64) -> HeaderValue {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let cookie = format!(
            "{COOKIE}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}"
        );
        HeaderValue::from_str(&cookie).expect("a token is base64url and dots")
    }
}

/// The token that came as a cookie.
pub(super) fn given(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim_start().strip_prefix(COOKIE)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            "a=b; firstcome_session=x.y.z; c=d".parse().unwrap(),
        );
        assert_eq!(given(&headers), Some("x.y.z"));
        headers.clear();
        headers.append(
            header::COOKIE,
            "a=b;firstcome_session=x.y.z".parse().unwrap(),
        );
        assert_eq!(given(&headers), Some("x.y.z"), "written without the space");
        headers.clear();
        headers.append(header::COOKIE, "firstcome_session_old=x".parse().unwrap());
        assert_eq!(given(&headers), None);
    }
}
