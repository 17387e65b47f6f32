//! Rule 7: any process may be killed at any time. A sale goes on while every one of them is, in turn;
//! in the end the books must be right.

use std::sync::Arc;

use anyhow::{Context, Result};
use devstack::audit::{Accepted, Attempt, Auditor, History, PATIENCE, Verdict, audit};
use devstack::client::Event;
use devstack::{Http, Live, OpenSale, Servers, Shopper, Stack};
use futures_util::future::try_join_all;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

const DOORS: usize = 2;
const ALLOCATORS: usize = 2;

/// New shoppers before each death; each wants as many units as one may have.
const WAVE: usize = 50;

/// Of a wave, how many must have a ticket before the victim dies: the others are under way.
const TICKETS_BEFORE: usize = 10;

const UNIT_LIMIT: u16 = 2;
const KEYS: [&str; 3] = ["first", "second", "one too many"];

/// Sold out only towards the end, so that there is something to win through every death.
const STOCK: u32 = 600;

/// What is killed, in this order.
#[derive(Clone, Copy, Debug)]
enum Victim {
    Ingress(usize),
    Allocator(usize),
    Notifier,
    Nats,
    Postgres,
}

const VICTIMS: [Victim; 7] = [
    Victim::Ingress(0),
    Victim::Allocator(0),
    Victim::Nats,
    Victim::Ingress(1),
    Victim::Notifier,
    Victim::Postgres,
    Victim::Allocator(1),
];

impl Victim {
    /// `kill -9`, and a new start.
    async fn dies_and_returns(self, stack: &Stack) -> Result<()> {
        let servers = stack.servers();
        let process = match self {
            Self::Nats => {
                servers.nats()?.kill().await?;
                return servers.nats()?.restart().await;
            }
            Self::Postgres => {
                servers.postgres()?.kill().await?;
                return servers.postgres()?.restart().await;
            }
            Self::Ingress(index) => stack.ingress(index),
            Self::Allocator(index) => stack.allocator(index),
            Self::Notifier => stack.notifier(0),
        };
        process.kill().await?;
        process.start().await
    }
}

/// The sale as its shoppers see it.
struct Fair {
    sale: String,
    doors: Vec<String>,
    /// One for each ticket that was given.
    given: mpsc::Sender<()>,
}

impl Fair {
    /// Buys with every key, repeating each until it is answered, and waits for the results.
    async fn visit(self: Arc<Self>, shopper: Shopper, number: usize) -> Result<Vec<Attempt>> {
        let mut doors = self.doors.clone();
        doors.rotate_left(number % DOORS);
        let mut attempts = Vec::new();
        for key in KEYS {
            let answer = shopper.insist(&doors, &self.sale, key).await?;
            if answer.status == 202 {
                // Nobody counts any more after the last death.
                let _ = self.given.try_send(());
            }
            attempts.push(shopper.seen_through(&doors, answer).await?);
        }
        Ok(attempts)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sale_goes_on_while_every_process_is_killed_in_turn() -> Result<()> {
    // Given: a sale at several doors, on servers of our own.
    let servers = Servers::own().await?;
    let stack = Stack::builder()
        .ingress(DOORS)
        .allocators(ALLOCATORS)
        .on(&servers)
        .start()
        .await?;
    let terms = OpenSale {
        unit_limit: UNIT_LIMIT,
        ..OpenSale::of(STOCK)
    };
    let sale = stack.open_sale(&terms).await?;
    let doors: Vec<String> = (0..DOORS).map(|door| stack.ingress(door).url()).collect();
    let http = Http::new();
    let (given, mut tickets) = mpsc::channel(WAVE * KEYS.len());
    let fair = Arc::new(Fair { sale, doors, given });
    let everybody = (0..WAVE * VICTIMS.len()).map(|_| Shopper::guest_over(&http, &fair.doors[0]));
    let mut everybody = try_join_all(everybody).await?.into_iter().enumerate();

    // When: every process dies in the middle of a wave of shoppers, and comes back.
    let mut visits = JoinSet::new();
    for victim in VICTIMS {
        while tickets.try_recv().is_ok() {}
        for (number, shopper) in everybody.by_ref().take(WAVE) {
            visits.spawn(fair.clone().visit(shopper, number));
        }
        for _ in 0..TICKETS_BEFORE {
            tickets.recv().await.context("nobody buys")?;
        }
        let returned = victim.dies_and_returns(&stack).await;
        returned.with_context(|| format!("{victim:?} did not return"))?;
    }
    let visits: Vec<Vec<Attempt>> = visits.join_all().await.into_iter().collect::<Result<_>>()?;

    // Then: every ticket has its verdict, the stock is sold to the unit, nobody has more than they may,
    // and nobody was passed over.
    let (sale, attempts) = (fair.sale.parse()?, visits.concat());
    let auditor = Auditor::of(&stack).await?;
    let quiet = auditor.quiet(&[(sale, &attempts)], PATIENCE).await?;
    let history = auditor.history(sale, attempts).await?;
    let findings = audit(&history);
    assert!(quiet.is_quiet(), "{quiet}");
    assert!(findings.is_clean() && findings.is_whole(), "{findings:?}");
    assert_eq!(history.orders.len(), STOCK as usize, "{findings:?}");
    assert!(
        decided_once_and_in_order(&stack).await?,
        "a record has no decision"
    );
    // And: the notifier that died tells the same.
    assert_eq!(told_live(&stack, &history).await?, "won");
    stack.stop().await
}

/// The state of a won ticket, over a WebSocket.
async fn told_live(stack: &Stack, history: &History) -> Result<String> {
    let is_own = |told: &Accepted<'_>| told.verdict() == Some(&Verdict::Won(told.ticket));
    let winner = history.accepted().find(is_own);
    let ticket = winner.context("nobody won")?.ticket.to_string();
    let mut live = Live::connect(&stack.notifier(0).live_url()).await?;
    live.watch(&[&ticket]).await?;
    match live.result_of(&ticket).await? {
        Event::Ticket { state, .. } => Ok(state),
        other => anyhow::bail!("told {other:?}"),
    }
}

/// Every record from the first to the cursor has one row of decisions, and there is none beyond.
async fn decided_once_and_in_order(stack: &Stack) -> Result<bool> {
    let contiguous = sqlx::query_scalar(
        "SELECT cursor = (SELECT count(*) FROM decisions) AND cursor = (SELECT max(seq) FROM decisions)
         FROM partitions",
    );
    Ok(contiguous.fetch_one(stack.pool()).await?)
}
