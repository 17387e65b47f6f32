//! Rule 6: what happens at a limit.

use anyhow::Result;
use async_nats::jetstream;
use devstack::{OpenSale, Role, Servers, Stack, until};

use crate::shop::{FullQueue, SOON, Shop, ticket};

#[tokio::test]
async fn one_shopper_who_clicks_too_often_is_told_when_to_come_back() -> Result<()> {
    let builder = Stack::builder()
        .env(Role::Ingress, "RATE_LIMITS", "on")
        .env(Role::Ingress, "RATE_PER_SHOPPER_PER_S", "1");
    let shop = Shop::open(builder, 1, &OpenSale::of(9)).await?;
    let (hasty, other) = (shop.shopper().await?, shop.shopper().await?);

    let refused = until("a refusal", SOON, async || {
        let answer = hasty.buy(&shop.sale, Some("mine")).await?;
        Ok((answer.status != 202).then_some(answer))
    })
    .await?;

    assert_eq!(
        (refused.status, refused.problem()),
        (429, Some("rate-limited"))
    );
    let wait_ms = refused.body["retry_after_ms"].as_u64().unwrap_or_default();
    assert!((1..=1_000).contains(&wait_ms), "{}", refused.body);
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(
        other.buy(&shop.sale, None).await?.status,
        202,
        "somebody else"
    );
    shop.stack.stop().await
}

#[tokio::test]
async fn a_queue_that_is_too_long_refuses_unless_its_owner_is_away() -> Result<()> {
    // Given: nobody may wait at all, the allocator has stopped a moment ago, and purchases gather.
    let FullQueue {
        shop,
        shopper,
        mut tickets,
        refused,
    } = FullQueue::gathered().await?;

    // Then: the next one is refused, for certain and with a time to come back.
    assert_eq!((refused.status, refused.problem()), (503, Some("busy")));
    let wait_ms = refused.body["retry_after_ms"].as_u64().unwrap_or_default();
    assert!((1_000..60_000).contains(&wait_ms), "{}", refused.body);
    let wait_s = wait_ms.div_ceil(1_000).to_string();
    assert_eq!(refused.header("retry-after"), Some(wait_s.as_str()));
    assert_eq!(shop.records().await?, 1 + tickets.len() as u64);
    let ready = devstack::Http::new()
        .get(&format!("{}/readyz", shop.stack.ingress(0).health_url()))
        .await?;
    assert_eq!(
        ready.status, 200,
        "a full queue is no reason to be replaced"
    );

    // And: once the owner counts as away, purchases are kept for whoever takes over.
    let kept = until("an owner that is away", SOON, async || {
        let answer = shopper.buy(&shop.sale, None).await?;
        Ok((answer.status == 202).then_some(answer))
    })
    .await?;
    tickets.push(ticket(&kept)?.to_owned());
    shop.stack.allocator(0).resume()?;
    for ticket in tickets {
        shopper.learn(&shop.doors, &ticket).await?;
    }
    shop.stack.stop().await
}

#[tokio::test]
async fn a_full_log_refuses_and_keeps_what_it_has() -> Result<()> {
    // Given: a log of 1 MiB, one purchase in it, and the rest filled.
    let builder = Stack::builder().env(Role::Setup, "LOG_MAX_BYTES", "1048576");
    let mut shop = Shop::open(builder, 1, &OpenSale::of(9)).await?;
    let early = shop.shopper().await?;
    let accepted = early.buy(&shop.sale, Some("early")).await?;
    let filler = jetstream::new(shop.stack.tenant().nats(Role::Ingress).await?);
    let subject = format!("sale.00.{}.purchases", shop.sale);
    for size in [100_000, 100] {
        let body = vec![b'x'; size];
        while filler
            .publish(subject.clone(), body.clone().into())
            .await?
            .await
            .is_ok()
        {}
    }

    // When, then: a purchase is refused for certain, and nothing is called accepted that is not.
    let records = shop.records().await?;
    let late = shop.shopper().await?;
    let refused = late.buy(&shop.sale, None).await?;
    assert_eq!((refused.status, refused.problem()), (503, Some("busy")));
    assert_eq!(refused.header("retry-after"), Some("10"));
    assert_eq!(shop.records().await?, records);
    let verdict = early.learn(&shop.doors, ticket(&accepted)?).await?;
    assert_eq!(
        verdict,
        devstack::audit::Verdict::Won(ticket(&accepted)?.parse()?)
    );

    // And: once an operator has made room, purchases are taken again without a restart.
    shop.stack.set_env(Role::Setup, "LOG_MAX_BYTES", "4194304");
    shop.stack.administer(&["setup"]).await?;
    until("room in the log", SOON, async || {
        let answer = late.buy(&shop.sale, None).await?;
        Ok((answer.status == 202).then_some(()))
    })
    .await?;
    shop.stack.stop().await
}

#[tokio::test]
async fn the_last_tenth_of_a_log_is_for_commands() -> Result<()> {
    // Given: a log of 1 MiB with a sale, filled to 95 %.
    let builder = Stack::builder().env(Role::Setup, "LOG_MAX_BYTES", "1048576");
    let shop = Shop::open(builder, 1, &OpenSale::of(9)).await?;
    let shopper = shop.shopper().await?;
    let filler = jetstream::new(shop.stack.tenant().nats(Role::Ingress).await?);
    for _ in 0..10 {
        let subject = format!("sale.00.{}.purchases", shop.sale);
        filler
            .publish(subject, vec![b'x'; 99_500].into())
            .await?
            .await?;
    }

    // When: the door has seen it.
    let refused = until("a refusal", SOON, async || {
        let answer = shopper.buy(&shop.sale, None).await?;
        Ok((answer.status != 202).then_some(answer))
    })
    .await?;

    // Then: purchases are refused for certain, and the sale can still be closed.
    assert_eq!((refused.status, refused.problem()), (503, Some("busy")));
    let records = shop.records().await?;
    let again = shopper.buy(&shop.sale, None).await?;
    assert_eq!((again.status, again.problem()), (503, Some("busy")));
    assert_eq!(shop.records().await?, records, "nothing was even tried");
    let closed = shop.stack.operator().await?.close(&shop.sale).await?;
    assert_eq!((closed.status, closed.text("state")), (200, Some("closed")));
    shop.stack.stop().await
}

#[tokio::test]
async fn a_log_that_does_not_answer_turns_newcomers_away() -> Result<()> {
    // Given: a log server that is there but says nothing, and one purchase on its way.
    let servers = Servers::own().await?;
    let shop = Shop::open(Stack::builder().on(&servers), 1, &OpenSale::of(9)).await?;
    let (early, late) = (shop.shopper().await?, shop.shopper().await?);
    servers.nats()?.pause().await?;
    let unknown = early.buy(&shop.sale, Some("mine")).await?;
    assert_eq!(
        (unknown.status, unknown.problem()),
        (503, Some("outcome-unknown"))
    );

    // When, then: who comes now is refused at once and for certain.
    let refused = late.buy(&shop.sale, None).await?;
    assert_eq!((refused.status, refused.problem()), (503, Some("busy")));
    assert_eq!(refused.header("retry-after"), Some("1"));

    // And: once the log answers, both get in, and the one that was refused was not sold.
    servers.nats()?.resume()?;
    let accepted = until("an answer of the log", SOON, async || {
        let answer = late.buy(&shop.sale, Some("again")).await?;
        Ok((answer.status == 202).then_some(answer))
    })
    .await?;
    late.learn(&shop.doors, ticket(&accepted)?).await?;
    let orders = late.orders(&shop.sale).await?;
    assert_eq!(
        orders.body["orders"].as_array().map(Vec::len),
        Some(1),
        "{}",
        orders.body
    );
    let attempt = early.see_through(&shop.doors, &shop.sale, "mine").await?;
    let findings = shop.audit(vec![attempt]).await?;
    assert_eq!(
        (findings.won, findings.lost_tickets),
        (1, 0),
        "{findings:?}"
    );
    shop.stack.stop().await
}
