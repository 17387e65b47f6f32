//! Who is asking: sessions as HS256 tokens, by bearer header or by cookie.
//!
//! An operator's session is also a shopper's: whoever runs sales may buy.

mod cookie;
mod keys;

use std::str::FromStr;

use anyhow::bail;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use sale::{Moment, ShopperId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;

pub(crate) use cookie::{COOKIE, Cookies};
pub(crate) use keys::SessionKeys;

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Buy, and see one's own orders.
    Shopper,
    /// Run sales, and everything a shopper may.
    Operator,
}

impl Role {
    /// As in a token, and in Postgres.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Shopper => "shopper",
            Self::Operator => "operator",
        }
    }
}

impl FromStr for Role {
    type Err = anyhow::Error;

    fn from_str(role: &str) -> anyhow::Result<Self> {
        match role {
            "shopper" => Ok(Self::Shopper),
            "operator" => Ok(Self::Operator),
            _ => bail!("no role is called {role}"),
        }
    }
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The session's own name: what is revoked.
    pub(crate) jti: Uuid,
    /// Whose session it is.
    pub(crate) sub: Uuid,
    /// What it allows.
    pub(crate) role: Role,
    /// The account's; guests and automation have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    /// A name for the audit trail, where there is no account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// When it ends, in seconds since the Unix epoch.
    pub(crate) exp: i64,
}

impl Claims {
    /// When it ends.
    pub(crate) const fn expires_at(&self) -> Moment {
        Moment::from_unix_ms(self.exp.saturating_mul(1000))
    }
}

/// A session that is valid, whoever's it is.
#[derive(Clone, Debug)]
pub(crate) struct Session(pub(crate) Claims);

impl FromRequestParts<App> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        claims(&parts.headers, app).map(Self)
    }
}

/// A session of anybody who may buy.
#[derive(Clone, Debug)]
pub(crate) struct Shopper(pub(crate) ShopperId);

impl FromRequestParts<App> for Shopper {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let claims = claims(&parts.headers, app)?;
        Ok(Self(ShopperId::new(claims.sub)))
    }
}

/// A session of somebody who runs sales.
#[derive(Clone, Debug)]
pub(crate) struct Operator {
    /// Who it is, for the audit trail: an account's email.
    pub(crate) name: String,
}

impl FromRequestParts<App> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let claims = claims(&parts.headers, app)?;
        let name = claims.email.or(claims.name);
        match claims.role {
            Role::Operator => Ok(Self {
                name: name.unwrap_or_else(|| claims.sub.to_string()),
            }),
            Role::Shopper => Err(Problem::Forbidden),
        }
    }
}

fn claims(headers: &HeaderMap, app: &App) -> Result<Claims, Problem> {
    let token = bearer(headers)
        .or_else(|| cookie::given(headers))
        .ok_or(Problem::Unauthorized)?;
    let claims = app.sessions.verify(token).ok_or(Problem::Unauthorized)?;
    match app.revocations.has(&claims) {
        true => Err(Problem::Unauthorized),
        false => Ok(claims),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = given.split_once(' ')?;
    // Written in any case (RFC 9110, 11.1).
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_is_written_in_any_case() {
        let token = |given: &str| {
            let value = given.parse().unwrap();
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
            bearer(&headers).map(str::to_owned)
        };
        for given in ["Bearer x.y.z", "bearer x.y.z", "BEARER  x.y.z"] {
            assert_eq!(token(given).as_deref(), Some("x.y.z"), "{given}");
        }
        for given in ["Basic x.y.z", "Bearer", "x.y.z", "Bearerx y"] {
            assert_eq!(token(given), None, "{given}");
        }
    }
}
