//! The replay horizon: what is decided and old enough goes, and nothing that may be needed.

use anyhow::{Context, Result, ensure};
use async_nats::jetstream::{self, stream};
use devstack::{Http, OpenSale, Role, Stack, until};

use crate::shop::{SOON, Shop, cursor, halted, stack};

async fn log_state(stack: &Stack) -> Result<stream::State> {
    let admin = jetstream::new(stack.tenant().nats(Role::Setup).await?);
    let stream = admin.get_stream("SALE_LOG_00").await?;
    Ok(stream.cached_info().state.clone())
}

async fn log_begins_at(stack: &Stack, seq: u64) -> Result<()> {
    until(&format!("a log that begins at {seq}"), SOON, async || {
        let state = log_state(stack).await?;
        ensure!(
            state.first_sequence <= seq,
            "it was trimmed to {}",
            state.first_sequence
        );
        Ok((state.first_sequence == seq).then_some(()))
    })
    .await
}

#[tokio::test]
async fn decided_records_go_but_never_a_sale_that_was_open_lately() -> Result<()> {
    // Given: a horizon of two seconds, and a sale that is sold and closed.
    let short = stack().env(Role::Allocator, "REPLAY_HORIZON", "2s");
    let shop = Shop::open(short, 1, &OpenSale::of(3)).await?;
    let (winner, ticket) = shop.accepted().await?;
    let won = winner.learn(&shop.doors, &ticket).await?;
    let operator = shop.stack.operator().await?;
    ensure!(
        operator.close(&shop.sale).await?.status == 200,
        "not closed"
    );

    // And: another one that stays open.
    let open = operator.open_sale(&OpenSale::of(5)).await?;
    let opened_at = cursor(shop.pool()).await?;
    let shopper = shop.shopper().await?;
    shopper.see_through(&shop.doors, &open, "a").await?;

    // Then: everything before the record that opened it goes, and not one more.
    log_begins_at(&shop.stack, opened_at).await?;
    let (http, health) = (Http::new(), shop.stack.allocator(0).health_url());
    let trimmed = format!("allocator_log_trimmed_records_total {}", opened_at - 1);
    until("what was trimmed in the metrics", SOON, async || {
        let metrics = http
            .get(&format!("{health}/metrics"))
            .await?
            .body
            .to_string();
        let age = "allocator_log_oldest_record_age_seconds{partition";
        Ok((metrics.contains(&trimmed) && metrics.contains(age)).then_some(()))
    })
    .await?;

    // When: that one is closed, too.
    ensure!(operator.close(&open).await?.status == 200, "not closed");

    // Then: only the record at the cursor is left, by which the next owner knows the stream.
    let last = cursor(shop.pool()).await?;
    log_begins_at(&shop.stack, last).await?;
    assert_eq!(log_state(&shop.stack).await?.messages, 1);
    shop.stack.allocator(0).restart().await?;
    let third = operator.open_sale(&OpenSale::of(1)).await?;
    let attempt = shopper.see_through(&shop.doors, &third, "a").await;
    attempt.context("the successor decides")?;
    assert_eq!(halted(shop.pool()).await?, None);

    // And: what was decided does not need its record.
    assert_eq!(winner.learn(&shop.doors, &ticket).await?, won);
    shop.stack.stop().await
}
