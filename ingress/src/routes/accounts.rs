//! Accounts.

use axum::extract::State;
use axum::response::Response;
use sale::ShopperId;
use uuid::Uuid;

use super::sessions::{Session, Whose, begin};
use crate::accounts::credentials::Credentials;
use crate::accounts::session::Role;
use crate::app::App;
use crate::front_door::client_address::ClientAddress;
use crate::openapi::{Always, Body};
use crate::problem::{Details, Problem};
use crate::request::json::Json;
use crate::store::accounts as store;

/// Make an account
///
/// For shoppers, whatever is asked: operators are made by `ingress create-operator`. Also signs in.
#[utoipa::path(
    post, path = "/v1/accounts", operation_id = "create_account", tag = "accounts",
    request_body = Credentials,
    responses(
        (status = 201, description = "The account, and a session of it, also as a cookie.", body = Session),
        (status = 409, description = "`email-taken`: sign in instead.", body = Details, content_type = "application/problem+json"),
        Body, Always,
    ),
)]
pub(crate) async fn create(
    State(app): State<App>,
    from: ClientAddress,
    Json(credentials): Json<Credentials>,
) -> Result<Response, Problem> {
    let (email, password) = credentials.for_new_account()?;
    app.rate_limits.sign_in(from, email.as_str())?;
    let password_hash = app.passwords.seat()?.hash(password).await?;
    let id = ShopperId::new(Uuid::new_v4());
    let role = Role::Shopper;
    if !store::insert_account(&app.pool, id, &email, &password_hash, role).await? {
        return Err(Problem::EmailTaken);
    }
    metrics::counter!("ingress_accounts_created_total").increment(1);
    begin(&app, Whose::Account { id, role, email })
}
