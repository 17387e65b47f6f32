//! `cargo demo --once`: one sale of 100 units against 1,000 shoppers, over real HTTP and WebSocket.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use devstack::audit::{Attempt, Auditor, Outcome, PATIENCE, Verdict, Word, audit};
use devstack::client::Event;
use devstack::{Http, Live, OpenSale, Servers, Shopper, Stack, say};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::report::{Report, Waits};

const STOCK: u32 = 100;
const SHOPPERS: usize = 1_000;

/// Shoppers that arrive at once, before the rush: sign-ins and handshakes are not what is shown.
const ARRIVING_AT_ONCE: usize = 50;

/// How often a shopper who was told to come back does so.
const RETURNS: usize = 5;

/// A shopper who is ready to buy.
struct Ready {
    shopper: Shopper,
    live: Live,
    id: Uuid,
}

/// Starts everything, sells, checks, stops everything. Fails when the sale was not right.
pub(crate) async fn run(ingress: usize) -> Result<ExitCode> {
    devstack::open_files::raise();
    say("building the three processes");
    devstack::binaries::folder().await?;
    say("starting the stack");
    let servers = Servers::own().await?;
    let stack = Stack::builder()
        .partitions(4)
        .ingress(ingress)
        .on(&servers)
        .start()
        .await?;
    let sale = stack.open_sale(&OpenSale::of(STOCK)).await?;
    say(&format!("{SHOPPERS} shoppers arrive"));
    let crowd = crowd(&stack, ingress).await?;
    let started = Instant::now();
    let (attempts, waits) = rush(crowd, &sale).await?;
    let took = started.elapsed();
    let (sale, auditor) = (sale.parse()?, Auditor::of(&stack).await?);
    let quiet = auditor.quiet(&[(sale, &attempts)], PATIENCE).await?;
    let history = auditor
        .history(sale, attempts)
        .await?
        .asked_by_nobody_else();
    let findings = audit(&history);
    println!(
        "{}",
        Report {
            history: &history,
            quiet: &quiet,
            findings: &findings,
            waits: &waits,
            took
        }
    );
    stack.stop().await?;
    servers.stop().await?;
    Ok(
        if quiet.is_quiet() && findings.is_clean() && findings.accepted > 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        },
    )
}

async fn crowd(stack: &Stack, ingress: usize) -> Result<Vec<Ready>> {
    let https: Vec<Http> = (0..ingress).map(|_| Http::new()).collect();
    let live_url = stack.notifier(0).live_url();
    let arrive = |number: usize| {
        let (http, live_url) = (&https[number % ingress], &live_url);
        let url = stack.ingress(number % ingress).url();
        async move {
            let shopper = Shopper::guest_over(http, &url).await?;
            let id = shopper.id().parse()?;
            Ok(Ready {
                live: Live::connect(live_url).await?,
                shopper,
                id,
            })
        }
    };
    stream::iter(0..SHOPPERS)
        .map(arrive)
        .buffer_unordered(ARRIVING_AT_ONCE)
        .try_collect()
        .await
}

/// Everybody at the same moment; each waits for their own result.
async fn rush(crowd: Vec<Ready>, sale: &str) -> Result<(Vec<Attempt>, Waits)> {
    let (start, sale) = (Arc::new(Barrier::new(crowd.len())), Arc::<str>::from(sale));
    let mut tasks = JoinSet::new();
    for ready in crowd {
        let (start, sale) = (start.clone(), sale.clone());
        tasks.spawn(async move {
            start.wait().await;
            take_part(ready, &sale).await
        });
    }
    let (mut attempts, mut waits) = (Vec::with_capacity(SHOPPERS), Waits::new()?);
    while let Some(done) = tasks.join_next().await {
        let (attempt, wait) = done??;
        attempts.push(attempt);
        if let Some(wait) = wait {
            waits.record(wait);
        }
    }
    Ok((attempts, waits))
}

/// Buys one unit and waits for the verdict; says also how long that took from the ticket.
async fn take_part(mut ready: Ready, sale: &str) -> Result<(Attempt, Option<Duration>)> {
    let shopper = ready.id;
    let ticket = match buy(&ready.shopper, sale).await? {
        Ok(ticket) => ticket,
        Err(outcome) => {
            return Ok((
                Attempt {
                    shopper,
                    wish: None,
                    outcome,
                },
                None,
            ));
        }
    };
    let accepted = Instant::now();
    ready.live.watch(&[&ticket]).await?;
    // A verdict that never comes is a finding of the audit, not a failure of this program.
    let verdict = ready
        .live
        .result_of(&ticket)
        .await
        .ok()
        .map(verdict_of)
        .transpose()?;
    let wait = verdict.is_some().then(|| accepted.elapsed());
    Ok((
        Attempt {
            shopper,
            wish: None,
            outcome: Outcome::Accepted {
                ticket: ticket.parse()?,
                heard: verdict.map(Word::Socket).into_iter().collect(),
            },
        },
        wait,
    ))
}

/// The ticket, or what came instead of it. A shopper who is told to come back comes back, with the same key.
async fn buy(shopper: &Shopper, sale: &str) -> Result<Result<String, Outcome>> {
    let key = Uuid::new_v4().to_string();
    // Once the outcome was unknown, no refusal is certain any more.
    let mut refused: fn(String) -> Outcome = Outcome::Refused;
    for _ in 0..RETURNS {
        let answer = shopper.buy(sale, Some(&key)).await?;
        let problem = match (answer.status, answer.problem()) {
            (202, _) => {
                return Ok(Ok(answer
                    .text("ticket")
                    .context("a 202 without a ticket")?
                    .to_owned()));
            }
            (_, Some(problem)) => problem.to_owned(),
            (status, None) => bail!("{status} without a problem: {}", answer.body),
        };
        if problem == "outcome-unknown" {
            refused = Outcome::Unknown;
        }
        let Some(wait_ms) = answer.body["retry_after_ms"].as_u64() else {
            return Ok(Err(refused(problem)));
        };
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
    }
    Ok(Err(refused("gave up".to_owned())))
}

fn verdict_of(event: Event) -> Result<Verdict> {
    match event {
        Event::Ticket {
            order_id: Some(order),
            ..
        } => Ok(Verdict::Won(order.parse()?)),
        Event::Ticket {
            reason: Some(reason),
            ..
        } => Ok(Verdict::Lost(reason)),
        other => bail!("neither won nor lost: {other:?}"),
    }
}
