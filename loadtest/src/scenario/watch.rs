//! A crowd that waits for results: everybody has bought while the allocator was stopped, and watches. Then it goes on.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use devstack::audit::{Attempt, Auditor, Outcome, Place, Verdict, Word};
use devstack::{Http, OpenSale, Role, Servers, Shopper, Stack, binaries, say};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use sqlx::PgPool;
use uuid::Uuid;

use crate::books::Audited;
use crate::config;
use crate::crew::{Crew, WATCHERS_PER_PROCESS};
use crate::memory::Resident;
use crate::report::watch::{Memory, Report, Results};
use crate::room::room_for;
use crate::shoppers::UNIT_LIMIT;
use crate::watchers::Heard;

/// Purchases under way: enough to fill the batcher's records.
const BUYING_AT_ONCE: usize = 512;

/// Nobody is refused for a long queue here: nothing is decided until all wait.
const QUEUE_WAIT_MAX_MS: &str = "3600000";

/// What is not decided by then never will be.
const DECIDED_WITHIN: Duration = Duration::from_secs(120);

/// Starts a stack, measures, stops it.
pub(crate) async fn run(config: &config::Watch) -> Result<Report> {
    let connections = config.connections();
    room_for(connections, connections.min(WATCHERS_PER_PROCESS as u64))?;
    say("building the processes");
    binaries::folder().await?;
    say("starting the stack");
    let servers = Servers::own().await?;
    let builder = Stack::builder()
        .on(&servers)
        .env(Role::Ingress, "QUEUE_WAIT_MAX_MS", QUEUE_WAIT_MAX_MS)
        .env(Role::Notifier, "CONNECTIONS_MAX", &connections.to_string());
    let stack = builder.start().await?;
    let report = measure(&stack, connections, config.burst).await?;
    stack.stop().await?;
    servers.stop().await?;
    Ok(report)
}

async fn measure(stack: &Stack, connections: u64, burst: bool) -> Result<Report> {
    // Half of them win.
    let stock = u32::try_from(connections.div_ceil(2))?;
    let sale = OpenSale {
        unit_limit: UNIT_LIMIT,
        ..OpenSale::of(stock)
    };
    let sale = stack.open_sale(&sale).await?;
    let allocator = stack.allocator(0);
    allocator.pause().await?;
    say(&format!("{connections} purchases, none of them decided"));
    let bought = buy(&stack.ingress(0).url(), &sale, connections).await?;
    let tickets: Vec<String> = bought.iter().map(|one| one.ticket.to_string()).collect();

    let notifier = stack.notifier(0);
    let pid = notifier.pid().context("the notifier does not run")?;
    let before = Resident::of(pid)?;
    say(&format!("{connections} watchers arrive"));
    let mut crew = Crew::start(notifier.addr(), &tickets).await?;
    let waiting = crew.waiting().await?;
    let memory = Memory {
        before,
        with_all: Resident::of(pid)?,
    };

    say("everybody waits; the allocator goes on");
    allocator.resume()?;
    let sale: Uuid = sale.parse()?;
    wait_for_all(stack, sale, &bought).await?;
    let heard = crew.finish().await?;
    let results = Results::of(&heard, &commits(stack.pool(), sale).await?)?;
    let attempts = attempts(&bought, &heard);
    let audited = Audited::of(stack, vec![(sale, attempts)]).await?;
    Ok(Report {
        connections,
        burst,
        stock: u64::from(stock),
        waiting,
        memory,
        results,
        audited,
    })
}

/// A ticket, and whose it is.
struct Bought {
    shopper: Uuid,
    ticket: Uuid,
}

/// As many purchases, by as many shoppers as may make them.
async fn buy(door: &str, sale: &str, purchases: u64) -> Result<Vec<Bought>> {
    let http = Http::new();
    let count = purchases.div_ceil(u64::from(UNIT_LIMIT));
    let shoppers: Vec<Shopper> = stream::iter(0..count)
        .map(|_| Shopper::guest_over(&http, door))
        .buffer_unordered(BUYING_AT_ONCE)
        .try_collect()
        .await?;
    stream::iter(0..purchases)
        .map(|number| ticket(&shoppers[(number % count) as usize], sale))
        .buffer_unordered(BUYING_AT_ONCE)
        .try_collect()
        .await
}

async fn ticket(shopper: &Shopper, sale: &str) -> Result<Bought> {
    let bought = shopper.buy(sale, None).await?;
    ensure!(bought.status == 202, "not accepted: {}", bought.body);
    let ticket = bought.text("ticket").context("a 202 without a ticket")?;
    Ok(Bought {
        shopper: shopper.id().parse()?,
        ticket: ticket.parse()?,
    })
}

/// Until everything is decided, or never will be: then somebody has missed their result.
async fn wait_for_all(stack: &Stack, sale: Uuid, bought: &[Bought]) -> Result<()> {
    let attempts = attempts(bought, &[]);
    let auditor = Auditor::of(stack).await?;
    let quiet = auditor.quiet(&[(sale, &attempts)], DECIDED_WITHIN).await?;
    say(&quiet.to_string());
    Ok(())
}

/// What everybody tried, and what they were told by now.
fn attempts(bought: &[Bought], heard: &[Heard]) -> Vec<Attempt> {
    let heard: HashMap<&str, &Heard> = heard.iter().map(|one| (one.ticket.as_str(), one)).collect();
    let attempt = |one: &Bought| {
        let heard = heard.get(one.ticket.to_string().as_str());
        Attempt {
            shopper: one.shopper,
            // The client made a key for each.
            wish: None,
            outcome: Outcome::Accepted {
                ticket: one.ticket,
                heard: heard
                    .and_then(|heard| word(one.ticket, heard))
                    .into_iter()
                    .collect(),
            },
        }
    };
    bought.iter().map(attempt).collect()
}

/// An order has the id of its ticket.
fn word(ticket: Uuid, heard: &Heard) -> Option<Word> {
    let verdict = match (heard.times, heard.won) {
        (0, _) => return None,
        (_, true) => Verdict::Won(ticket),
        (_, false) => Verdict::Lost(heard.reason.clone().unwrap_or_default()),
    };
    Some(Word::Socket(verdict))
}

/// When a record's decisions were committed, and by which commit.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    /// When it began, in microseconds since 1970 by Postgres' clock, which is that of the watchers here.
    pub(crate) began_us: i64,
    pub(crate) transaction: String,
}

/// The commit of each record, by partition and sequence.
pub(crate) type Commits = HashMap<(u16, u64), Commit>;

/// The commit of a ticket, if it was decided.
pub(crate) fn commit_of<'a>(commits: &'a Commits, ticket: &str) -> Result<Option<&'a Commit>> {
    let place = Place::of(ticket.parse()?);
    Ok(commits.get(&(place.partition, place.seq)))
}

/// When the records of a sale were decided.
async fn commits(pool: &PgPool, sale: Uuid) -> Result<Commits> {
    let rows: Vec<(i16, i64, i64, String)> = sqlx::query_as(
        "SELECT partition, seq, (extract(epoch FROM decided_at) * 1000000)::bigint, xmin::text
         FROM decisions WHERE sale_id = $1",
    )
    .bind(sale)
    .fetch_all(pool)
    .await?;
    let commit = |(partition, seq, began_us, transaction): (i16, i64, i64, String)| {
        let place = (partition.cast_unsigned(), seq.cast_unsigned());
        let commit = Commit {
            began_us,
            transaction,
        };
        (place, commit)
    };
    Ok(rows.into_iter().map(commit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_heard_is_what_the_auditor_is_told() {
        let [won, lost, missed] = [1, 2, 3].map(Uuid::from_u128);
        let bought = [won, lost, missed].map(|ticket| Bought {
            shopper: Uuid::nil(),
            ticket,
        });
        let heard = |ticket: Uuid, won, reason: Option<&str>, times| Heard {
            ticket: ticket.to_string(),
            won,
            reason: reason.map(str::to_owned),
            times,
            ..Heard::default()
        };
        let told = attempts(
            &bought,
            &[
                heard(lost, false, Some("sold-out"), 1),
                heard(won, true, None, 1),
                heard(missed, false, None, 0),
            ],
        );
        let told: Vec<&[Word]> = told
            .iter()
            .map(|attempt| attempt.accepted().unwrap().heard)
            .collect();
        let won = [Word::Socket(Verdict::Won(won))];
        let lost = [Word::Socket(Verdict::Lost("sold-out".to_owned()))];
        assert_eq!(told, [won.as_slice(), &lost, &[]]);
    }
}
