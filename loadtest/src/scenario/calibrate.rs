//! Whether our client can be believed: it and wrk, one after the other, in front of the same ingress without a log. Were
//! ours the slower one, it would say of the ingress what is true of itself. Where all share the processors a rate is that
//! of client and ingress together; so what each of them used for an answer is told as well.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use devstack::{OpenSale, Operator, Servers, Stack, binaries, say};

use crate::config;
use crate::cpu::Meter;
use crate::load::{Answers, Requests, closed_loop, purchases_max};
use crate::report::calibrate::{Compared, Rate, Report};
use crate::room::room_for;
use crate::scenario::ceiling::is_in_state;
use crate::shoppers::{Purchases, Shoppers, UNIT_LIMIT};
use crate::wrk::{Counted, Load, Wrk};

/// Nothing is ever decided here; any stock is left.
const STOCK: u32 = 1_000_000;

/// Starts a stack, compares, stops it.
pub(crate) async fn run(config: &config::Calibrate) -> Result<Report> {
    room_for(config.connections, config.connections)?;
    let wrk = Wrk::find()?;
    say("building the processes");
    binaries::folder().await?;
    let bare = binaries::example("bare").await?;
    say("starting the stack");
    let servers = Servers::own().await?;
    let builder = Stack::builder().notifiers(0).on(&servers);
    let mut stack = builder.start().await?;
    let bare = stack.add_ingress_of(bare).await?;
    let door = stack.ingress(bare).addr();
    let shoppers = Shoppers::for_purchases(purchases_max(config.seconds), door).await?;
    let bench = Bench {
        wrk,
        operator: stack.operator().await?,
        meter: Meter::of(&stack, bare)?,
        door,
        shoppers: Arc::new(shoppers),
        load: Load {
            connections: config.connections,
            lasts: Duration::from_secs(config.seconds),
        },
    };
    let report = bench.compare(config).await?;
    stack.stop().await?;
    servers.stop().await?;
    Ok(report)
}

/// Who sends.
#[derive(Clone, Copy)]
enum Client {
    Ours,
    Wrk,
}

struct Bench {
    wrk: Wrk,
    operator: Operator,
    /// Of both clients, as wrk is a child, and the ingress.
    meter: Meter,
    /// Of the ingress without a log.
    door: SocketAddr,
    shoppers: Arc<Shoppers>,
    load: Load,
}

impl Bench {
    async fn compare(&self, config: &config::Calibrate) -> Result<Report> {
        let (mut purchases, mut reads) = (Vec::new(), Vec::new());
        // What every browser of a crowd asks for.
        let path = format!("/v1/sales/{}", self.open_sale().await?);
        for round in 1..=config.rounds {
            say(&format!("round {round} of {}", config.rounds));
            // Who comes first meets a machine that has rested; so they take turns.
            let order = match round % 2 {
                1 => [Client::Ours, Client::Wrk],
                _ => [Client::Wrk, Client::Ours],
            };
            let (mut bought, mut gotten) = (Compared::default(), Compared::default());
            for client in order {
                *rate_of(&mut bought, client) = self.purchases(client).await?;
                *rate_of(&mut gotten, client) = self.reads(client, &path).await?;
            }
            purchases.push(bought);
            reads.push(gotten);
        }
        Ok(Report {
            connections: config.connections,
            seconds: config.seconds,
            purchases,
            reads,
        })
    }

    /// Of a sale that nobody has bought of: every purchase is a new one.
    async fn purchases(&self, client: Client) -> Result<Rate> {
        let sale = self.open_sale().await?;
        let purchases = Purchases::of(&self.shoppers, &sale, self.door);
        let before = self.meter.read();
        let counted = match client {
            Client::Ours => self.ours(Requests::Purchases(purchases), 202).await,
            Client::Wrk => {
                let (head, tokens) = (purchases.head(), self.shoppers.tokens());
                self.wrk.purchases(self.door, head, tokens, self.load).await
            }
        };
        Ok(Rate::of(counted?, &before, &self.meter.read()))
    }

    async fn reads(&self, client: Client, path: &str) -> Result<Rate> {
        let before = self.meter.read();
        let counted = match client {
            Client::Ours => {
                let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.door);
                self.ours(Requests::Same(request.into()), 200).await
            }
            Client::Wrk => self.wrk.get(self.door, path, self.load).await,
        };
        Ok(Rate::of(counted?, &before, &self.meter.read()))
    }

    async fn open_sale(&self) -> Result<String> {
        let sale = OpenSale {
            unit_limit: UNIT_LIMIT,
            ..OpenSale::of(STOCK)
        };
        let sale = self.operator.open_sale(&sale).await?;
        is_in_state(&format!("http://{}", self.door), &sale, "active").await?;
        Ok(sale)
    }

    async fn ours(&self, requests: Requests, expected: u16) -> Result<Counted> {
        let Load { connections, lasts } = self.load;
        let answers = closed_loop(self.door, requests, connections, lasts).await?;
        Ok(counted(&answers, expected))
    }
}

fn rate_of(compared: &mut Compared, client: Client) -> &mut Rate {
    match client {
        Client::Ours => &mut compared.ours,
        Client::Wrk => &mut compared.wrk,
    }
}

fn counted(answers: &Answers, expected: u16) -> Counted {
    let all: u64 = answers.statuses.values().sum();
    Counted {
        answers: all,
        took: answers.took,
        failed: all - answers.count(expected),
    }
}
