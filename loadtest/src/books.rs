//! What Postgres and the log hold of the sales of a measurement.

use std::time::Duration;

use anyhow::{Context, Result};
use devstack::audit::{Attempt, Auditor, Findings, PATIENCE, audit};
use devstack::{Stack, say};
use sqlx::PgPool;
use uuid::Uuid;

/// Between two looks at the cursor: a hundredth of the shortest drain that is worth a figure.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// What the auditor says of all sales together.
#[derive(Default)]
pub(crate) struct Audited {
    pub(crate) findings: Findings,
    /// What was still under way when it was read, in words: then it says less than it could.
    pub(crate) open: Option<String>,
}

impl Audited {
    /// Waits for the last decision and reads the books. Each sale comes with what is known of its shoppers' tickets.
    pub(crate) async fn of(stack: &Stack, sales: Vec<(Uuid, Vec<Attempt>)>) -> Result<Self> {
        say("reading the log and Postgres: the audit");
        let auditor = Auditor::of(stack).await?;
        let open = sales.iter();
        let open: Vec<(Uuid, &[Attempt])> = open
            .map(|(sale, attempts)| (*sale, attempts.as_slice()))
            .collect();
        let quiet = auditor.quiet(&open, PATIENCE).await?;
        let mut all = Vec::with_capacity(sales.len());
        // One after the other: the books of a large sale take hundreds of megabytes.
        for (sale, attempts) in sales {
            all.push(audit(&auditor.history(sale, attempts).await?));
        }
        Ok(Self {
            findings: all.into_iter().sum(),
            open: (!quiet.is_quiet()).then(|| quiet.to_string()),
        })
    }

    /// Of one sale whose shoppers are in the log alone.
    pub(crate) async fn of_logged(stack: &Stack, sale: &str) -> Result<Self> {
        Self::of(stack, vec![(sale.parse()?, Vec::new())]).await
    }
}

/// Orders of a sale.
pub(crate) async fn ordered(pool: &PgPool, sale: &str) -> Result<u64> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM orders WHERE sale_id = $1")
        .bind(sale.parse::<Uuid>()?)
        .fetch_one(pool)
        .await?;
    Ok(count.cast_unsigned())
}

/// Waits until the one log is decided up to this record.
pub(crate) async fn decided(pool: &PgPool, seq: u64, within: Duration) -> Result<()> {
    let waiting = async {
        loop {
            let cursor: i64 = sqlx::query_scalar("SELECT cursor FROM partitions")
                .fetch_one(pool)
                .await?;
            if cursor.cast_unsigned() >= seq {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let done = tokio::time::timeout(within, waiting).await;
    done.context("the log was not drained")?
}

#[cfg(test)]
mod tests {
    use super::*;
    use devstack::{OpenSale, Shopper, binaries, until};

    #[tokio::test]
    async fn an_order_that_is_gone_is_found_and_one_that_is_there_is_no_fault() -> Result<()> {
        binaries::folder().await?;
        let stack = Stack::builder().notifiers(0).start().await?;
        let sale = stack.open_sale(&OpenSale::of(10)).await?;
        let shopper = Shopper::guest(&stack.ingress(0).url()).await?;
        assert_eq!(shopper.buy(&sale, None).await?.status, 202);

        let audited = Audited::of_logged(&stack, &sale).await?;
        assert!(audited.findings.is_clean(), "{}", audited.findings);
        assert!(audited.findings.is_whole(), "{}", audited.findings);
        assert_eq!(audited.open, None);
        assert_eq!(ordered(stack.pool(), &sale).await?, 1);

        let gone = until("an order", PATIENCE, async || {
            let gone = sqlx::query("DELETE FROM orders").execute(stack.pool());
            Ok((gone.await?.rows_affected() == 1).then_some(()))
        });
        gone.await?;
        let audited = Audited::of_logged(&stack, &sale).await?;
        assert_eq!(audited.findings.out_of_order, Some(1));
        assert_eq!(ordered(stack.pool(), &sale).await?, 0);
        stack.stop().await
    }
}
