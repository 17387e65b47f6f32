//! The same key, again: at once, later, elsewhere, with something else.

use std::collections::HashSet;

use anyhow::{Context, Result};
use devstack::audit::Verdict;
use devstack::{Answer, OpenSale, Shopper, Stack, until};
use futures_util::future::{join_all, try_join_all};
use sale::Action;
use serde_json::{Value, json};

use crate::request::is_problem;
use crate::shop::{SOON, Shop, ticket};

/// Equal requests at once: a client in panic.
const EQUAL: usize = 50;

/// Sends a body of its own with a key.
async fn buy(shopper: &Shopper, sale: &str, key: &str, body: &Value) -> Result<Answer> {
    let path = format!("/v1/sales/{sale}/purchases");
    let headers = [("idempotency-key", key)];
    shopper
        .send("POST".parse()?, &path, &headers, Some(body))
        .await
}

#[tokio::test]
async fn equal_requests_at_once_are_one_purchase() -> Result<()> {
    // Given: a limit that would let each of them win.
    let terms = OpenSale {
        unit_limit: 100,
        ..OpenSale::of(100)
    };
    let shop = Shop::open(Stack::builder(), 1, &terms).await?;
    let shopper = shop.shopper().await?;

    let buying = (0..EQUAL).map(|_| shopper.buy(&shop.sale, Some("mine")));
    let answers = try_join_all(buying).await?;

    let tickets: HashSet<&str> = answers.iter().map(ticket).collect::<Result<_>>()?;
    assert_eq!(tickets.len(), 1, "{tickets:?}");
    let only = tickets.into_iter().next().context("no ticket")?;
    shopper.learn(&shop.doors, only).await?;
    assert_eq!(shop.rulings().await?, ["W"], "one record with one purchase");
    let joined = shop.repeated(0, "joined").await?;
    let same = shop.repeated(0, "same-ticket").await?;
    assert_eq!(joined + same, EQUAL as u64 - 1);
    shop.stack.stop().await
}

#[tokio::test]
async fn equal_requests_at_two_doors_are_one_order() -> Result<()> {
    let terms = OpenSale {
        unit_limit: 100,
        ..OpenSale::of(100)
    };
    let shop = Shop::open(Stack::builder(), 2, &terms).await?;
    let shopper = shop.shopper().await?;
    let at_both = [shopper.at(&shop.doors[0]), shopper.at(&shop.doors[1])];

    let buying = (0..EQUAL).map(|number| at_both[number % 2].buy(&shop.sale, Some("mine")));
    let answers = try_join_all(buying).await?;

    // A ticket from each door, and both lead to the same order.
    let tickets: HashSet<&str> = answers.iter().map(ticket).collect::<Result<_>>()?;
    assert_eq!(tickets.len(), 2, "{tickets:?}");
    let learning = tickets
        .iter()
        .map(|ticket| shopper.learn(&shop.doors, ticket));
    let verdicts = try_join_all(learning).await?;
    assert_eq!(verdicts[0], verdicts[1]);
    let orders = shopper.orders(&shop.sale).await?;
    assert_eq!(orders.body["orders"].as_array().map(Vec::len), Some(1));
    shop.stack.stop().await
}

#[tokio::test]
async fn whoever_repeats_a_key_under_way_waits_for_it_though_its_client_left() -> Result<()> {
    // Given: a purchase on its way into the log, and its client goes away.
    let mut shop = Shop::selling(9).await?;
    let proxy = shop.add_wired_door().await?;
    let shopper = shop.shopper().await?.at(&shop.doors[1]);
    let mut held = proxy.catch(&shop.purchases_begin());
    let (sale, client) = (shop.sale.clone(), shopper.clone());
    let leaving = tokio::spawn(async move { client.buy(&sale, Some("mine")).await });
    let caught = held.next().await?;
    leaving.abort();
    assert!(leaving.await.is_err_and(|error| error.is_cancelled()));

    // When: the key comes twice more, and then the log answers.
    let repeating = join_all([(); 2].map(|()| shopper.buy(&shop.sale, Some("mine"))));
    let log = async {
        until("both wait", SOON, async || {
            Ok((shop.repeated(1, "joined").await? == 2).then_some(()))
        })
        .await?;
        caught.pass();
        anyhow::Ok(())
    };
    let (answers, log) = tokio::join!(repeating, log);
    log?;

    // Then: both have the ticket of the one purchase in the log.
    let answers = answers.into_iter().collect::<Result<Vec<_>>>()?;
    assert_eq!(ticket(&answers[0])?, ticket(&answers[1])?);
    let won = Verdict::Won(ticket(&answers[0])?.parse()?);
    assert_eq!(shopper.learn(&shop.doors, ticket(&answers[0])?).await?, won);
    assert_eq!(shop.rulings().await?, ["W"]);
    shop.stack.stop().await
}

#[tokio::test]
async fn a_key_stands_for_one_request() -> Result<()> {
    let shop = Shop::selling(9).await?;
    let (shopper, other) = (shop.shopper().await?, shop.shopper().await?);
    let sale = &shop.sale;
    let one = json!({ "quantity": 1 });
    let two = json!({ "quantity": 2 });

    // Before the key is used, a wrong quantity is only that.
    let wrong = buy(&shopper, sale, "mine", &two).await?;
    is_problem("an unused key", &wrong, (422, "invalid"));
    let first = buy(&shopper, sale, "mine", &json!({})).await?;
    let said_otherwise = buy(&shopper, sale, "mine", &one).await?;
    assert_eq!(ticket(&said_otherwise)?, ticket(&first)?, "the same wish");

    let reused = buy(&shopper, sale, "mine", &two).await?;
    is_problem("another quantity", &reused, (422, "key-reused"));
    let wrong = buy(&other, sale, "mine", &two).await?;
    is_problem("somebody else's key", &wrong, (422, "invalid"));
    let theirs = buy(&other, sale, "mine", &one).await?;
    assert_ne!(ticket(&theirs)?, ticket(&first)?);
    assert_eq!(shop.records().await?, 3, "an opening and two purchases");
    assert_eq!(shop.repeated(0, "reused").await?, 1);
    shop.stack.stop().await
}

#[tokio::test]
async fn an_accepted_key_keeps_its_ticket_when_the_sale_is_over() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let shopper = shop.shopper().await?;
    let first = shopper.buy(&shop.sale, Some("mine")).await?;
    shopper.learn(&shop.doors, ticket(&first)?).await?;
    let late = shop.shopper().await?.buy(&shop.sale, None).await?;
    assert_eq!(late.problem(), Some("sold-out"));

    let again = shopper.buy(&shop.sale, Some("mine")).await?;
    assert_eq!((again.status, ticket(&again)?), (202, ticket(&first)?));
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(
        (&again.body["ahead"], &again.body["wait_ms"]),
        (&json!(0), &json!(0))
    );
    shop.stack.operator().await?.close(&shop.sale).await?;
    let again = shopper.buy(&shop.sale, Some("mine")).await?;
    assert_eq!((again.status, ticket(&again)?), (202, ticket(&first)?));
    assert_eq!(shop.rulings().await?, ["W"]);
    shop.stack.stop().await
}

#[tokio::test]
async fn a_key_that_lost_competes_again() -> Result<()> {
    // Given: two shoppers in the log, one unit, and the second has lost.
    let shop = Shop::selling(1).await?;
    let (winner, loser) = (shop.shopper().await?, shop.shopper().await?);
    shop.stack.allocator(0).pause().await?;
    let won = winner.buy(&shop.sale, Some("mine")).await?;
    let lost = loser.buy(&shop.sale, Some("mine")).await?;
    let waiting = loser.buy(&shop.sale, Some("mine")).await?;
    assert_eq!(ticket(&waiting)?, ticket(&lost)?, "not decided yet");
    shop.stack.allocator(0).resume()?;
    winner.learn(&shop.doors, ticket(&won)?).await?;
    let verdict = loser.learn(&shop.doors, ticket(&lost)?).await?;
    assert_eq!(verdict, Verdict::Lost("sold-out".into()));
    let refused = loser.buy(&shop.sale, Some("mine")).await?;
    assert_eq!(refused.problem(), Some("sold-out"));

    // When: a unit more is for sale.
    let seen = loser.get(&format!("/v1/sales/{}", shop.sale)).await?;
    let version = seen.body["version"].as_u64().context("no version")?;
    let version = version.try_into()?;
    shop.tell(Action::Restock { stock: 2, version }).await?;
    let again = until("a second chance", SOON, async || {
        let answer = loser.buy(&shop.sale, Some("mine")).await?;
        Ok((answer.status == 202).then_some(answer))
    })
    .await?;

    // Then: the same key wins it with a place of its own, and the first winner's is untouched.
    assert_ne!(ticket(&again)?, ticket(&lost)?);
    let verdict = loser.learn(&shop.doors, ticket(&again)?).await?;
    assert_eq!(verdict, Verdict::Won(ticket(&again)?.parse()?));
    let still = winner.buy(&shop.sale, Some("mine")).await?;
    assert_eq!(ticket(&still)?, ticket(&won)?);
    shop.stack.stop().await
}
