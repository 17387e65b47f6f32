//! A sale, its shoppers, and a look behind the counter.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use async_nats::jetstream;
use devstack::audit::{Attempt, Findings, History, audit};
use devstack::{Http, OpenSale, Role, Shopper, Stack, StackBuilder, until};
use futures_util::future::try_join_all;
use sqlx::PgPool;

/// Longer than a take-over on a machine that is busy with other tests.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// A running stack with one open sale in partition 0.
pub(crate) struct Shop {
    pub(crate) stack: Stack,
    pub(crate) sale: String,
    /// Every ingress.
    pub(crate) doors: Vec<String>,
    http: Http,
}

/// No notifier: nobody here looks at a WebSocket.
pub(crate) fn stack() -> StackBuilder {
    Stack::builder().notifiers(0)
}

impl Shop {
    /// One of each process.
    pub(crate) async fn selling(sale: &OpenSale) -> Result<Self> {
        Self::open(stack(), 1, sale).await
    }

    pub(crate) async fn open(builder: StackBuilder, doors: usize, sale: &OpenSale) -> Result<Self> {
        let stack = builder.ingress(doors).start().await?;
        let sale = stack.open_sale(sale).await?;
        Ok(Self {
            sale,
            doors: (0..doors).map(|door| stack.ingress(door).url()).collect(),
            http: Http::new(),
            stack,
        })
    }

    pub(crate) async fn shopper(&self) -> Result<Shopper> {
        Shopper::guest_over(&self.http, &self.doors[0]).await
    }

    pub(crate) async fn shoppers(&self, count: usize) -> Result<Vec<Shopper>> {
        try_join_all((0..count).map(|_| self.shopper())).await
    }

    /// All of them at once, at every door, each with every one of the keys.
    pub(crate) async fn buying(&self, crowd: &[Shopper], keys: &[&str]) -> Result<Vec<Attempt>> {
        let arriving = crowd
            .iter()
            .enumerate()
            .map(|(number, shopper)| async move {
                // Each key first at another door: a door answers a key it knows from memory.
                let buying = keys.iter().enumerate().map(|(nth, key)| async move {
                    let mut doors = self.doors.clone();
                    doors.rotate_left((number + nth) % self.doors.len());
                    shopper.see_through(&doors, &self.sale, key).await
                });
                try_join_all(buying).await
            });
        Ok(try_join_all(arriving).await?.concat())
    }

    /// That many new shoppers.
    pub(crate) async fn crowd(&self, count: usize, keys: &[&str]) -> Result<Vec<Attempt>> {
        let crowd = self.shoppers(count).await?;
        self.buying(&crowd, keys).await
    }

    /// One new shopper buys; their ticket.
    pub(crate) async fn accepted(&self) -> Result<(Shopper, String)> {
        let shopper = self.shopper().await?;
        let answer = shopper.buy(&self.sale, None).await?;
        ensure!(
            answer.status == 202,
            "not accepted: {} {}",
            answer.status,
            answer.body
        );
        let ticket = answer.text("ticket").context("no ticket")?.to_owned();
        Ok((shopper, ticket))
    }

    pub(crate) async fn audit(&self, attempts: Vec<Attempt>) -> Result<Findings> {
        let history = History::read(self.pool(), self.sale.parse()?, attempts).await?;
        Ok(audit(&history))
    }

    pub(crate) fn pool(&self) -> &PgPool {
        self.stack.pool()
    }

    /// Writes anything at all to the log, as an ingress could; its sequence.
    pub(crate) async fn log(&self, subject: &str, body: impl Into<Vec<u8>>) -> Result<u64> {
        let client = self.stack.tenant().nats(Role::Ingress).await?;
        let body: Vec<u8> = body.into();
        let logged = jetstream::new(client)
            .publish(subject.to_owned(), body.into())
            .await?
            .await?;
        Ok(logged.sequence)
    }

    /// Waits until the first partition's cursor has reached a record.
    pub(crate) async fn decided(&self, seq: u64) -> Result<()> {
        until(&format!("a decision for record {seq}"), SOON, async || {
            Ok((cursor(self.pool()).await? >= seq).then_some(()))
        })
        .await
    }
}

/// The first partition's cursor.
pub(crate) async fn cursor(pool: &PgPool) -> Result<u64> {
    let cursor: i64 = sqlx::query_scalar("SELECT cursor FROM partitions WHERE partition = 0")
        .fetch_one(pool)
        .await?;
    Ok(cursor.try_into()?)
}

/// Why the first partition has stopped, if it has.
pub(crate) async fn halted(pool: &PgPool) -> Result<Option<String>> {
    let halted = sqlx::query_scalar("SELECT halted FROM partitions WHERE partition = 0");
    Ok(halted.fetch_one(pool).await?)
}

/// The rulings for a record of the first partition; `None` while it is not decided.
pub(crate) async fn rulings(pool: &PgPool, seq: u64) -> Result<Option<String>> {
    let rulings =
        sqlx::query_scalar("SELECT rulings FROM decisions WHERE partition = 0 AND seq = $1");
    Ok(rulings
        .bind(i64::try_from(seq)?)
        .fetch_optional(pool)
        .await?)
}

/// Every record from the first to the cursor has exactly one row of decisions.
pub(crate) async fn is_contiguous(pool: &PgPool) -> Result<bool> {
    let contiguous = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM decisions WHERE decisions.partition = partitions.partition
                 AND seq BETWEEN 1 AND cursor) = cursor
                AND NOT EXISTS (SELECT FROM decisions
                                WHERE decisions.partition = partitions.partition AND seq > cursor)
         FROM partitions WHERE partition = 0",
    );
    Ok(contiguous.fetch_one(pool).await?)
}
