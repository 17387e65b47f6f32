//! A stream that is not the one that was decided: nothing is guessed, and an operator can go on.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use async_nats::jetstream::{self, Context as JetStream};
use devstack::audit::{Attempt, Verdict};
use devstack::{OpenSale, Role, Servers, Shopper, until};
use sale::subject::{Channel, LogSubject};
use sale::{Seq, Ticket};
use serde_json::json;

use crate::shop::{SOON, Shop, cursor, halted, stack};

const STREAM: &str = "SALE_LOG_00";
const RUNBOOK: &str = "docs/runbooks/lost-stream.md";
const ADOPT: [&str; 7] = [
    "adopt-stream",
    "--partition",
    "0",
    "--reason",
    "the disk is gone",
    "--by",
    "a test",
];

impl Shop {
    async fn jetstream(&self) -> Result<JetStream> {
        Ok(jetstream::new(self.stack.tenant().nats(Role::Setup).await?))
    }

    /// The stream is there again, and empty.
    async fn recreate_stream(&self) -> Result<()> {
        let jetstream = self.jetstream().await?;
        let lost = jetstream.get_stream(STREAM).await?;
        let config = lost.cached_info().config.clone();
        jetstream.delete_stream(STREAM).await?;
        jetstream.create_stream(config).await?;
        Ok(())
    }

    async fn has_halted(&self) -> Result<String> {
        until("a halt", SOON, async || halted(self.pool()).await).await
    }

    async fn adopt(&self) -> Result<String> {
        let sure = [&ADOPT[..], &["--yes"]].concat();
        self.stack.administer(&sure).await
    }

    /// A new shopper gets through, once the doors have heard that they may open; their order.
    ///
    /// A door that has not heard of an adoption yet cannot seal the first ticket after it, and says
    /// that the outcome is unknown: the same key finds the order.
    async fn sells(&self, key: &str) -> Result<(Shopper, Ticket)> {
        let shopper = self.shopper().await?;
        let answer = shopper.insist(&self.doors, &self.sale, key).await?;
        ensure!(answer.status == 202, "{} {}", answer.status, answer.body);
        let ticket = answer.text("ticket").context("no ticket")?;
        match shopper.learn(&self.doors, ticket).await? {
            Verdict::Won(order) => Ok((shopper, Ticket::from_order_id(order))),
            Verdict::Lost(reason) => anyhow::bail!("lost: {reason}"),
        }
    }

    /// Whoever was told that they won is told so still.
    async fn winners_are_told_the_same(&self, attempts: &[Attempt]) -> Result<()> {
        let anybody = self.shopper().await?;
        for attempt in attempts {
            let Some(accepted) = attempt.accepted() else {
                anyhow::bail!("{attempt:?}")
            };
            let ticket = accepted.ticket.to_string();
            let told = anybody.learn(&self.doors, &ticket).await?;
            ensure!(Some(&told) == accepted.verdict(), "{ticket}: {told:?}");
        }
        Ok(())
    }

    /// Where the private nats-server of this shop keeps its streams.
    fn store(&self) -> Result<PathBuf> {
        let folders = self.stack.servers().folders();
        let store = folders.iter().map(|folder| folder.join("nats/data"));
        store
            .into_iter()
            .find(|store| store.exists())
            .context("no store")
    }

    /// Copies the store of a server that is stopped meanwhile.
    async fn back_up_store(&self) -> Result<PathBuf> {
        let (nats, store) = (self.stack.servers().nats()?, self.store()?);
        let copy = store.with_extension("older");
        nats.stop().await?;
        run("cp", &["-a", &text(&store), &text(&copy)]).await?;
        nats.restart().await?;
        Ok(copy)
    }

    /// The power fails, and what comes back is the older store.
    async fn put_store_back(&self, copy: &Path) -> Result<()> {
        let (nats, store) = (self.stack.servers().nats()?, self.store()?);
        nats.kill().await?;
        run("rm", &["-r", &text(&store)]).await?;
        run("mv", &[&text(copy), &text(&store)]).await?;
        nats.restart().await
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

async fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let status = tokio::process::Command::new(program)
        .args(arguments)
        .status()
        .await?;
    ensure!(status.success(), "{program} {arguments:?}: {status}");
    Ok(())
}

fn seq_of(ticket: Ticket) -> Seq {
    ticket.claimed_place().seq
}

#[tokio::test]
async fn a_recreated_stream_is_adopted_and_nobody_is_shown_a_strangers_result() -> Result<()> {
    // Given: three winners, and a fourth purchase that was accepted and not decided.
    let shop = Shop::selling(&OpenSale::of(10)).await?;
    let winners = shop.crowd(3, &["a"]).await?;
    let decided = cursor(shop.pool()).await?;
    shop.stack.allocator(0).kill().await?;
    let (unlucky, lost) = shop.accepted().await?;

    // When: the stream is lost with that purchase.
    shop.recreate_stream().await?;
    shop.stack.allocator(0).start().await?;

    // Then: the partition halts, and says which, where and what to read.
    let reason = shop.has_halted().await?;
    for said in [
        "partition 00",
        &format!("record {decided} "),
        "ends at record 0",
        RUNBOOK,
    ] {
        assert!(reason.contains(said), "{said}: {reason}");
    }
    let waiting = unlucky.ticket(&lost, 0).await?;
    assert_eq!(waiting.text("state"), Some("queued"), "{}", waiting.body);

    // When: an operator adopts the stream, after having been asked.
    let unsure = shop
        .stack
        .administer(&ADOPT)
        .await
        .err()
        .context("not asked")?;
    assert!(format!("{unsure:#}").contains("add --yes"), "{unsure:#}");
    let (verdict, told) = tokio::join!(unlucky.learn(&shop.doors, &lost), shop.adopt());
    let told = told?;
    assert!(told.contains(&format!("up to record {decided}")), "{told}");

    // Then: the waiting ticket is told the truth, and who won has still won.
    let gone = Verdict::Lost("adopted".to_owned());
    assert_eq!(verdict?, gone);
    assert_eq!(unlucky.learn(&shop.doors, &lost).await?, gone);
    shop.winners_are_told_the_same(&winners).await?;

    // And: the sale goes on, with places that nobody can have had before.
    let (_, next) = shop.sells("after").await?;
    assert!(seq_of(next).get() > Seq::ADOPTION_JUMP, "{next}");
    let (again, _) = shop.sells("again").await?;
    let seen = again.ticket(&next.to_string(), 0).await?;
    assert_eq!(seen.text("order_id"), Some(next.to_string().as_str()));

    // And: it is written down, and cannot be done twice.
    let noted: (i32, i64, i64, String, String) = sqlx::query_as(
        "SELECT generation, hole_from, hole_to, adopted_by, reason FROM generations",
    )
    .fetch_one(shop.pool())
    .await?;
    assert_eq!((noted.0, noted.1), (2, i64::try_from(decided)? + 1));
    assert_eq!(noted.2 + 1, i64::try_from(seq_of(next).get())?);
    assert_eq!(
        (noted.3.as_str(), noted.4.as_str()),
        ("a test", "the disk is gone")
    );
    let twice = shop.adopt().await.err().context("adopted twice")?;
    assert!(format!("{twice:#}").contains("has not halted"), "{twice:#}");
    shop.stack.stop().await
}

#[tokio::test]
async fn records_of_a_foreign_stream_are_given_up_and_not_sold() -> Result<()> {
    // Given: a stream that was recreated under a working owner, and has records of its own.
    let shop = Shop::selling(&OpenSale::of(10)).await?;
    let winners = shop.crowd(2, &["a"]).await?;
    shop.recreate_stream().await?;
    shop.has_halted().await?;
    let subject = LogSubject::of(shop.sale.parse()?, Channel::Purchases).to_string();
    for _ in 0..9 {
        shop.log(&subject, "whatever").await?;
    }

    // When: it is adopted.
    let told = shop.adopt().await?;
    assert!(told.contains("9 records"), "{told}");

    // Then: none of them is decided, and what comes after them is.
    shop.sells("after").await?;
    shop.winners_are_told_the_same(&winners).await?;
    let quarantined: i64 = sqlx::query_scalar("SELECT count(*) FROM quarantine")
        .fetch_one(shop.pool())
        .await?;
    assert_eq!(quarantined, 0);
    shop.stack.stop().await
}

#[tokio::test]
async fn a_log_without_its_decided_tail_halts_and_loses_nothing_silently() -> Result<()> {
    // Given: a store as it was some purchases ago.
    let servers = Servers::own().await?;
    let shop = Shop::open(stack().on(&servers), 1, &OpenSale::of(20)).await?;
    let mut winners = shop.crowd(3, &["a"]).await?;
    let older = shop.back_up_store().await?;
    winners.extend(shop.crowd(3, &["a"]).await?);
    let (decided, kept) = (cursor(shop.pool()).await?, winners.len());

    // When: the power fails, and the older store comes back.
    shop.put_store_back(&older).await?;

    // Then: the partition halts with both positions, every winner is kept, and the door is closed.
    let reason = shop.has_halted().await?;
    assert!(reason.contains(&format!("record {decided} ")), "{reason}");
    assert!(reason.contains("its stream ends at record"), "{reason}");
    shop.winners_are_told_the_same(&winners).await?;
    let shopper = shop.shopper().await?;
    until("a refusal as halted", SOON, async || {
        let answer = shopper.buy(&shop.sale, Some("k")).await?;
        Ok((answer.problem() == Some("halted")).then_some(()))
    })
    .await?;

    // When: it is adopted, and the power fails once more.
    shop.adopt().await?;
    shop.sells("after").await?;
    servers.nats()?.kill().await?;
    servers.nats()?.restart().await?;

    // Then: the sequence is still where it jumped to, and the sale goes on.
    let (_, last) = shop.sells("again").await?;
    assert!(seq_of(last).get() > Seq::ADOPTION_JUMP, "{last}");
    assert_eq!(halted(shop.pool()).await?, None);
    let orders: i64 = sqlx::query_scalar("SELECT count(*) FROM orders")
        .fetch_one(shop.pool())
        .await?;
    assert_eq!(usize::try_from(orders)?, kept + 2);
    shop.stack.stop().await
}

#[tokio::test]
async fn a_log_without_its_undecided_tail_halts_too() -> Result<()> {
    // Given: an owner who has seen a record that it does not decide, as it is of a newer build.
    let servers = Servers::own().await?;
    let shop = Shop::open(stack().on(&servers), 1, &OpenSale::of(20)).await?;
    shop.crowd(2, &["a"]).await?;
    let older = shop.back_up_store().await?;
    let subject = LogSubject::of(shop.sale.parse()?, Channel::Purchases).to_string();
    let newer = json!({ "v": 2, "sale": shop.sale });
    let seq = until("the log is there again", SOON, async || {
        Ok(shop.log(&subject, newer.to_string()).await.ok())
    })
    .await?;
    let said = format!("record {seq}: record format version 2");
    shop.stack.allocator(0).wait_for_log(&said, SOON).await?;

    // When: the store comes back without it, although with everything that was decided.
    shop.put_store_back(&older).await?;

    // Then: somebody was promised that record, so the partition halts.
    let reason = shop.has_halted().await?;
    assert!(
        reason.contains(&format!("has held record {seq}")),
        "{reason}"
    );
    shop.stack.stop().await
}

#[tokio::test]
async fn an_idle_owner_notices_a_log_that_was_emptied() -> Result<()> {
    let shop = Shop::selling(&OpenSale::of(10)).await?;
    shop.crowd(2, &["a"]).await?;
    let stream = shop.jetstream().await?.get_stream(STREAM).await?;
    stream.purge().await?;
    let reason = shop.has_halted().await?;
    assert!(reason.contains("the last decided one, is gone"), "{reason}");

    // And: a halt that was a mistake can be lifted, and that is written down; here it comes back.
    let told = shop
        .stack
        .administer(&[
            "lift-halt",
            "--partition",
            "0",
            "--reason",
            "to see",
            "--by",
            "me",
        ])
        .await?;
    assert!(told.contains("is gone"), "{told}");
    shop.has_halted().await?;
    let noted: (String, String, String) =
        sqlx::query_as("SELECT action, actor, halted FROM interventions")
            .fetch_one(shop.pool())
            .await?;
    assert_eq!(noted, ("lift-halt".into(), "me".into(), reason));
    shop.stack.stop().await
}
