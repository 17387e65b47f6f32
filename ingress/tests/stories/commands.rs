//! Commands whose fate the door cannot tell at once: what is said of them then.

use anyhow::{Context, Result};
use devstack::{OpenSale, Proxy, Role, Servers, Stack, until};
use futures_util::future::try_join_all;
use serde_json::json;

use crate::request::is_problem;
use crate::shop::{SOON, Shop, ticket};

/// How the bytes begin that ask Postgres what was ruled for a command.
const ASK_FOR_RULING: &[u8] = b"SELECT rulings FROM decisions";

#[tokio::test]
async fn a_command_that_the_log_does_not_answer_is_told_as_a_command() -> Result<()> {
    let servers = Servers::own().await?;
    let shop = Shop::open(Stack::builder().on(&servers), 1, &OpenSale::of(1)).await?;
    let operator = shop.stack.operator().await?;
    let pause = format!("/v1/sales/{}/pause", shop.sale);
    servers.nats()?.pause().await?;

    let keyless = operator.post(&pause, None);
    let body = json!({});
    let keyed = operator.post_once(&pause, "mine", &body);
    let (keyless, keyed) = tokio::try_join!(keyless, keyed)?;
    for (answer, key) in [(&keyless, None), (&keyed, Some("mine"))] {
        is_problem("no answer", answer, (503, "outcome-unknown"));
        assert_eq!(answer.text("key"), key);
        let detail = answer.text("detail").context("no detail")?;
        assert!(detail.contains("The command may still"), "{detail}");
        assert!(answer.header("retry-after").is_some());
    }

    // When the log answers again, the key carries it out: once, whatever became of the first.
    servers.nats()?.resume()?;
    until("the pause", SOON, async || {
        let again = operator.post_once(&pause, "mine", &body).await?;
        Ok((again.status == 200).then_some(()))
    })
    .await?;
    let once: Vec<i64> = sqlx::query_scalar(
        "SELECT count(*) FILTER (WHERE ruling = 'applied') FROM operator_actions
         WHERE action = 'pause' GROUP BY command_id",
    )
    .fetch_all(shop.stack.pool())
    .await?;
    assert!(once.iter().all(|count| *count == 1), "{once:?}");
    shop.stack.stop().await
}

#[tokio::test]
async fn a_command_whose_ruling_cannot_be_read_is_not_told_as_failed() -> Result<()> {
    // Given: a door whose way to Postgres breaks when it asks what was ruled.
    let mut shop = Shop::selling(1).await?;
    let proxy = Proxy::before(&shop.stack.tenant().database_url(Role::Ingress)).await?;
    let door = shop.add_door("DATABASE_URL", proxy.url()).await?;
    let operator = shop.stack.operator().await?.at(&door);
    let mut asked = proxy.catch(ASK_FOR_RULING);

    // When: it is given a command, which is logged and decided.
    let pause = format!("/v1/sales/{}/pause", shop.sale);
    let (answer, ()) = tokio::try_join!(operator.post(&pause, None), async {
        asked.next().await?.cut();
        anyhow::Ok(())
    })?;

    // Then: it is accepted, and the sale is paused.
    assert_eq!(answer.status, 202, "{}", answer.body);
    let sale = operator.get(&format!("/v1/sales/{}", shop.sale)).await?;
    assert_eq!(sale.text("state"), Some("paused"));
    shop.stack.stop().await
}

#[tokio::test]
async fn commands_that_nobody_decides_yet_are_told_as_logged() -> Result<()> {
    let shop = Shop::selling(2).await?;
    let shopper = shop.shopper().await?;
    let bought = shopper.buy(&shop.sale, None).await?;
    let order = ticket(&bought)?;
    assert_eq!(shopper.ticket(order, 20).await?.text("state"), Some("won"));
    let operator = shop.stack.operator().await?;
    shop.stack.allocator(0).pause().await?;

    let sale = format!("/v1/sales/{}", shop.sale);
    let commands = [
        ("PATCH", sale.clone(), json!({ "unit_limit": 2 })),
        (
            "POST",
            format!("{sale}/restock"),
            json!({ "stock": 3, "version": 1 }),
        ),
        ("POST", format!("/v1/orders/{order}/cancel"), json!({})),
        ("POST", format!("{sale}/close"), json!({})),
    ];
    let given = commands
        .iter()
        .map(async |(method, path, body)| operator.send(method.parse()?, path, Some(body)).await);
    for answer in try_join_all(given).await? {
        assert_eq!((answer.status, &answer.body), (202, &json!(null)));
    }

    shop.stack.allocator(0).resume()?;
    until("the last of them", SOON, async || {
        let sale = operator.get(&sale).await?;
        Ok((sale.text("state") == Some("closed")).then_some(()))
    })
    .await?;
    shop.stack.stop().await
}
