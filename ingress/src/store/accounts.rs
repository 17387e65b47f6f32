//! People who can sign in, and sessions that ended before their time.

use sale::{Moment, ShopperId};
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::accounts::credentials::Email;
use crate::accounts::session::Role;

/// What signing in needs to know of an account.
pub(crate) struct AccountRow {
    pub(crate) id: ShopperId,
    pub(crate) password_hash: String,
    pub(crate) role: Role,
}

/// A session that ended before its time.
pub(crate) struct RevokedRow {
    pub(crate) session: Uuid,
    pub(crate) expires_at: Moment,
    pub(crate) revoked_at: OffsetDateTime,
}

/// Makes an account; `false` when there is one of that email already, which stays as it is.
pub(crate) async fn insert_account(
    pool: &PgPool,
    id: ShopperId,
    email: &Email,
    password_hash: &str,
    role: Role,
) -> anyhow::Result<bool> {
    let inserted = sqlx::query!(
        "INSERT INTO accounts (id, email, password_hash, role) VALUES ($1, $2, $3, $4)
         ON CONFLICT (email) DO NOTHING",
        id.uuid(),
        email.as_str(),
        password_hash,
        role.as_str()
    )
    .execute(pool)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

pub(crate) async fn account(pool: &PgPool, email: &Email) -> anyhow::Result<Option<AccountRow>> {
    let row = sqlx::query!(
        "SELECT id, password_hash, role FROM accounts WHERE email = $1",
        email.as_str()
    )
    .fetch_optional(pool)
    .await?;
    row.map(|row| {
        Ok(AccountRow {
            id: ShopperId::new(row.id),
            password_hash: row.password_hash,
            role: row.role.parse()?,
        })
    })
    .transpose()
}

/// Gives an account a new hash of the same password, unless another sign-in was faster.
pub(crate) async fn replace_password_hash(
    pool: &PgPool,
    account: &AccountRow,
    new_hash: &str,
) -> anyhow::Result<()> {
    sqlx::query!(
        "UPDATE accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
        account.id.uuid(),
        account.password_hash,
        new_hash
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Makes an operator of an account; `false` when there is none of that email.
pub(crate) async fn promote(pool: &PgPool, email: &Email) -> anyhow::Result<bool> {
    let promoted = sqlx::query!(
        "UPDATE accounts SET role = 'operator' WHERE email = $1",
        email.as_str()
    )
    .execute(pool)
    .await?;
    Ok(promoted.rows_affected() == 1)
}

/// Ends a session before its time; again changes nothing.
pub(crate) async fn revoke_session(
    pool: &PgPool,
    session: Uuid,
    expires_at: Moment,
) -> anyhow::Result<()> {
    sqlx::query!(
        "INSERT INTO revoked_sessions (session_id, expires_at) VALUES ($1, $2)
         ON CONFLICT (session_id) DO NOTHING",
        session,
        feed::timestamp(expires_at)
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// The next revoked sessions after one, in the order in which they were revoked; at most `count`.
pub(crate) async fn revoked_sessions(
    pool: &PgPool,
    after: (OffsetDateTime, Uuid),
    count: usize,
) -> anyhow::Result<Vec<RevokedRow>> {
    let rows = sqlx::query!(
        "SELECT session_id, expires_at, revoked_at FROM revoked_sessions
         WHERE (revoked_at, session_id) > ($1, $2)
         ORDER BY revoked_at, session_id LIMIT $3",
        after.0,
        after.1,
        i64::try_from(count)?
    )
    .fetch_all(pool)
    .await?;
    let revoked = rows.into_iter().map(|row| RevokedRow {
        session: row.session_id,
        expires_at: feed::moment(row.expires_at),
        revoked_at: row.revoked_at,
    });
    Ok(revoked.collect())
}

/// Deletes revoked sessions that expired before a moment; at most `count` of them.
pub(crate) async fn delete_expired_revocations(
    pool: &PgPool,
    before: Moment,
    count: usize,
) -> anyhow::Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM revoked_sessions WHERE session_id = ANY(ARRAY(
             SELECT session_id FROM revoked_sessions WHERE expires_at < $1 LIMIT $2))",
        feed::timestamp(before),
        i64::try_from(count)?
    )
    .execute(pool)
    .await?;
    Ok(deleted.rows_affected())
}
