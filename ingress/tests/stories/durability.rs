//! Rule 2: 202 means durable, and never anything less.

use std::time::Duration;

use anyhow::{Context, Result};
use async_nats::jetstream;
use async_nats::jetstream::stream::{Config, StorageType};
use devstack::audit::{Attempt, Outcome, Place, Verdict, Word};
use devstack::{OpenSale, Role, Servers, Shopper, Stack, until};
use futures_util::StreamExt;
use futures_util::future::try_join_all;
use futures_util::stream::FuturesUnordered;

use crate::shop::{SOON, Shop, ticket};

const SHOPPERS: usize = 60;

/// Who meets a log that says nothing: [`EARLY`] bought before, and not everybody can win.
const CROWD: usize = 150;
const EARLY: usize = 30;
const STOCK: u32 = 90;

/// Of [`SHOPPERS`], how many were accepted when the log's server is killed: the rest is under way.
const ACCEPTED_BEFORE: usize = 20;

/// Two records after each other, each with five seconds of retries and its last attempt's own wait, on
/// a busy machine.
const OUTCOME_KNOWN_WITHIN: Duration = Duration::from_secs(30);

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
    // Given: a sale at two doors that has sold something, and a log server that is there but says
    // nothing. The limit leaves room for a second order: only the key stands against it.
    let servers = Servers::own().await?;
    let terms = OpenSale {
        unit_limit: 2,
        ..OpenSale::of(STOCK)
    };
    let shop = Shop::open(Stack::builder().on(&servers), 2, &terms).await?;
    let crowd = try_join_all((0..CROWD).map(|_| shop.shopper())).await?;
    let (early, late) = crowd.split_at(EARLY);
    let buying = early
        .iter()
        .map(|shopper| shopper.see_through(&shop.doors, &shop.sale, "mine"));
    let mut attempts = try_join_all(buying).await?;
    servers.nats()?.pause().await?;

    // When: a crowd buys.
    let buying = late
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

    // When: the server goes on, and they repeat their keys: some where they came in, some elsewhere.
    servers.nats()?.resume()?;
    let repeating = late.iter().enumerate().map(|(number, shopper)| {
        let door = number % 2..number % 2 + 1;
        shopper.see_through(&shop.doors[door], &shop.sale, "mine")
    });
    let resolved = try_join_all(repeating).await?;

    // Then: where a key is known to be in doubt, nobody is refused; and the books are right.
    for (attempt, answer) in resolved.iter().zip(&answers).step_by(2) {
        let was_unknown = answer.problem() == Some("outcome-unknown");
        assert!(
            !was_unknown || matches!(attempt.outcome, Outcome::Accepted { .. }),
            "{attempt:?}"
        );
    }
    attempts.extend(resolved);
    each_key_has_at_most_one_order(&shop, &crowd, &attempts).await?;
    let findings = shop.audit(attempts).await?;
    assert!(findings.is_clean(), "{findings:?}");
    shop.stack.stop().await
}

/// And what was ruled lost, or refused where it was known, has none.
async fn each_key_has_at_most_one_order(
    shop: &Shop,
    crowd: &[Shopper],
    attempts: &[Attempt],
) -> Result<()> {
    for (shopper, attempt) in crowd.iter().zip(attempts) {
        let mine = shopper.orders(&shop.sale).await?;
        let orders = mine.body["orders"].as_array().context("no list")?;
        let told: Vec<_> = match &attempt.outcome {
            Outcome::Accepted { heard, .. } => match heard.first() {
                Some(Word::Poll(Verdict::Won(order))) => vec![order.to_string()],
                _ => Vec::new(),
            },
            Outcome::Unknown(_) => anyhow::bail!("not known: {attempt:?}"),
            // By a door that did not know the key: what it had won before is found here.
            Outcome::Refused(why) => {
                assert_eq!(why, "sold-out");
                assert!(orders.len() <= 1, "{}", mine.body);
                continue;
            }
        };
        let held: Vec<_> = orders
            .iter()
            .filter_map(|order| order["id"].as_str())
            .collect();
        assert_eq!(held, told, "{attempt:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_door_killed_before_its_answer_has_sold_once() -> Result<()> {
    // Given: a purchase that is in the log, and whose acknowledgement does not reach the door.
    let terms = OpenSale {
        unit_limit: 5,
        ..OpenSale::of(5)
    };
    let mut shop = Shop::open(Stack::builder(), 1, &terms).await?;
    let proxy = shop.add_wired_door().await?;
    let shopper = shop.shopper().await?.at(&shop.doors[1]);
    let before = shop.records().await?;
    let mut held = proxy.catch(&shop.purchases_begin());
    let (sale, client) = (shop.sale.clone(), shopper.clone());
    let buying = tokio::spawn(async move { client.buy(&sale, Some("mine")).await });
    let acknowledged = held.next().await?.answered().await?;
    until("the record in the log", SOON, async || {
        Ok((shop.records().await? > before).then_some(()))
    })
    .await?;

    // When: the door is killed, and the client repeats its key at the other one.
    shop.stack.ingress(1).kill().await?;
    drop((acknowledged, held));
    assert!(buying.await?.is_err(), "it had no answer");
    let again = shopper
        .at(&shop.doors[0])
        .buy(&shop.sale, Some("mine"))
        .await?;

    // Then: there are two purchases and one order, the first one's; the ticket leads to it.
    let doors = &shop.doors[..1];
    let verdict = shopper.learn(doors, ticket(&again)?).await?;
    let Verdict::Won(order) = verdict else {
        anyhow::bail!("{verdict:?}")
    };
    assert_ne!(order.to_string(), ticket(&again)?);
    assert_eq!(Place::of(order).seq, before + 1);
    let findings = shop.audit(vec![]).await?;
    assert!(findings.is_clean(), "{findings:?}");

    // And: the door, started again, knows nothing of the key; the log does.
    shop.stack.ingress(1).start().await?;
    let again = shopper.buy(&shop.sale, Some("mine")).await?;
    let verdict = shopper.learn(doors, ticket(&again)?).await?;
    assert_eq!(verdict, Verdict::Won(order));
    assert_eq!(shop.rulings().await?, ["W", "R", "R"]);
    shop.stack.stop().await
}

#[tokio::test]
async fn an_unknown_outcome_is_found_out_by_its_key_when_all_is_sold() -> Result<()> {
    // Given: one unit and two shoppers at a door each; the acknowledgement of the first one's
    // purchase does not come back, and the second one's record is not let out.
    let mut shop = Shop::selling(1).await?;
    let proxies = [shop.add_wired_door().await?, shop.add_wired_door().await?];
    let [door, other_door] = [&shop.doors[1..2], &shop.doors[2..3]];
    let first = shop.shopper().await?.at(&door[0]);
    let second = shop.shopper().await?.at(&other_door[0]);
    let mut held = proxies[0].catch(&shop.purchases_begin());
    let kept = proxies[1].catch(&shop.purchases_begin());
    let (acknowledged, answer, other) = tokio::join!(
        async { held.next().await?.answered().await },
        first.buy(&shop.sale, Some("mine")),
        second.buy(&shop.sale, Some("mine"))
    );
    for answer in [&answer?, &other?] {
        assert_eq!(answer.problem(), Some("outcome-unknown"), "{}", answer.body);
    }
    drop((acknowledged?, held, kept));

    // When: the first one's purchase has won, and the door says "sold out" to others.
    let late = shop.shopper().await?.at(&door[0]);
    until("the door knows", SOON, async || {
        let answer = late.buy(&shop.sale, None).await?;
        Ok((answer.problem() == Some("sold-out")).then_some(()))
    })
    .await?;

    // Then: the key of the first has its order, and the key of the second the log's own word.
    let won = first.buy(&shop.sale, Some("mine")).await?;
    let verdict = first.learn(door, ticket(&won)?).await?;
    assert_eq!(verdict, Verdict::Won(ticket(&won)?.parse()?));
    let third = shop.stack.ingress(2);
    third.wait_for_log("the log answers again", SOON).await?;
    let lost = second.buy(&shop.sale, Some("mine")).await?;
    let verdict = second.learn(other_door, ticket(&lost)?).await?;
    assert_eq!(verdict, Verdict::Lost("sold-out".into()));

    // And: from then on the second is like everybody.
    let refused = second.buy(&shop.sale, Some("mine")).await?;
    assert_eq!(refused.problem(), Some("sold-out"), "{}", refused.body);
    assert_eq!(shop.repeated(1, "retried").await?, 1);
    assert_eq!(shop.repeated(2, "retried").await?, 2);
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
