//! Whether our client can be believed: it and wrk, one after the other, in front of the same ingress without a log. Were
//! ours the slower one, it would say of the ingress what is true of itself. Where all share the processors a rate is that
//! of client and ingress together; so what each of them used for an answer is told as well.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use devstack::{OpenSale, Operator, Servers, Stack, binaries, say};

use crate::config;
use crate::cpu::Meter;
use crate::load::{Answers, Requests, closed_loop};
use crate::report::calibrate::{Compared, Rate, Report};
use crate::request;
use crate::room::room_for;
use crate::scenario::ceiling::is_in_state;
use crate::shoppers::{Session, Shoppers, UNIT_LIMIT};
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
    let shoppers = Shoppers::for_purchases(1, door).await?;
    let bench = Bench {
        wrk,
        operator: stack.operator().await?,
        meter: Meter::of(&stack, bare)?,
        door,
        shopper: shoppers.of_turn(0).clone(),
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
    shopper: Session,
    load: Load,
}

impl Bench {
    async fn compare(&self, config: &config::Calibrate) -> Result<Report> {
        let (mut purchases, mut reads) = (Vec::new(), Vec::new());
        // What every browser of a crowd asks for.
        let sale = self.open_sale().await?;
        let path = format!("/v1/sales/{sale}");
        for round in 1..=config.rounds {
            say(&format!("round {round} of {}", config.rounds));
            // Who comes first meets a machine that has rested; so they take turns.
            let order = match round % 2 {
                1 => [Client::Ours, Client::Wrk],
                _ => [Client::Wrk, Client::Ours],
            };
            let (mut bought, mut gotten) = (Compared::default(), Compared::default());
            for client in order {
                *rate_of(&mut bought, client) = self.purchases(client, &sale).await?;
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

    /// Purchases without a key: the ingress makes one for each, so that every one is new.
    async fn purchases(&self, client: Client, sale: &str) -> Result<Rate> {
        let (path, token) = (format!("/v1/sales/{sale}/purchases"), &self.shopper.token);
        let before = self.meter.read();
        let counted = match client {
            Client::Ours => {
                let request = request::keyless_purchase(&self.door.to_string(), sale, token);
                self.ours(Requests::Same(request), 202).await
            }
            Client::Wrk => self.wrk.post(self.door, &path, token, self.load).await,
        };
        Ok(Rate::of(counted?, &before, &self.meter.read()))
    }

    async fn reads(&self, client: Client, path: &str) -> Result<Rate> {
        let before = self.meter.read();
        let counted = match client {
            Client::Ours => {
                let request = request::get(&self.door.to_string(), path, None);
                self.ours(Requests::Same(request), 200).await
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
