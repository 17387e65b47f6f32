//! What operators see of a sale's traffic, whichever door they ask.

use anyhow::{Context, Result};
use async_nats::Client;
use devstack::{Answer, OpenSale, Operator, Role, Servers, Stack, until};
use futures_util::{FutureExt, StreamExt};
use sale::subject::TRAFFIC;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::request::is_problem;
use crate::shop::{FullQueue, SOON, Shop, ticket};

/// What an operator sees at one door.
async fn watched(shop: &Shop, door: usize) -> Result<Value> {
    let operator = shop.stack.operator().await?.at(&shop.doors[door]);
    let path = format!("/v1/operations/sales/{}", shop.sale);
    let seen = operator.get(&path).await?;
    assert_eq!(seen.status, 200, "{}", seen.body);
    assert_eq!(seen.header("cache-control"), Some("no-store"));
    Ok(seen.body)
}

/// Waits until an operator at this door sees what is wanted.
pub(crate) async fn seen(
    shop: &Shop,
    door: usize,
    what: &str,
    is_wanted: impl Fn(&Value) -> bool,
) -> Result<Value> {
    until(what, SOON, async || {
        let seen = watched(shop, door).await?;
        Ok(is_wanted(&seen).then_some(seen))
    })
    .await
}

/// Buys once for each of so many shoppers at one door, and waits for what comes of it.
pub(crate) async fn crowd(shop: &Shop, door: usize, shoppers: usize) -> Result<()> {
    for _ in 0..shoppers {
        let shopper = shop.shopper().await?.at(&shop.doors[door]);
        let bought = shopper.buy(&shop.sale, None).await?;
        shopper.learn(&shop.doors, ticket(&bought)?).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_sale_is_seen_whole_at_every_door_and_less_once_a_door_is_gone() -> Result<()> {
    let shop = Shop::open(Stack::builder(), 2, &OpenSale::of(9)).await?;
    for door in [0, 1] {
        let nothing = seen(&shop, door, "both doors", |seen| seen["doors"] == 2).await?;
        assert_eq!(nothing["accepted"], 0);
        assert_eq!(nothing["verdict_ms"], Value::Null, "nobody bought");
    }

    // When: two buy at one door and three at the other.
    crowd(&shop, 0, 2).await?;
    crowd(&shop, 1, 3).await?;

    // Then: the sum is seen at either, with the sale as it stands and who decides it.
    for door in [0, 1] {
        let all = seen(&shop, door, "all purchases, and their verdicts", |seen| {
            seen["accepted"] == 5 && seen["verdict_ms"].is_object()
        })
        .await?;
        assert_eq!(all["doors"], 2);
        assert_eq!(
            (&all["sale"]["id"], &all["sale"]["sold"]),
            (&json!(shop.sale), &json!(5))
        );
        let [p50, p99] = ["p50", "p99"].map(|it| all["verdict_ms"][it].as_f64());
        assert!(p50 >= Some(0.0) && p99 >= p50, "{all}");
        let partition = &all["partition"];
        assert_eq!(
            (&partition["partition"], &partition["lease"]),
            (&json!(0), &json!("held"))
        );
        assert!(partition["owner"].is_string(), "{partition}");
        assert!(all["server_time"].is_string());
        let refused = all["refused"].as_object().context("no map")?;
        assert!(refused.len() > 10 && refused.values().all(|count| *count == 0));
    }

    // And: a door that is killed takes its counts with it.
    shop.stack.ingress(1).kill().await?;
    let alone = seen(&shop, 0, "one door", |seen| seen["doors"] == 1).await?;
    assert_eq!(
        (&alone["accepted"], &alone["sale"]["sold"]),
        (&json!(2), &json!(5))
    );
    shop.stack.stop().await
}

#[tokio::test]
async fn a_repeated_key_is_one_purchase() -> Result<()> {
    let shop = Shop::selling(9).await?;
    let shopper = shop.shopper().await?;
    for _ in 0..3 {
        let bought = shopper.buy(&shop.sale, Some("mine")).await?;
        assert_eq!(bought.status, 202);
    }
    assert_eq!(watched(&shop, 0).await?["accepted"], 1);
    shop.stack.stop().await
}

#[tokio::test]
async fn refusals_are_counted_by_their_cause() -> Result<()> {
    let limits = Stack::builder()
        .env(Role::Ingress, "RATE_LIMITS", "on")
        .env(Role::Ingress, "RATE_PER_SHOPPER_PER_S", "1");
    let shop = Shop::open(limits, 2, &OpenSale::of(1)).await?;
    let operator = shop.stack.operator().await?;
    let somebody = async |door: usize| {
        let shopper = shop.shopper().await?.at(&shop.doors[door]);
        shopper.buy(&shop.sale, None).await
    };
    let command = async |word: &str| {
        let path = format!("/v1/sales/{}/{word}", shop.sale);
        assert_eq!(operator.post(&path, None).await?.status, 200);
        anyhow::Ok(())
    };

    // Paused: at the door that was told, at once.
    command("pause").await?;
    is_problem("paused", &somebody(0).await?, (409, "paused"));
    command("resume").await?;
    // Sold out: once at each door.
    let winner = shop.shopper().await?;
    let won = winner.buy(&shop.sale, None).await?;
    winner.learn(&shop.doors, ticket(&won)?).await?;
    let mut lost = 0;
    for door in [0, 1] {
        until("a gate that knows", SOON, async || {
            let answer = somebody(door).await?;
            lost += u64::from(answer.status == 202);
            Ok((answer.problem() == Some("sold-out")).then_some(()))
        })
        .await?;
    }
    // Rate-limited: whoever clicks too often.
    let hasty = shop.shopper().await?;
    let answers = [(); 4].map(|()| hasty.buy(&shop.sale, None));
    let answers = futures_util::future::try_join_all(answers).await?;
    let with = |word| {
        let is_so = |answer: &&Answer| answer.problem() == Some(word);
        answers.iter().filter(is_so).count() as u64
    };
    assert!(with("rate-limited") > 0);

    let wanted = json!({
        "accepted": 1 + lost, "paused": 1, "sold-out": 2 + with("sold-out"),
        "rate-limited": with("rate-limited"), "busy": 0, "closed": 0,
    });
    let told = |seen: &Value| {
        let mut told = seen["refused"].clone();
        told["accepted"] = seen["accepted"].clone();
        told
    };
    for door in [0, 1] {
        seen(&shop, door, &format!("at door {door}: {wanted}"), |seen| {
            let told = told(seen);
            let wanted = wanted.as_object().into_iter().flatten();
            wanted.into_iter().all(|(word, count)| told[word] == *count)
        })
        .await?;
    }
    shop.stack.stop().await
}

#[tokio::test]
async fn a_queue_that_is_too_long_is_seen_with_those_it_turned_away() -> Result<()> {
    // Given: nobody may wait at all, the allocator has stopped a moment ago, and purchases gather.
    let FullQueue {
        shop,
        tickets,
        refused,
        ..
    } = FullQueue::gathered().await?;
    assert_eq!(refused.problem(), Some("busy"));

    let full = watched(&shop, 0).await?;
    assert_eq!(
        (&full["accepted"], &full["refused"]["busy"]),
        (&json!(tickets.len()), &json!(1))
    );
    assert_eq!(full["verdict_ms"], Value::Null, "nothing is decided");
    let queue = &full["queue"];
    assert_eq!(queue["purchases"], tickets.len(), "{queue}");
    assert_eq!(
        (&queue["purchases_max"], &queue["wait_max_ms"]),
        (&json!(1_000_000), &json!(0))
    );
    assert_eq!(full["partition"]["backlog"], tickets.len());

    // And: once they are decided the queue is empty, and it shows how long they took.
    shop.stack.allocator(0).resume()?;
    let done = seen(&shop, 0, "verdicts", |seen| seen["verdict_ms"].is_object()).await?;
    assert_eq!(done["queue"]["purchases"], 0, "{done}");
    shop.stack.stop().await
}

#[tokio::test]
async fn only_operators_watch_and_only_what_is_there() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let path = format!("/v1/operations/sales/{}", shop.sale);
    let theirs = shop.shopper().await?.get(&path).await?;
    is_problem("a shopper", &theirs, (403, "forbidden"));
    let nobody = devstack::Http::new();
    let nobody = nobody.get(&format!("{}{path}", shop.doors[0])).await?;
    is_problem("nobody", &nobody, (401, "unauthorized"));
    let operator: Operator = shop.stack.operator().await?;
    for sale in ["none", "0192f0c1-2b3c-8000-8000-000000000001"] {
        let answer = operator
            .get(&format!("/v1/operations/sales/{sale}"))
            .await?;
        is_problem(sale, &answer, (404, "unknown-sale"));
    }
    shop.stack.stop().await
}

#[tokio::test]
async fn without_postgres_and_without_the_other_doors_the_rest_is_seen() -> Result<()> {
    let servers = Servers::own().await?;
    let shop = Shop::open(Stack::builder().on(&servers), 2, &OpenSale::of(9)).await?;
    crowd(&shop, 0, 1).await?;
    seen(&shop, 0, "both doors", |seen| seen["doors"] == 2).await?;

    servers.postgres()?.pause().await?;
    let seen_still = seen(&shop, 0, "neither partition nor books", |seen| {
        seen["partition"].is_null() && seen["books"].is_null()
    })
    .await?;
    assert_eq!(
        (&seen_still["accepted"], &seen_still["sale"]["sold"]),
        (&json!(1), &json!(1))
    );
    servers.postgres()?.resume()?;
    seen(&shop, 0, "the partition and the books", |seen| {
        seen["partition"].is_object() && seen["books"].is_object()
    })
    .await?;

    servers.nats()?.pause().await?;
    let alone = seen(&shop, 0, "no other door", |seen| seen["doors"] == 1).await?;
    assert_eq!(alone["accepted"], 1);
    servers.nats()?.resume()?;
    seen(&shop, 0, "the other door", |seen| seen["doors"] == 2).await?;
    shop.stack.stop().await
}

/// A word of a door that nobody has started.
async fn told_by(client: &Client, word: &str) -> Result<()> {
    client.publish(TRAFFIC, word.to_owned().into()).await?;
    Ok(client.flush().await?)
}

fn a_word(shop: &Shop, accepted: u64) -> String {
    let sales = json!({ &shop.sale: { "accepted": accepted } });
    json!({ "v": 1, "door": Uuid::new_v4(), "sales": sales }).to_string()
}

#[tokio::test]
async fn only_doors_tell_and_listen_and_what_cannot_be_read_is_left() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let tenant = shop.stack.tenant();
    let door = tenant.nats(Role::Ingress).await?;
    let mut strangers = Vec::new();
    for role in [Role::Allocator, Role::Notifier, Role::Setup] {
        let stranger = tenant.nats(role).await?;
        let heard = stranger.subscribe(TRAFFIC).await?;
        told_by(&stranger, &a_word(&shop, 1_000)).await?;
        strangers.push((stranger, heard));
    }
    for unreadable in [
        "",
        "{",
        "[]",
        "{\"v\":1}",
        "{\"v\":2,\"door\":1,\"sales\":[]}",
    ] {
        told_by(&door, unreadable).await?;
    }
    let mut words = door.subscribe(TRAFFIC).await?;
    told_by(&door, &a_word(&shop, 7)).await?;

    let told = seen(&shop, 0, "another door", |seen| seen["doors"] == 2).await?;
    assert_eq!(told["accepted"], 7, "those who are no doors were not heard");
    // Ours, and then one of the door's own: by then everybody has been told, who may be.
    for _ in 0..2 {
        words.next().await.context("a door hears")?;
    }
    for (stranger, mut heard) in strangers {
        stranger.flush().await?;
        assert!(heard.next().now_or_never().is_none(), "it must not hear");
    }
    shop.stack.stop().await
}
