//! Sessions. Accounts are to come; guests are for demonstrations.

use std::time::Duration;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use sale::{Moment, ShopperId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::openapi::Always;
use crate::problem::{Details, Problem};
use crate::session::{COOKIE, Claims, Role};

/// A guest's session outlives any sale of a day.
const GUEST_SESSION: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Session {
    /// For clients that are not browsers: `Authorization: Bearer …`.
    token: String,
    shopper_id: ShopperId,
    #[serde(serialize_with = "feed::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    expires_at: Moment,
}

/// Begin a guest's session
///
/// For demonstrations: refused unless the installation allows guests.
#[utoipa::path(
    post, path = "/v1/sessions/guest", operation_id = "begin_guest_session", tag = "accounts",
    responses(
        (status = 201, description = "A session, also as a cookie.", body = Session),
        (status = 403, description = "`forbidden`: no guests here.", body = Details, content_type = "application/problem+json"),
        Always,
    ),
)]
pub(crate) async fn guest(State(app): State<App>) -> Result<impl IntoResponse, Problem> {
    if !app.page.guest_sessions {
        return Err(Problem::Forbidden);
    }
    let lifetime_s = GUEST_SESSION.as_secs().cast_signed();
    let expires_at = Moment::from_unix_ms(feed::now().unix_ms() + lifetime_s * 1000);
    let shopper = Uuid::new_v4();
    let claims = Claims {
        sub: shopper,
        role: Role::Shopper,
        name: None,
        exp: expires_at.unix_ms() / 1000,
    };
    let token = app.sessions.sign(&claims)?;
    let cookie = format!("{COOKIE}={token}; Path=/; Max-Age={lifetime_s}; HttpOnly; SameSite=Lax");
    let cookie = HeaderValue::from_str(&cookie).map_err(anyhow::Error::from)?;
    let headers = [
        (header::SET_COOKIE, cookie),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    let session = Session {
        token,
        shopper_id: ShopperId::new(shopper),
        expires_at,
    };
    Ok((StatusCode::CREATED, headers, Answer(session)))
}
