//! Sessions that ended before their time.
//!
//! Postgres has them all; each replica keeps a copy in memory and asks for what is new every 2 s, so a
//! session that was ended anywhere is refused everywhere within 5 s. A request looks into the copy alone
//! and waits for nothing (docs/decisions/0010).
//!
//! While Postgres is away the last known copy counts. Nobody can sign out then: it fails, and says so. What
//! was ended in the last seconds before may be unknown to other replicas until it is back. The log tells
//! once that reading failed and once that it works again; `ingress_revocations_read_timestamp_seconds` is
//! the time of the last look that went well.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Context;
use sale::Moment;
use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::{info, warn};
use uuid::Uuid;

use crate::accounts::session::Claims;
use crate::problem::Problem;
use crate::store::accounts as store;

/// Between two looks: with [`LOOK_LIMIT`] less than the 5 s that are promised.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How long one look may take before it counts as failed.
const LOOK_LIMIT: Duration = Duration::from_secs(2);

/// How far back each look begins before the newest one known: a row is stamped when it is written and
/// seen when it is committed, perhaps after a younger one.
const OVERLAP: Duration = Duration::from_secs(30);

/// Rows of one question.
const PAGE_ROWS: usize = 4_096;

/// Most sessions kept in memory, some 50 MB. Beyond it nobody can sign out early until some have expired:
/// the sessions already ended matter more.
const REVOCATIONS_MAX: usize = 1_000_000;

/// How long a row or an entry outlives its session, in case that clocks differ or are put back.
const KEPT_AFTER_EXPIRY_MS: i64 = 60 * 60 * 1000;

/// How long whoever cannot sign out early stays away.
const FULL_RETRY_AFTER_MS: u64 = 60_000;

/// The copy of one replica. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Revocations {
    /// By their end, so that those to be forgotten are a prefix. Written for a moment every 2 s.
    known: Arc<RwLock<BTreeSet<(i64, Uuid)>>>,
}

impl Revocations {
    /// Whether a session was ended before its time.
    pub(crate) fn has(&self, claims: &Claims) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.contains(&(claims.exp, claims.jti))
    }

    /// Ends a session: in Postgres, then here. When it fails the session goes on here, so that it can be repeated.
    pub(crate) async fn revoke(&self, pool: &PgPool, claims: &Claims) -> Result<(), Problem> {
        if self.count() >= REVOCATIONS_MAX {
            return Err(Problem::Busy {
                retry_after_ms: FULL_RETRY_AFTER_MS,
            });
        }
        store::revoke_session(pool, claims.jti, claims.expires_at()).await?;
        self.learn([(claims.exp, claims.jti)]);
        Ok(())
    }

    fn count(&self) -> usize {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.len()
    }

    fn learn(&self, sessions: impl IntoIterator<Item = (i64, Uuid)>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(sessions);
    }

    /// Forgets sessions that ended by themselves before a moment.
    fn forget(&self, before: Moment) {
        let first_kept = (before.unix_ms().div_euclid(1000), Uuid::nil());
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.first().is_none_or(|first| *first >= first_kept) {
            return;
        }
        // It walks through what it leaves: not every 2 s for nothing.
        let kept = known.split_off(&first_kept);
        let forgotten = std::mem::replace(&mut *known, kept);
        drop(known);
        // Outside the lock: there may be many.
        drop(forgotten);
    }
}

/// Keeps a replica's copy up to date.
pub(crate) struct Watch {
    revocations: Revocations,
    pool: PgPool,
    newest: OffsetDateTime,
    is_troubled: bool,
}

impl Watch {
    /// Reads all there are: before the first request is served.
    pub(crate) async fn begin(pool: PgPool) -> anyhow::Result<Self> {
        let mut watch = Self {
            revocations: Revocations::default(),
            pool,
            newest: OffsetDateTime::UNIX_EPOCH,
            is_troubled: false,
        };
        watch
            .read()
            .await
            .context("cannot read the ended sessions")?;
        Ok(watch)
    }

    /// The copy.
    pub(crate) fn revocations(&self) -> Revocations {
        self.revocations.clone()
    }

    /// Reads what is new every 2 s; never ends.
    pub(crate) async fn run(mut self) {
        let mut every = interval(LOOK_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            let looked = timeout(LOOK_LIMIT, self.step()).await;
            self.tell(looked.context("Postgres took too long").flatten());
        }
    }

    /// Reads what is new, and forgets what has expired, here and in Postgres.
    async fn step(&mut self) -> anyhow::Result<()> {
        self.read().await?;
        let before = Moment::from_unix_ms(feed::now().unix_ms() - KEPT_AFTER_EXPIRY_MS);
        self.revocations.forget(before);
        store::delete_expired_revocations(&self.pool, before, PAGE_ROWS).await?;
        Ok(())
    }

    async fn read(&mut self) -> anyhow::Result<()> {
        let mut after = (self.newest - OVERLAP, Uuid::nil());
        loop {
            let rows = store::revoked_sessions(&self.pool, after, PAGE_ROWS).await?;
            let sessions = rows.iter();
            self.revocations.learn(
                sessions.map(|row| (row.expires_at.unix_ms().div_euclid(1000), row.session)),
            );
            if let Some(last) = rows.last() {
                after = (last.revoked_at, last.session);
                self.newest = self.newest.max(last.revoked_at);
            }
            if rows.len() < PAGE_ROWS {
                break;
            }
        }
        let now_s = feed::now().unix_ms() as f64 / 1000.0;
        metrics::gauge!("ingress_revocations_read_timestamp_seconds").set(now_s);
        metrics::gauge!("ingress_revocations").set(self.revocations.count() as f64);
        Ok(())
    }

    fn tell(&mut self, looked: anyhow::Result<()>) {
        let was_troubled = std::mem::replace(&mut self.is_troubled, looked.is_err());
        match looked {
            Err(error) if !was_troubled => {
                let error = format!("{error:#}");
                warn!(
                    error,
                    "cannot read which sessions were ended; the last known ones count"
                );
            }
            Ok(()) if was_troubled => info!("ended sessions are read again"),
            Ok(()) | Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::session::Role;

    fn session(jti: u128, exp: i64) -> Claims {
        Claims {
            jti: Uuid::from_u128(jti),
            sub: Uuid::from_u128(7),
            role: Role::Shopper,
            email: None,
            name: None,
            exp,
        }
    }

    #[tokio::test]
    async fn when_there_is_no_room_nobody_signs_out_early() {
        let revocations = Revocations::default();
        let pool = PgPool::connect_lazy("postgres://nobody@127.0.0.1:1/nothing").unwrap();
        revocations.learn((1..=REVOCATIONS_MAX).map(|nth| (100, Uuid::from_u128(nth as u128))));
        let refused = revocations.revoke(&pool, &session(0, 100)).await;
        assert!(matches!(refused, Err(Problem::Busy { .. })), "{refused:?}");
        revocations.forget(Moment::from_unix_ms(101_000));
        pool.close().await;
        let asked = revocations.revoke(&pool, &session(0, 100)).await;
        assert!(matches!(asked, Err(Problem::Unavailable(_))), "{asked:?}");
    }

    #[test]
    fn what_has_expired_is_forgotten_and_nothing_else() {
        let revocations = Revocations::default();
        let ended = [session(1, 100), session(u128::MAX, 199), session(2, 200)];
        revocations.learn(ended.iter().map(|claims| (claims.exp, claims.jti)));
        revocations.forget(Moment::from_unix_ms(200_000));
        assert_eq!(
            ended.map(|claims| revocations.has(&claims)),
            [false, false, true]
        );
        assert!(!revocations.has(&session(3, 200)), "another session");
    }
}
