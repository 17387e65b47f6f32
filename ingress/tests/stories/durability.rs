//! Rule 2: 202 means durable, and never anything less.

use std::time::Duration;

use anyhow::{Context, Result};
use async_nats::jetstream;
use async_nats::jetstream::stream::{Config, StorageType};
use devstack::{OpenSale, Role, Servers, Stack, until};
use futures_util::StreamExt;
use futures_util::future::try_join_all;
use futures_util::stream::FuturesUnordered;

use crate::shop::{SOON, Shop};

const SHOPPERS: usize = 60;

/// Of [`SHOPPERS`], how many were accepted when the log's server is killed: the rest is under way.
const ACCEPTED_BEFORE: usize = 20;

/// Five seconds of retries, the last attempt's own wait, and a busy machine.
const OUTCOME_KNOWN_WITHIN: Duration = Duration::from_secs(15);

#[tokio::test]
async fn what_was_accepted_survives_the_death_of_the_log_server() -> Result<()> {
    // Given: a crowd that is buying.
    let servers = Servers::own().await?;
    let shop = Shop::open(Stack::builder().on(&servers), 2, &OpenSale::of(30)).await?;
    let crowd = try_join_all((0..SHOPPERS).map(|_| shop.shopper())).await?;
    let mut buying: FuturesUnordered<_> = crowd
        .iter()
        .map(async |shopper| {
            (
                shopper,
                shopper.insist(&shop.doors, &shop.sale, "mine").await,
            )
        })
        .collect();
    let mut accepted = Vec::new();

    // When: the log's server is killed in the middle of it, and started again.
    while accepted.len() < ACCEPTED_BEFORE {
        let (shopper, answer) = buying.next().await.context("everybody is done")?;
        accepted.push((shopper, answer?));
    }
    servers.nats()?.kill().await?;
    let (restarted, rest) = tokio::join!(servers.nats()?.restart(), buying.collect::<Vec<_>>());
    restarted?;
    for (shopper, answer) in rest {
        accepted.push((shopper, answer?));
    }

    // Then: every 202 has a verdict, and the books are right.
    let learning = accepted
        .into_iter()
        .map(async |(shopper, answer)| shopper.seen_through(&shop.doors, answer).await);
    let findings = shop.audit(try_join_all(learning).await?).await?;
    assert!(findings.is_clean(), "{findings:?}");
    assert!(findings.accepted >= ACCEPTED_BEFORE, "{findings:?}");
    assert_eq!(findings.lost_tickets, 0);
    shop.stack.stop().await
}

#[tokio::test]
async fn while_the_log_does_not_answer_nothing_is_called_accepted() -> Result<()> {
    // Given: a sale, and a log server that is there but says nothing.
    let servers = Servers::own().await?;
    let shop = Shop::open(Stack::builder().on(&servers), 1, &OpenSale::of(9)).await?;
    let crowd = try_join_all((0..5).map(|_| shop.shopper())).await?;
    servers.nats()?.pause()?;

    // When: five shoppers buy.
    let buying = crowd
        .iter()
        .map(|shopper| shopper.buy(&shop.sale, Some("mine")));
    let answers = tokio::time::timeout(OUTCOME_KNOWN_WITHIN, try_join_all(buying)).await??;

    // Then: those in the record that was sent are told that its outcome is unknown, and the key to
    // find it out with; who gathered behind it was never sent, and is told so.
    let (unknown, refused): (Vec<_>, Vec<_>) = answers
        .iter()
        .partition(|answer| answer.problem() == Some("outcome-unknown"));
    assert!(!unknown.is_empty());
    for answer in unknown {
        assert_eq!((answer.status, answer.text("key")), (503, Some("mine")));
        assert!(answer.header("retry-after").is_some());
    }
    for answer in refused {
        assert_eq!((answer.status, answer.problem()), (503, Some("busy")));
        assert!(answer.header("retry-after").is_some());
    }

    // When: the server goes on, and they repeat their keys.
    servers.nats()?.resume()?;
    let repeating = crowd
        .iter()
        .map(|shopper| shopper.see_through(&shop.doors, &shop.sale, "mine"));
    let attempts = try_join_all(repeating).await?;

    // Then: each has exactly one order, whichever attempt it came from.
    for shopper in &crowd {
        let orders = shopper.orders(&shop.sale).await?;
        assert_eq!(
            orders.body["orders"].as_array().map(Vec::len),
            Some(1),
            "{}",
            orders.body
        );
    }
    let findings = shop.audit(attempts).await?;
    assert!(findings.is_clean(), "{findings:?}");
    assert_eq!(findings.won, 5);
    shop.stack.stop().await
}

#[tokio::test]
async fn a_log_that_would_forget_is_not_written_to() -> Result<()> {
    // Given: an installation whose stream somebody replaced by one in memory.
    let mut stack = Stack::builder()
        .notifiers(0)
        .ingress(0)
        .allocators(0)
        .start()
        .await?;
    let admin = jetstream::new(stack.tenant().nats(Role::Setup).await?);
    let found = admin.get_stream("SALE_LOG_00").await?;
    let mut config = found.cached_info().config.clone();
    admin.delete_stream("SALE_LOG_00").await?;
    config.storage = StorageType::Memory;
    config.max_bytes = 1024 * 1024;
    admin.create_stream(config).await?;

    // When, then: an ingress does not start on it, and says why.
    let refused = stack.add_ingress().await.err().context("it became ready")?;
    let said = format!("{refused:#}");
    assert!(
        said.contains("stream SALE_LOG_00 cannot be written to: it must store in files"),
        "{said}"
    );
    Ok(())
}

#[tokio::test]
async fn a_log_that_is_changed_to_forget_is_not_written_to_until_it_is_mended() -> Result<()> {
    // Given: a sale, and somebody who sets the stream to delete by age.
    let shop = Shop::selling(9).await?;
    let shopper = shop.shopper().await?;
    let admin = jetstream::new(shop.stack.tenant().nats(Role::Setup).await?);
    let right = admin.get_stream("SALE_LOG_00").await?;
    let right = right.cached_info().config.clone();
    let forgetful = Config {
        max_age: Duration::from_secs(24 * 60 * 60),
        ..right.clone()
    };
    admin.update_stream(&forgetful).await?;

    // When, then: the door notices, and refuses.
    let refused = until("a refusal", SOON, async || {
        let answer = shopper.buy(&shop.sale, None).await?;
        Ok((answer.status != 202).then_some(answer))
    })
    .await?;
    assert_eq!((refused.status, refused.problem()), (503, Some("halted")));

    // And: takes purchases again once the stream is as it was.
    admin.update_stream(&right).await?;
    until("a purchase", SOON, async || {
        let answer = shopper.buy(&shop.sale, None).await?;
        Ok((answer.status == 202).then_some(()))
    })
    .await?;
    shop.stack.stop().await
}
