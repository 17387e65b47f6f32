//! Sessions: signing in and out. Guests are for demonstrations.

use std::time::Duration;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sale::{Moment, ShopperId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::credentials::{Credentials, Email, Password};
use crate::accounts::passwords::{Seat, Verdict};
use crate::accounts::session::{self, Claims, Role};
use crate::app::App;
use crate::front_door::client_address::ClientAddress;
use crate::openapi::{Always, Body, SignedIn};
use crate::problem::{Details, Problem};
use crate::request::json::Json;
use crate::store::accounts::{self as store, AccountRow};

/// A shopper who signs in for tomorrow's sale is still signed in when it begins.
const SHOPPER_SESSION: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// As long as a shift: an operator's session can do more.
const OPERATOR_SESSION: Duration = Duration::from_secs(12 * 60 * 60);

/// A guest's session outlives any sale of a day.
const GUEST_SESSION: Duration = Duration::from_secs(24 * 60 * 60);

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// A session that has just begun.
#[derive(Serialize, ToSchema)]
pub(crate) struct Session {
    /// For clients that are not browsers: `Authorization: Bearer …`.
    token: String,
    shopper_id: ShopperId,
    role: Role,
    #[serde(serialize_with = "feed::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    expires_at: Moment,
}

/// Whose session begins.
pub(super) enum Whose {
    Guest,
    Account {
        id: ShopperId,
        role: Role,
        email: Email,
    },
}

impl Whose {
    fn claims(self, now_s: i64) -> Claims {
        let (sub, role, email, lifetime) = match self {
            Self::Guest => (Uuid::new_v4(), Role::Shopper, None, GUEST_SESSION),
            Self::Account { id, role, email } => (id.uuid(), role, Some(email), lifetime_of(role)),
        };
        Claims {
            jti: Uuid::new_v4(),
            sub,
            role,
            email: email.map(|email| email.to_string()),
            name: None,
            exp: now_s + lifetime.as_secs().cast_signed(),
        }
    }
}

const fn lifetime_of(role: Role) -> Duration {
    match role {
        Role::Shopper => SHOPPER_SESSION,
        Role::Operator => OPERATOR_SESSION,
    }
}

/// Answers with a new session, as a token and as a cookie.
pub(super) fn begin(app: &App, whose: Whose) -> Result<Response, Problem> {
    let now_s = feed::now().unix_ms() / 1000;
    let claims = whose.claims(now_s);
    let token = app.sessions.sign(&claims)?;
    let cookie = app.cookies.keep(&token, &claims, now_s);
    let headers = [
        (header::SET_COOKIE, cookie),
        (header::CACHE_CONTROL, NO_STORE),
    ];
    let session = Session {
        token,
        shopper_id: ShopperId::new(claims.sub),
        role: claims.role,
        expires_at: claims.expires_at(),
    };
    Ok((StatusCode::CREATED, headers, Answer(session)).into_response())
}

/// Sign in
///
/// The answer to a wrong password and to an unknown email is the same, and takes as long.
#[utoipa::path(
    post, path = "/v1/sessions", operation_id = "sign_in", tag = "accounts",
    request_body = Credentials,
    responses(
        (status = 201, description = "A session, also as a cookie.", body = Session),
        (status = 401, description = "`wrong-credentials`: no account of that email, or another password.", body = Details, content_type = "application/problem+json"),
        Body, Always,
    ),
)]
pub(crate) async fn create(
    State(app): State<App>,
    from: ClientAddress,
    Json(credentials): Json<Credentials>,
) -> Result<Response, Problem> {
    let (email, password) = credentials.for_sign_in()?;
    app.rate_limits.sign_in(from, email.as_str())?;
    let seat = app.passwords.seat()?;
    let account = store::account(&app.pool, &email).await?;
    let account = prove(&app, seat, account, password).await?;
    let AccountRow { id, role, .. } = account;
    begin(&app, Whose::Account { id, role, email })
}

/// Gives the account back if the password is right. Without one the work is the same, and the answer.
async fn prove(
    app: &App,
    seat: Seat,
    account: Option<AccountRow>,
    password: Password,
) -> Result<AccountRow, Problem> {
    let known = account
        .as_ref()
        .map_or(app.passwords.nobody(), |account| &account.password_hash);
    let verdict = seat.check(password, known.to_owned()).await?;
    let account = account.ok_or(Problem::WrongCredentials)?;
    match verdict {
        Verdict::Wrong => return Err(Problem::WrongCredentials),
        Verdict::Right => {}
        Verdict::RightButOld(new) => {
            store::replace_password_hash(&app.pool, &account, &new).await?;
        }
    }
    Ok(account)
}

/// Begin a guest's session
///
/// For demonstrations: refused unless the installation allows guests.
#[utoipa::path(
    post, path = "/v1/sessions/guest", operation_id = "begin_guest_session", tag = "accounts",
    responses(
        (status = 201, description = "A session, also as a cookie.", body = Session),
        (status = 403, description = "`forbidden`: no guests here, or a page of another site asked.", body = Details, content_type = "application/problem+json"),
        Always,
    ),
)]
pub(crate) async fn guest(State(app): State<App>) -> Result<Response, Problem> {
    match app.page.guest_sessions {
        true => begin(&app, Whose::Guest),
        false => Err(Problem::Forbidden),
    }
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct WhoAmI {
    shopper_id: ShopperId,
    role: Role,
    /// Guests have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(serialize_with = "feed::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    expires_at: Moment,
}

/// Who am I
#[utoipa::path(
    get, path = "/v1/sessions/mine", operation_id = "show_my_session", tag = "accounts",
    responses(
        (status = 200, description = "Whose session this is.", body = WhoAmI),
        SignedIn, Always,
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn mine(session::Session(claims): session::Session) -> impl IntoResponse {
    let who = WhoAmI {
        shopper_id: ShopperId::new(claims.sub),
        role: claims.role,
        expires_at: claims.expires_at(),
        email: claims.email,
    };
    ([(header::CACHE_CONTROL, NO_STORE)], Answer(who))
}

/// Sign out
///
/// Ends this session for good: its token is refused here at once, and at every replica within 5 s.
#[utoipa::path(
    delete, path = "/v1/sessions", operation_id = "sign_out", tag = "accounts",
    responses(
        (status = 204, description = "Ended; the cookie is cleared."),
        (status = 403, description = "`forbidden`: a page of another site asked.", body = Details, content_type = "application/problem+json"),
        SignedIn, Always,
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn end(
    State(app): State<App>,
    session::Session(claims): session::Session,
) -> Result<impl IntoResponse, Problem> {
    app.revocations.revoke(&app.pool, &claims).await?;
    let headers = [
        (header::SET_COOKIE, app.cookies.clear()),
        (header::CACHE_CONTROL, NO_STORE),
    ];
    Ok((StatusCode::NO_CONTENT, headers))
}
