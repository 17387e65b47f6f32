//! A sale, somebody who buys, and the notifiers that tell what came of it.

use std::time::Duration;

use anyhow::{Context, Result};
use devstack::{Http, Live, OpenSale, Process, Role, Shopper, Stack, StackBuilder, until};
use futures_util::stream::{StreamExt, TryStreamExt, iter};

/// Longer than anything takes here on a machine that is busy with other tests.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// Purchases under way at a time; the door groups those that come together.
const BUYING_AT_ONCE: usize = 64;

/// A running stack with one open sale, whose queue may be as long as it likes.
pub(crate) struct Shop {
    pub(crate) stack: Stack,
    pub(crate) sale: String,
    pub(crate) shopper: Shopper,
}

impl Shop {
    /// One notifier.
    pub(crate) async fn open() -> Result<Self> {
        Self::with(Stack::builder(), 1).await
    }

    pub(crate) async fn with(builder: StackBuilder, notifiers: usize) -> Result<Self> {
        let patient = builder.env(Role::Ingress, "QUEUE_WAIT_MAX_MS", "600000");
        let stack = patient.notifiers(notifiers).start().await?;
        let sale = OpenSale {
            unit_limit: 100,
            ..OpenSale::of(100_000)
        };
        let sale = stack.open_sale(&sale).await?;
        let shopper = Shopper::guest(&stack.ingress(0).url()).await?;
        Ok(Self {
            stack,
            sale,
            shopper,
        })
    }

    /// The ticket of one purchase.
    pub(crate) async fn buy(&self) -> Result<String> {
        let answer = self.shopper.buy(&self.sale, None).await?;
        let ticket = answer.text("ticket").map(str::to_owned);
        ticket.with_context(|| format!("not accepted: {} {}", answer.status, answer.body))
    }

    /// The tickets of so many.
    pub(crate) async fn buy_all(&self, count: usize) -> Result<Vec<String>> {
        let buying = iter(0..count).map(|_| self.buy());
        buying.buffer_unordered(BUYING_AT_ONCE).try_collect().await
    }

    /// Returns when all of them are decided, as the HTTP API has it.
    pub(crate) async fn decided(&self, tickets: &[String]) -> Result<()> {
        let asking = iter(tickets).map(|ticket| {
            until("a decision", SOON, async || {
                let answer = self.shopper.ticket(ticket, 20).await?;
                Ok((answer.text("state") != Some("queued")).then_some(()))
            })
        });
        asking.buffer_unordered(BUYING_AT_ONCE).try_collect().await
    }

    /// A connection to the first notifier that has been greeted.
    pub(crate) async fn live(&self) -> Result<Live> {
        greeted(&self.stack.notifier(0).live_url()).await
    }
}

/// A connection that has been greeted.
pub(crate) async fn greeted(url: &str) -> Result<Live> {
    let mut live = Live::connect(url).await?;
    let hello = live.next().await?;
    anyhow::ensure!(
        matches!(hello, devstack::client::Event::Hello { .. }),
        "no hello but {hello:?}"
    );
    Ok(live)
}

/// What a process counts, over all labels that begin like `name`; nothing counted is zero.
pub(crate) async fn count(process: &Process, name: &str) -> Result<f64> {
    let url = format!("{}/metrics", process.health_url());
    let answer = Http::new().get(&url).await?;
    let text = answer.body.as_str().context("metrics are text")?;
    let ours = text.lines().filter(|line| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with([' ', '{']) || name.ends_with('}'))
    });
    ours.map(|line| Ok(line.rsplit(' ').next().unwrap_or_default().parse::<f64>()?))
        .sum()
}

/// Waits until a process has counted so much.
pub(crate) async fn counts(process: &Process, name: &str, at_least: f64) -> Result<()> {
    until(name, SOON, async || {
        Ok((count(process, name).await? >= at_least).then_some(()))
    })
    .await
}
