//! What is loaded: a private stack, or one that runs already.

mod address;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use devstack::audit::Auditor;
use devstack::{OpenSale, Operator, Process, Role, Servers, Stack, binaries, say, until};
use serde::Deserialize;
use sqlx::postgres::PgPoolOptions;

pub(crate) use address::Address;

use crate::config::{Against, Replicas};
use crate::crowd::Plan;
use crate::door::Door;
use crate::memory;
use crate::request;
use crate::run::Resident;

/// A sale is known at every door in milliseconds.
const SOON: Duration = Duration::from_secs(30);

/// What can be loaded.
pub(crate) struct Target {
    /// In words.
    pub(crate) name: String,
    pub(crate) doors: Vec<Door>,
    /// The notifiers; nobody has a WebSocket where there are none.
    pub(crate) live: Vec<Live>,
    operator: Option<Operator>,
    /// Somebody who may look into the books; nobody without a database.
    pub(crate) auditor: Option<Auditor>,
    own: Option<Own>,
}

/// A notifier.
pub(crate) struct Live {
    pub(crate) url: String,
    pub(crate) address: Address,
}

/// A stack of our own, with servers of its own.
struct Own {
    stack: Stack,
    servers: Arc<Servers>,
}

/// A sale of the run.
#[derive(Clone, Debug)]
pub(crate) struct SaleAt {
    pub(crate) id: String,
    pub(crate) stock: u64,
}

impl Target {
    /// The one that runs, or a new stack with these variables.
    /// All doors together are given so many connections.
    pub(crate) async fn of(
        against: &Against,
        variables: &[(Role, &str, String)],
        connections_max: usize,
    ) -> Result<Self> {
        match &against.target {
            Some(url) => Self::running(url, against, connections_max).await,
            None => Self::own(&against.replicas, variables, connections_max).await,
        }
    }

    async fn own(
        replicas: &Replicas,
        variables: &[(Role, &str, String)],
        connections_max: usize,
    ) -> Result<Self> {
        say("building the processes");
        binaries::folder().await?;
        say("starting the stack");
        let servers = Servers::own().await?;
        let mut builder = Stack::builder()
            .partitions(replicas.partitions)
            .ingress(replicas.ingress)
            .allocators(replicas.allocators)
            .notifiers(replicas.notifiers)
            .on(&servers);
        for (role, name, value) in variables {
            builder = builder.env(*role, name, value);
        }
        let stack = builder.start().await?;
        let door = |index| {
            let addr = stack.ingress(index).addr();
            Door::at(addr, &addr.to_string(), connections_max / replicas.ingress)
        };
        let live = |process: &Process| Live {
            url: process.live_url(),
            address: Address::of(process.addr()),
        };
        Ok(Self {
            name: replicas.to_string(),
            doors: (0..replicas.ingress).map(door).collect(),
            live: (0..replicas.notifiers)
                .map(|index| live(stack.notifier(index)))
                .collect(),
            operator: Some(stack.operator().await?),
            auditor: Some(Auditor::of(&stack).await?),
            own: Some(Own { stack, servers }),
        })
    }

    async fn running(url: &str, against: &Against, connections_max: usize) -> Result<Self> {
        let address = Address::parse(url, "http").await?;
        let door = Door::at(address.socket, &address.host, connections_max);
        let request = request::get(door.host(), "/config.json", None);
        let config = door.ask(&request).await;
        let config = config.with_context(|| format!("{url} does not answer"))?;
        ensure!(
            config.status == 200,
            "{url} is no ingress: /config.json is {}",
            config.status
        );
        let config: PageConfig =
            serde_json::from_slice(&config.body).context("an odd /config.json")?;
        let live = live(config.live_url, against.sockets).await;
        Ok(Self {
            name: url.to_owned(),
            doors: vec![door],
            live: live.into_iter().collect(),
            operator: against.operator(url)?,
            auditor: against.auditor().await?,
            own: None,
        })
    }

    /// New sales, with this stock and limit each, once every door knows them.
    pub(crate) async fn open_sales(&self, plan: &Plan, lasts: Duration) -> Result<Vec<SaleAt>> {
        let operator = self.operator.as_ref().context(
            "no sale to load: name one with --sale, or an operator's token with --operator-token-file",
        )?;
        let mut sales = Vec::with_capacity(plan.sales);
        for number in 1..=plan.sales {
            let sale = OpenSale {
                product: format!("Load test {number}"),
                unit_limit: plan.unit_limit,
                lasts: lasts.try_into()?,
                ..OpenSale::of(plan.stock)
            };
            let id = operator.open_sale(&sale).await?;
            self.knows(&id).await?;
            let stock = plan.stock.into();
            sales.push(SaleAt { id, stock });
        }
        Ok(sales)
    }

    /// Sales that are there and active.
    pub(crate) async fn sales(&self, ids: &[String]) -> Result<Vec<SaleAt>> {
        let mut sales = Vec::with_capacity(ids.len());
        for (index, id) in ids.iter().enumerate() {
            ensure!(!ids[..index].contains(id), "sale {id} is named twice");
            let sale = self.sale(0, id).await?;
            let sale = sale.with_context(|| format!("no sale {id} at {}", self.name))?;
            ensure!(
                sale.state == "active",
                "sale {id} is {}: nobody can buy",
                sale.state
            );
            sales.push(SaleAt {
                id: id.clone(),
                stock: sale.stock,
            });
        }
        Ok(sales)
    }

    async fn knows(&self, id: &str) -> Result<()> {
        let what = format!("sale {id} active");
        until(&what, SOON, async || {
            for door in 0..self.doors.len() {
                let sale = self.sale(door, id).await?;
                if sale.is_none_or(|sale| sale.state != "active") {
                    return Ok(None);
                }
            }
            Ok(Some(()))
        })
        .await
    }

    /// A sale as the `door`-th tells it; nothing when it knows none.
    pub(crate) async fn sale(&self, door: usize, id: &str) -> Result<Option<PublicSale>> {
        let door = &self.doors[door];
        let request = request::get(door.host(), &format!("/v1/sales/{id}"), None);
        let answer = door.ask(&request).await?;
        match answer.status {
            200 => Ok(Some(serde_json::from_slice(&answer.body)?)),
            _ => Ok(None),
        }
    }

    /// Purchases that wait for their decision; unknown without an operator.
    pub(crate) async fn backlog(&self) -> Result<Option<u64>> {
        let Some(operator) = &self.operator else {
            return Ok(None);
        };
        let answer = operator.get("/v1/operations/partitions").await?;
        let partitions = answer.body["partitions"].as_array();
        let partitions = partitions.context("no partitions")?.iter();
        Ok(partitions.map(|one| one["backlog"].as_u64()).sum())
    }

    /// Ends sales that were opened for a run: nobody shall find them in a shop that goes on.
    pub(crate) async fn close(&self, sales: &[SaleAt], are_ours: bool) {
        let Some(operator) = self
            .operator
            .as_ref()
            .filter(|_| are_ours && self.own.is_none())
        else {
            return;
        };
        for sale in sales {
            let closed = operator.close(&sale.id).await;
            if !closed.is_ok_and(|answer| answer.status < 300) {
                say(&format!("sale {} could not be closed", sale.id));
            }
        }
    }

    /// Memory of the processes of a private stack.
    pub(crate) fn resident(&self) -> Vec<Resident> {
        let Some(own) = &self.own else {
            return Vec::new();
        };
        let resident = |process: &Process| {
            let memory = memory::Resident::of(process.pid()?).ok()?;
            Some(Resident {
                process: process.name().to_owned(),
                bytes: memory.now,
            })
        };
        own.stack.processes().filter_map(resident).collect()
    }

    /// A private stack ends; one that runs goes on.
    pub(crate) async fn stop(self) -> Result<()> {
        let Some(own) = self.own else { return Ok(()) };
        own.stack.stop().await?;
        own.servers.stop().await
    }
}

/// What a page is told.
#[derive(Deserialize)]
struct PageConfig {
    live_url: String,
}

/// What matters of a sale.
#[derive(Deserialize)]
pub(crate) struct PublicSale {
    pub(crate) state: String,
    pub(crate) stock: u64,
    pub(crate) remaining: u64,
}

impl Against {
    fn operator(&self, url: &str) -> Result<Option<Operator>> {
        let Some(file) = &self.operator_token_file else {
            return Ok(None);
        };
        let token = std::fs::read_to_string(file);
        let token = token.with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Some(Operator::new(url.trim_end_matches('/'), token.trim())))
    }

    async fn auditor(&self) -> Result<Option<Auditor>> {
        let Some(url) = &self.database_url else {
            return Ok(None);
        };
        // The URLs hold passwords: what they are refused for must not repeat them.
        let pool = PgPoolOptions::new().max_connections(4).connect(url).await;
        let auditor = Auditor::reading(&pool.context("cannot connect to --database-url")?);
        let Some(url) = &self.nats_url else {
            return Ok(Some(auditor));
        };
        let auditor = auditor.with_log_at(url).await;
        Ok(Some(auditor.context("cannot connect to --nats-url")?))
    }
}

/// The notifier, if somebody shall wait there and it can be reached from here.
async fn live(url: String, sockets: u64) -> Option<Live> {
    if sockets == 0 {
        return None;
    }
    match Address::parse(&url, "ws").await {
        Ok(address) => Some(Live { url, address }),
        Err(error) => {
            say(&format!(
                "everybody polls, as there is no way to the WebSockets: {error:#}"
            ));
            None
        }
    }
}
