//! Rule 4, the other half: what the database forbids stops the partition, and nothing is lost by it.

use anyhow::Result;
use devstack::audit::{Attempt, Outcome, Word};
use devstack::{OpenSale, until};

use crate::shop::{SOON, Shop, halted, is_contiguous};

/// Waits until a door says that the sale has stopped.
async fn refused_as_halted(shop: &Shop) -> Result<()> {
    let shopper = shop.shopper().await?;
    until("a refusal as halted", SOON, async || {
        let answer = shopper.buy(&shop.sale, None).await?;
        Ok((answer.status == 503 && answer.problem() == Some("halted")).then_some(()))
    })
    .await
}

#[tokio::test]
async fn a_violated_constraint_halts_the_partition_and_loses_nothing() -> Result<()> {
    // Given: a sale of three, two of them sold, and a hand that lowers the stock behind the machine's back.
    let shop = Shop::selling(&OpenSale::of(3)).await?;
    let mut attempts = shop.crowd(2, &["mine"]).await?;
    sqlx::query("UPDATE sales SET stock = 2")
        .execute(shop.pool())
        .await?;

    // When: somebody buys the third unit.
    let (shopper, ticket) = shop.accepted().await?;

    // Then: Postgres refuses, the partition halts and says why, and the doors close.
    let reason = until("a halt", SOON, async || halted(shop.pool()).await).await?;
    assert!(reason.contains("sales_never_oversold"), "{reason}");
    refused_as_halted(&shop).await?;
    let waiting = shopper.ticket(&ticket, 0).await?;
    assert_eq!(waiting.text("state"), Some("queued"), "{}", waiting.body);
    let findings = shop.audit(attempts.clone()).await?;
    assert!(findings.is_clean(), "{findings:?}");

    // When: an operator has put it right and lifts the halt.
    sqlx::query("UPDATE sales SET stock = 3")
        .execute(shop.pool())
        .await?;
    sqlx::query("UPDATE partitions SET halted = NULL")
        .execute(shop.pool())
        .await?;

    // Then: the waiting ticket wins, and everything adds up.
    let verdict = shopper.learn(&shop.doors, &ticket).await?;
    attempts.push(Attempt {
        shopper: shopper.id().parse()?,
        wish: None,
        outcome: Outcome::Accepted {
            ticket: ticket.parse()?,
            heard: vec![Word::Poll(verdict)],
        },
    });
    let findings = shop.audit(attempts).await?;
    assert!(findings.is_clean(), "{findings:?}");
    assert_eq!(findings.won, 3);
    assert!(is_contiguous(shop.pool()).await?);
    shop.stack.stop().await
}

#[tokio::test]
async fn a_count_that_is_not_the_number_of_orders_halts_the_partition_at_its_take_over()
-> Result<()> {
    // Given: one of three units sold, and a hand that takes the order away.
    let shop = Shop::selling(&OpenSale::of(3)).await?;
    shop.crowd(1, &["mine"]).await?;
    sqlx::query("DELETE FROM orders")
        .execute(shop.pool())
        .await?;

    // When: another process loads what Postgres holds.
    shop.stack.allocator(0).kill().await?;
    shop.stack.allocator(0).spawn()?;

    // Then: it decides nothing from it.
    let reason = until("a halt", SOON, async || halted(shop.pool()).await).await?;
    assert!(reason.contains("counts other units as sold"), "{reason}");
    refused_as_halted(&shop).await?;
    shop.stack.stop().await
}

#[tokio::test]
async fn a_log_that_was_lost_halts_the_partition_instead_of_being_skipped() -> Result<()> {
    // Given: a sale with one unit sold.
    let shop = Shop::selling(&OpenSale::of(3)).await?;
    shop.crowd(1, &["mine"]).await?;

    // When: the stream is recreated empty while nobody looks.
    shop.stack.allocator(0).kill().await?;
    let admin = shop.stack.tenant().nats(devstack::Role::Setup).await?;
    let jetstream = async_nats::jetstream::new(admin);
    let lost = jetstream.get_stream("SALE_LOG_00").await?;
    let config = lost.cached_info().config.clone();
    jetstream.delete_stream("SALE_LOG_00").await?;
    jetstream.create_stream(config).await?;
    shop.stack.allocator(0).spawn()?;

    // Then: nobody decides anything from it.
    let reason = until("a halt", SOON, async || halted(shop.pool()).await).await?;
    assert!(reason.contains("of a stream created at"), "{reason}");
    refused_as_halted(&shop).await?;
    shop.stack.stop().await
}
