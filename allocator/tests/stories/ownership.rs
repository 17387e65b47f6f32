//! Rule 3: one owner per partition, and a fence against those who were.

use anyhow::{Context, Result, ensure};
use devstack::{OpenSale, Process, Stack};

use crate::shop::{SOON, Shop, is_contiguous, stack};
use crate::witness::epochs;

pub(crate) const TOOK_OVER: &str = "took the partition over";
pub(crate) const FENCED: &str = "lost the partition to another allocator";

/// Which of two allocators owns the only partition, and which waits.
pub(crate) fn owner_and_standby(stack: &Stack) -> Result<(&Process, &Process)> {
    let (first, second) = (stack.allocator(0), stack.allocator(1));
    match (
        first.log_contains(TOOK_OVER),
        second.log_contains(TOOK_OVER),
    ) {
        (true, false) => Ok((first, second)),
        (false, true) => Ok((second, first)),
        both => anyhow::bail!("owners: {both:?}"),
    }
}

#[tokio::test]
async fn a_zombie_is_fenced_and_nothing_is_doubled() -> Result<()> {
    // Given: two allocators, and a sale in full swing.
    let shop = Shop::open(stack().allocators(2), 1, &OpenSale::of(90)).await?;
    let (owner, standby) = owner_and_standby(&shop.stack)?;
    let mut attempts = shop.crowd(30, &["a"]).await?;

    // When: the owner stops in its tracks, for longer than its lease.
    owner.pause().await?;
    let (meanwhile, took_over) = tokio::join!(
        shop.crowd(30, &["a"]),
        standby.wait_for_log(TOOK_OVER, SOON)
    );
    attempts.extend(meanwhile?);
    took_over?;
    ensure!(!owner.log_contains(FENCED), "the owner was not stopped");

    // When: it comes back and believes it is still the owner.
    owner.resume()?;
    attempts.extend(shop.crowd(60, &["a"]).await?);

    // Then: it finds out, and every place was decided once.
    owner.wait_for_log(FENCED, SOON).await?;
    let findings = shop.audit(attempts).await?;
    assert!(findings.is_clean(), "{findings:?}");
    assert_eq!(findings.won, 90);
    assert!(is_contiguous(shop.pool()).await?);
    shop.stack.stop().await
}

#[tokio::test]
async fn a_commit_under_an_old_grant_changes_nothing() -> Result<()> {
    // Given: an owner that works.
    let shop = Shop::selling(&OpenSale::of(3)).await?;
    let mut attempts = shop.crowd(1, &["a"]).await?;

    // When: the partition is granted to somebody else, who vanishes at once.
    sqlx::query("UPDATE partitions SET epoch = epoch + 1, owner = gen_random_uuid()")
        .execute(shop.pool())
        .await?;
    attempts.extend(shop.crowd(1, &["a"]).await?);

    // Then: the former owner noticed before it decided anything, and competes like everybody else.
    let allocator = shop.stack.allocator(0);
    allocator.wait_for_log(FENCED, SOON).await?;
    let epoch: i64 = sqlx::query_scalar("SELECT epoch FROM partitions")
        .fetch_one(shop.pool())
        .await?;
    assert_eq!(epoch, 3, "granted, taken away, granted again");
    let findings = shop.audit(attempts).await?;
    assert!(findings.is_clean(), "{findings:?}");
    assert_eq!(findings.won, 2);
    assert!(is_contiguous(shop.pool()).await?);
    shop.stack.stop().await
}

#[tokio::test]
async fn an_allocator_that_is_killed_is_replaced() -> Result<()> {
    let shop = Shop::open(stack().allocators(2), 1, &OpenSale::of(40)).await?;
    let (owner, standby) = owner_and_standby(&shop.stack)?;
    let mut attempts = shop.crowd(20, &["a"]).await?;

    let (meanwhile, killed) = tokio::join!(shop.crowd(40, &["a"]), owner.kill());
    killed?;
    attempts.extend(meanwhile?);

    standby.wait_for_log(TOOK_OVER, SOON).await?;
    let findings = shop.audit(attempts).await?;
    assert!(findings.is_clean(), "{findings:?}");
    assert_eq!(findings.won, 40);
    assert!(is_contiguous(shop.pool()).await?);
    shop.stack.stop().await
}

#[tokio::test]
async fn a_graceful_stop_hands_over_without_waiting_for_the_lease() -> Result<()> {
    let shop = Shop::open(stack().allocators(2), 1, &OpenSale::of(2)).await?;
    let (owner, standby) = owner_and_standby(&shop.stack)?;
    shop.crowd(1, &["a"]).await?;

    let before = epochs(shop.pool()).await?;

    owner.ask_to_stop()?;
    let status = owner.wait_for_end(SOON).await?;
    ensure!(status.success(), "the owner ended with {status}");
    // A lease that has merely run out leaves its owner's name behind.
    let is_free: bool = sqlx::query_scalar("SELECT owner IS NULL OR epoch > $1 FROM partitions")
        .bind(before[0])
        .fetch_one(shop.pool())
        .await?;
    ensure!(is_free, "it still has an owner");
    standby.wait_for_log(TOOK_OVER, SOON).await?;

    let (shopper, ticket) = shop.accepted().await?;
    shopper
        .learn(&shop.doors, &ticket)
        .await
        .context("the successor decides")?;
    shop.stack.stop().await
}
