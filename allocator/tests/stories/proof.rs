//! That a sale came out right, whatever happened to it.

use anyhow::{Context, Result, ensure};
use devstack::audit::{Attempt, Findings};
use devstack::{Http, OpenSale, Process, Proxy, Role, Servers, Tenant};
use futures_util::{FutureExt, StreamExt};
use sale::Partition;
use sale::decided::Decided;
use sale::subject::DECIDED_ALL;

use crate::replay::{Books, log_of};
use crate::shop::{Shop, halted, is_contiguous, stack};

/// A shop whose allocators reach Postgres by way of a proxy.
pub(crate) async fn wired(allocators: usize, sale: &OpenSale) -> Result<(Proxy, Shop)> {
    let tenant = Tenant::lease(&Servers::shared().await?).await?;
    let proxy = Proxy::before(&tenant.database_url(Role::Allocator)).await?;
    let builder = stack().tenant(tenant).allocators(allocators).env(
        Role::Allocator,
        "DATABASE_URL",
        proxy.url(),
    );
    Ok((proxy, Shop::open(builder, 1, sale).await?))
}

impl Shop {
    /// What a commit of purchases in this sale holds, and no other statement.
    pub(crate) fn mark_of_a_commit(&self) -> Result<[u8; 16]> {
        let sale: sale::SaleId = self.sale.parse()?;
        Ok(sale.uuid().into_bytes())
    }

    /// The log, decided again from its beginning, gives what Postgres holds.
    pub(crate) async fn books_agree(&self) -> Result<()> {
        let partition = Partition::try_from(0)?;
        let log = log_of(&self.stack, partition).await?;
        self.decided(log.len() as u64).await?;
        let replayed = Books::replayed(partition, &log, &self.ticket_keys()?)?;
        let kept = Books::kept(self.pool(), 0).await?;
        ensure!(kept == replayed, "kept {kept:#?}\nreplayed {replayed:#?}");
        Ok(())
    }

    /// Every record decided once and in order, every shopper told the truth.
    pub(crate) async fn adds_up(&self, attempts: Vec<Attempt>) -> Result<Findings> {
        self.books_agree().await?;
        ensure!(is_contiguous(self.pool()).await?, "a gap in the decisions");
        let reason = halted(self.pool()).await?;
        ensure!(reason.is_none(), "halted: {reason:?}");
        let findings = self.audit(attempts).await?;
        ensure!(findings.is_clean(), "{findings:?}");
        Ok(findings)
    }
}

/// What the allocators tell everybody.
pub(crate) struct Feed(async_nats::Subscriber);

impl Feed {
    pub(crate) async fn of(shop: &Shop) -> Result<Self> {
        let client = shop.stack.tenant().nats(Role::Notifier).await?;
        let feed = client.subscribe(DECIDED_ALL).await?;
        client.flush().await?;
        Ok(Self(feed))
    }

    /// What arrived since it was asked last.
    pub(crate) fn told(&mut self) -> Result<Vec<Decided>> {
        let mut told = Vec::new();
        while let Some(Some(message)) = self.0.next().now_or_never() {
            told.push(serde_json::from_slice(&message.payload)?);
        }
        Ok(told)
    }
}

/// The present value of a counter; 0 before it first counted.
pub(crate) async fn counter(process: &Process, name: &str) -> Result<f64> {
    let url = format!("{}/metrics", process.health_url());
    let answer = Http::new().get(&url).await?;
    let text = answer.body.as_str().context("no text")?;
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(value.unwrap_or("0").parse()?)
}

/// What a process says it is not ready for, if anything.
pub(crate) async fn unready(process: &Process) -> Result<Option<String>> {
    let url = format!("{}/readyz", process.health_url());
    let answer = Http::new().get(&url).await?;
    Ok((answer.status == 503).then(|| answer.body["reasons"].to_string()))
}
