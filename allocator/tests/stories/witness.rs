//! Records without an ingress, and a look at what processes say of themselves.

use std::time::Duration;

use anyhow::{Context, Result};
use async_nats::jetstream;
use devstack::{Http, Process, Role, Stack, until};
use sale::subject::{Channel, LogSubject};
use sale::{
    KeyHash, Moment, Partition, Purchase, Purchases, RECORD_VERSION, SaleId, ShopperId, TicketKeys,
};
use sqlx::PgPool;
use tokio::sync::watch;
use uuid::Uuid;

use crate::shop::SOON;

/// Between two records of each partition.
const RECORD_EVERY: Duration = Duration::from_millis(20);

/// Writes to the logs of a stack without an ingress: purchases of sales that nobody opened.
pub(crate) struct Writer {
    log: jetstream::Context,
    keys: TicketKeys,
}

impl Writer {
    pub(crate) async fn of(stack: &Stack) -> Result<Self> {
        let client = stack.tenant().nats(Role::Ingress).await?;
        let log = jetstream::new(client);
        let keys = stack.keys().tickets.parse()?;
        Ok(Self { log, keys })
    }

    /// One purchase; its sequence.
    pub(crate) async fn write(&self, partition: u16) -> Result<u64> {
        let sale = SaleId::new(Partition::try_from(partition)?, Moment::from_unix_ms(1), 7);
        let record = Purchases {
            v: RECORD_VERSION,
            sale,
            seal: self.keys.current().id(),
            purchases: vec![Purchase {
                shopper: ShopperId::new(Uuid::new_v4()),
                key: KeyHash::of("k"),
                received_at_ms: Moment::from_unix_ms(0),
            }],
        };
        self.put(sale, serde_json::to_vec(&record)?).await
    }

    pub(crate) async fn put(&self, sale: SaleId, body: Vec<u8>) -> Result<u64> {
        let subject = LogSubject::of(sale, Channel::Purchases).to_string();
        let published = self.log.publish(subject, body.into()).await?;
        Ok(published.await?.sequence)
    }

    /// Record after record to every partition until told to stop; the last sequence of each.
    pub(crate) async fn keep_writing(
        &self,
        partitions: u16,
        mut stop: watch::Receiver<bool>,
    ) -> Result<Vec<u64>> {
        let mut ticks = tokio::time::interval(RECORD_EVERY);
        let mut last = vec![0; partitions.into()];
        while !*stop.borrow_and_update() {
            ticks.tick().await;
            for (partition, last) in (0..).zip(&mut last) {
                *last = self.write(partition).await?;
            }
        }
        Ok(last)
    }
}

pub(crate) async fn decided(pool: &PgPool, last: &[u64]) -> Result<()> {
    until("decisions for all records", SOON, async || {
        let cursors: Vec<i64> =
            sqlx::query_scalar("SELECT cursor FROM partitions ORDER BY partition")
                .fetch_all(pool)
                .await?;
        let reached =
            |(cursor, last): (&i64, &u64)| u64::try_from(*cursor).is_ok_and(|c| c >= *last);
        Ok(cursors.iter().zip(last).all(reached).then_some(()))
    })
    .await
}

/// Every record of every partition has exactly one row.
pub(crate) async fn all_contiguous(pool: &PgPool) -> Result<bool> {
    let contiguous = sqlx::query_scalar(
        "SELECT bool_and(cursor = (SELECT count(*) FROM decisions
                                   WHERE decisions.partition = partitions.partition
                                     AND seq BETWEEN 1 AND cursor))
         FROM partitions",
    );
    Ok(contiguous.fetch_one(pool).await?)
}

/// A number of a process' `/metrics`; 0 while it has none of that name.
pub(crate) async fn metric(process: &Process, name: &str) -> Result<u32> {
    let answer = Http::new()
        .get(&format!("{}/metrics", process.health_url()))
        .await?;
    let text = answer.body.as_str().context("no metrics")?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(line.unwrap_or("0").parse()?)
}

/// What `/readyz` names as the reason of a check, if it fails.
pub(crate) async fn unready(process: &Process, check: &str) -> Result<Option<String>> {
    let answer = Http::new()
        .get(&format!("{}/readyz", process.health_url()))
        .await?;
    let reasons = answer.body["reasons"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let named = reasons.iter().find(|reason| reason["check"] == check);
    Ok(named.and_then(|reason| Some(reason["reason"].as_str()?.to_owned())))
}

pub(crate) async fn epochs(pool: &PgPool) -> Result<Vec<i64>> {
    let epochs = sqlx::query_scalar("SELECT epoch FROM partitions ORDER BY partition");
    Ok(epochs.fetch_all(pool).await?)
}
