//! Whom to ask about a sale.

use std::time::Duration;

use anyhow::Result;
use async_nats::Client;
use sqlx::PgPool;
use uuid::Uuid;

use super::attempt::Attempt;
use super::history::History;
use super::log;
use super::quiet::{self, Quiet};
use crate::role::Role;
use crate::stack::Stack;

/// Somebody who may read: Postgres always, the log if he was given a way there.
#[derive(Clone, Debug)]
pub struct Auditor {
    pool: PgPool,
    log: Option<Client>,
}

impl Auditor {
    /// Reads a stack's database and its log.
    pub async fn of(stack: &Stack) -> Result<Self> {
        let tenant = stack.tenant();
        let client = tenant.nats(Role::Auditor).await?;
        Ok(Self::reading(&tenant.pool(Role::Auditor)).with_log(client))
    }

    /// Reads a database, as any role that may.
    pub fn reading(pool: &PgPool) -> Self {
        Self {
            pool: pool.clone(),
            log: None,
        }
    }

    /// And the log, as the auditor.
    #[must_use]
    pub fn with_log(mut self, client: Client) -> Self {
        self.log = Some(client);
        self
    }

    /// And the log of a running target: `nats://auditor:password@host:port`.
    pub async fn with_log_at(self, nats_url: &str) -> Result<Self> {
        Ok(self.with_log(log::connect(nats_url).await?))
    }

    /// Waits, at most for `limit`, until all that these attempts put into the logs of their sales is decided. Nobody
    /// may buy any more meanwhile.
    pub async fn quiet(&self, sales: &[(Uuid, &[Attempt])], limit: Duration) -> Result<Quiet> {
        quiet::quiet(&self.pool, self.log.as_ref(), sales, limit).await
    }

    /// Everything that is known of a sale.
    pub async fn history(&self, sale: Uuid, attempts: Vec<Attempt>) -> Result<History> {
        let history = History::read(&self.pool, sale, attempts).await?;
        match &self.log {
            Some(client) => history.with_log(client).await,
            None => Ok(history),
        }
    }
}
