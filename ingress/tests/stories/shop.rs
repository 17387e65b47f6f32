//! A sale, its doors, and its shoppers.

use std::time::Duration;

use anyhow::{Context, Result};
use async_nats::jetstream;
use devstack::audit::{Attempt, Findings, History, audit};
use devstack::{Answer, OpenSale, Role, Shopper, Stack, StackBuilder};

/// Longer than anything takes here on a machine that is busy with other tests.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// A running stack with one open sale.
pub(crate) struct Shop {
    pub(crate) stack: Stack,
    pub(crate) sale: String,
    /// Every ingress.
    pub(crate) doors: Vec<String>,
}

impl Shop {
    /// One door.
    pub(crate) async fn selling(stock: u32) -> Result<Self> {
        Self::open(Stack::builder(), 1, &OpenSale::of(stock)).await
    }

    /// No notifier: nobody here looks at a WebSocket.
    pub(crate) async fn open(builder: StackBuilder, doors: usize, sale: &OpenSale) -> Result<Self> {
        let stack = builder.notifiers(0).ingress(doors).start().await?;
        let sale = stack.operator().await?.open_sale(sale).await?;
        let doors: Vec<String> = (0..doors).map(|door| stack.ingress(door).url()).collect();
        let shop = Self { stack, sale, doors };
        for door in &shop.doors {
            shop.is_known_at(door).await?;
        }
        Ok(shop)
    }

    /// The feed tells the other doors of a new sale a moment later.
    async fn is_known_at(&self, door: &str) -> Result<()> {
        let http = devstack::Http::new();
        let url = format!("{door}/v1/sales/{}", self.sale);
        devstack::until("the sale at every door", SOON, async || {
            Ok((http.get(&url).await?.status == 200).then_some(()))
        })
        .await
    }

    /// A new guest at the first door.
    pub(crate) async fn shopper(&self) -> Result<Shopper> {
        Shopper::guest(&self.doors[0]).await
    }

    /// What the first door counts.
    pub(crate) async fn metrics(&self) -> Result<String> {
        let url = format!("{}/metrics", self.stack.ingress(0).health_url());
        let answer = devstack::Http::new().get(&url).await?;
        Ok(answer.body.as_str().unwrap_or_default().to_owned())
    }

    pub(crate) async fn audit(&self, attempts: Vec<Attempt>) -> Result<Findings> {
        let history = History::read(self.stack.pool(), self.sale.parse()?, attempts).await?;
        Ok(audit(&history))
    }

    /// How many records the log of partition 0 holds.
    pub(crate) async fn records(&self) -> Result<u64> {
        let client = self.stack.tenant().nats(Role::Ingress).await?;
        let stream = jetstream::new(client).get_stream("SALE_LOG_00").await?;
        Ok(stream.cached_info().state.messages)
    }
}

/// The ticket of a 202.
pub(crate) fn ticket(answer: &Answer) -> Result<&str> {
    let ticket = answer.text("ticket");
    ticket.with_context(|| format!("not accepted: {} {}", answer.status, answer.body))
}
