//! What the log, the orders and the sold-out gate cost: the same client in front of an ingress without a log, the real
//! one with everything behind it, and the real one when nothing is left; beside them JetStream and Postgres alone. One
//! after the other and round by round, so that the ratios hold on a machine whose speed changes meanwhile.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use devstack::{Http, OpenSale, Operator, Role, Servers, Shopper, Stack, binaries, say, until};
use uuid::Uuid;

use crate::books::{Audited, decided, ordered};
use crate::config;
use crate::cpu::Meter;
use crate::load::{Answers, Requests, closed_loop, purchases_max};
use crate::log::{LogWriter, OTHER_BYTES, PURCHASE_BYTES};
use crate::parts;
use crate::report::ceiling::{Orders, Report, Round, Stage};
use crate::room::room_for;
use crate::shoppers::{Purchases, Shoppers, UNIT_LIMIT};

/// The longest that JetStream is measured alone: it does the same all the time.
const PUBLISH_FOR_MAX: Duration = Duration::from_secs(2);

/// Sales become known in milliseconds, and a log that is not drained by then will never be.
const SOON: Duration = Duration::from_secs(120);

/// The real ingress.
const INGRESS: usize = 0;

/// Starts a stack, measures, stops it.
pub(crate) async fn run(config: &config::Ceiling) -> Result<Report> {
    room_for(config.connections, config.connections)?;
    say("building the processes");
    binaries::folder().await?;
    let bare = binaries::example("bare").await?;
    say("starting the stack");
    let servers = Servers::own().await?;
    let purchases_max = purchases_max(config.seconds);
    let log_bytes = OTHER_BYTES + config.rounds * purchases_max * PURCHASE_BYTES;
    let builder = Stack::builder().notifiers(0).on(&servers);
    let builder = builder.env(Role::Setup, "LOG_MAX_BYTES", &log_bytes.to_string());
    let mut stack = builder.start().await?;
    let bare = stack.add_ingress_of(bare).await?;
    let door = stack.ingress(INGRESS).addr();
    let operator = stack.operator().await?;
    let sale = operator.open_sale(&OpenSale::of(1)).await?;
    let writer = LogWriter::of(&stack, &sale).await?;
    let bench = Bench {
        operator,
        writer,
        shoppers: Arc::new(Shoppers::for_purchases(purchases_max, door).await?),
        connections: config.connections,
        lasts: Duration::from_secs(config.seconds),
        bare,
        stack,
    };
    let (mut rounds, mut sales) = (Vec::new(), Vec::new());
    for round in 1..=config.rounds {
        say(&format!("round {round} of {}", config.rounds));
        let (round, sold) = bench.round().await?;
        rounds.push(round);
        sales.extend(sold.map(|sale| (sale, Vec::new())));
    }
    let audited = Audited::of(&bench.stack, sales).await?;
    bench.stack.stop().await?;
    servers.stop().await?;
    Ok(Report {
        connections: config.connections,
        seconds: config.seconds,
        rounds,
        audited,
    })
}

struct Bench {
    stack: Stack,
    operator: Operator,
    /// For what JetStream does alone.
    writer: LogWriter,
    shoppers: Arc<Shoppers>,
    connections: u64,
    lasts: Duration,
    /// The index of the ingress without a log.
    bare: usize,
}

impl Bench {
    /// And the sales it was about.
    async fn round(&self) -> Result<(Round, [Uuid; 3])> {
        let (bare, unlogged) = self.bare().await?;
        let (durable, orders, sale) = self.durable().await?;
        // By now an order of a purchase that came before these would be there.
        let logged = ordered(self.stack.pool(), &unlogged).await?;
        ensure!(
            logged == 0,
            "the ingress without a log has one: {logged} orders"
        );
        let (sold_out, gone) = self.sold_out().await?;
        let lasts = self.lasts.min(PUBLISH_FOR_MAX);
        let sales = [unlogged.parse()?, sale.parse()?, gone.parse()?];
        let round = Round {
            bare,
            durable,
            orders,
            sold_out,
            publish: parts::publish(&self.stack, &self.writer, lasts).await?,
            insert: parts::insert(&self.stack, &sale).await?,
        };
        Ok((round, sales))
    }

    /// And the sale that nobody got anything of.
    async fn bare(&self) -> Result<(Stage, String)> {
        let sale = self.ample_sale().await?;
        let bare = self.stack.ingress(self.bare).url();
        is_in_state(&bare, &sale, "active").await?;
        let meter = Meter::of(&self.stack, self.bare)?;
        let before = meter.read();
        let answers = self.load(self.bare, &sale).await?;
        Ok((Stage::of(&answers, 202, &before, &meter.read()), sale))
    }

    /// Until the last order is in Postgres; and the sale that they are of.
    async fn durable(&self) -> Result<(Stage, Orders, String)> {
        let sale = self.ample_sale().await?;
        let meter = Meter::of(&self.stack, INGRESS)?;
        let before = meter.read();
        let answers = self.load(INGRESS, &sale).await?;
        let accepted = answers.count(202);
        // What was accepted is in the log by now; whether all of it becomes orders is to be seen.
        let last_seq = self.writer.last_seq().await?;
        decided(self.stack.pool(), last_seq, SOON).await?;
        let took = answers.began.elapsed();
        let stage = Stage::of(&answers, 202, &before, &meter.read());
        let ordered = ordered(self.stack.pool(), &sale).await?;
        Ok((stage, Orders::of(accepted, ordered, took), sale))
    }

    /// And the sale in which nothing is left.
    async fn sold_out(&self) -> Result<(Stage, String)> {
        let sale = self.operator.open_sale(&OpenSale::of(1)).await?;
        let door = self.stack.ingress(INGRESS).url();
        let bought = Shopper::guest(&door).await?.buy(&sale, None).await?;
        ensure!(bought.status == 202, "the one unit: {}", bought.body);
        is_in_state(&door, &sale, "sold-out").await?;
        let meter = Meter::of(&self.stack, INGRESS)?;
        let before = meter.read();
        let answers = self.load(INGRESS, &sale).await?;
        Ok((Stage::of(&answers, 409, &before, &meter.read()), sale))
    }

    async fn ample_sale(&self) -> Result<String> {
        let sale = OpenSale {
            unit_limit: UNIT_LIMIT,
            ..OpenSale::of(u32::try_from(self.shoppers.purchases_max())?)
        };
        self.operator.open_sale(&sale).await
    }

    async fn load(&self, ingress: usize, sale: &str) -> Result<Answers> {
        let door: SocketAddr = self.stack.ingress(ingress).addr();
        let purchases = Purchases::of(&self.shoppers, sale, door);
        let requests = Requests::Purchases(purchases);
        closed_loop(door, requests, self.connections, self.lasts).await
    }
}

/// Waits until an ingress has heard of it.
pub(crate) async fn is_in_state(door: &str, sale: &str, state: &str) -> Result<()> {
    let (http, url) = (Http::new(), format!("{door}/v1/sales/{sale}"));
    until(&format!("the sale {state} at {door}"), SOON, async || {
        let answer = http.get(&url).await?;
        Ok((answer.text("state") == Some(state)).then_some(()))
    })
    .await
}
