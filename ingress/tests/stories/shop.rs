//! A sale, its doors, and its shoppers.

use std::time::Duration;

use anyhow::{Context, Result};
use async_nats::jetstream;
use devstack::audit::{Attempt, Findings, History, audit};
use devstack::{Answer, Http, OpenSale, Proxy, Role, Shopper, Stack, StackBuilder, until};
use sale::subject::{Channel, LogSubject};
use sale::{Action, CommandId, Control, RECORD_VERSION, SaleId};
use uuid::Uuid;

/// Longer than anything takes here on a machine that is busy with other tests.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// A running stack with one open sale.
pub(crate) struct Shop {
    pub(crate) stack: Stack,
    pub(crate) sale: String,
    /// Every ingress.
    pub(crate) doors: Vec<String>,
}

/// A queue in which nobody may wait, with purchases in it.
pub(crate) struct FullQueue {
    pub(crate) shop: Shop,
    pub(crate) shopper: Shopper,
    /// Of what is in it.
    pub(crate) tickets: Vec<String>,
    /// The answer to the first purchase that was not accepted.
    pub(crate) refused: Answer,
}

impl FullQueue {
    /// The allocator has stopped a moment ago, and purchases gather until one is refused.
    pub(crate) async fn gathered() -> Result<Self> {
        let builder = Stack::builder().env(Role::Ingress, "QUEUE_WAIT_MAX_MS", "0");
        let shop = Shop::open(builder, 1, &OpenSale::of(99)).await?;
        let shopper = shop.shopper().await?;
        shop.stack.allocator(0).pause().await?;
        let mut tickets = Vec::new();
        let refused = until("a full queue", SOON, async || {
            let answer = shopper.buy(&shop.sale, None).await?;
            Ok(match answer.text("ticket") {
                Some(ticket) => {
                    tickets.push(ticket.to_owned());
                    None
                }
                None => Some(answer),
            })
        })
        .await?;
        Ok(Self {
            shop,
            shopper,
            tickets,
            refused,
        })
    }
}

impl Shop {
    /// One door.
    pub(crate) async fn selling(stock: u32) -> Result<Self> {
        Self::open(Stack::builder(), 1, &OpenSale::of(stock)).await
    }

    /// No notifier: nobody here looks at a WebSocket.
    pub(crate) async fn open(builder: StackBuilder, doors: usize, sale: &OpenSale) -> Result<Self> {
        let stack = builder.notifiers(0).ingress(doors).start().await?;
        let sale = stack.open_sale(sale).await?;
        let doors: Vec<String> = (0..doors).map(|door| stack.ingress(door).url()).collect();
        Ok(Self { stack, sale, doors })
    }

    /// One more door, which reaches NATS by way of a proxy.
    pub(crate) async fn add_wired_door(&mut self) -> Result<Proxy> {
        let proxy = Proxy::before(&self.stack.tenant().nats_url()).await?;
        self.add_door("NATS_URL", proxy.url()).await?;
        Ok(proxy)
    }

    /// One more door, which has this variable; its URL.
    pub(crate) async fn add_door(&mut self, variable: &str, value: &str) -> Result<String> {
        self.stack.set_env(Role::Ingress, variable, value);
        let index = self.stack.add_ingress().await?;
        let door = self.stack.ingress(index);
        door.knows(&self.sale).await?;
        let door = door.url();
        self.doors.push(door.clone());
        Ok(door)
    }

    /// How the bytes begin that carry a record of purchases to the log.
    pub(crate) fn purchases_begin(&self) -> Vec<u8> {
        format!("HPUB sale.00.{}.purchases", self.sale).into_bytes()
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

    /// Writes a command into the log, as a door would.
    pub(crate) async fn tell(&self, action: Action) -> Result<()> {
        let sale: SaleId = self.sale.parse()?;
        let control = Control {
            v: RECORD_VERSION,
            sale,
            command: CommandId::new(Uuid::new_v4()),
            by: "operator:test".to_owned(),
            reason: None,
            action,
        };
        let log = jetstream::new(self.stack.tenant().nats(Role::Ingress).await?);
        let subject = LogSubject::of(sale, Channel::Control).to_string();
        let body = serde_json::to_vec(&control)?;
        log.publish(subject, body.into()).await?.await?;
        Ok(())
    }

    /// How many repeated keys a door has answered like this, by its own count.
    pub(crate) async fn repeated(&self, door: usize, outcome: &str) -> Result<u64> {
        let url = format!("{}/metrics", self.stack.ingress(door).health_url());
        let metrics = Http::new().get(&url).await?;
        let text = metrics.body.as_str().context("metrics are text")?;
        let name = format!("ingress_repeated_keys_total{{outcome=\"{outcome}\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&name));
        Ok(line.unwrap_or("0").parse()?)
    }

    /// The rulings of every decided record of purchases, in order.
    pub(crate) async fn rulings(&self) -> Result<Vec<String>> {
        let rulings = sqlx::query_scalar(
            "SELECT rulings FROM decisions WHERE rulings ~ '^[A-Z]' ORDER BY partition, seq",
        );
        Ok(rulings.fetch_all(self.stack.pool()).await?)
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
