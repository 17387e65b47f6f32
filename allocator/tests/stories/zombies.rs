//! An owner that stops in the middle of a commit, and comes back when somebody else has gone on.

use anyhow::{Result, ensure};
use devstack::audit::Attempt;
use devstack::proxy::Catches;
use devstack::{OpenSale, Process, Proxy, until};
use sqlx::{Postgres, Transaction};

use crate::ownership::{FENCED, TOOK_OVER, owner_and_standby};
use crate::proof::{Feed, counter, wired};
use crate::shop::{SOON, Shop, cursor};

/// Whether somebody waits for a row that this transaction has locked.
const IS_WAITED_FOR: &str = "
    SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'
                   AND transactionid = pg_current_xact_id()::xid)";

/// Of whoever took a new partition.
const FIRST_EPOCH: u64 = 1;

/// Two allocators, a sale of forty, and sixty who want it.
async fn busy() -> Result<(Proxy, Shop)> {
    wired(2, &OpenSale::of(40)).await
}

async fn is_waited_for(lock: &mut Transaction<'static, Postgres>) -> Result<bool> {
    Ok(sqlx::query_scalar(IS_WAITED_FOR)
        .fetch_one(&mut **lock)
        .await?)
}

/// Lets the owner's next commit run into a row that somebody else has locked, and stops the owner there.
async fn stopped_in_its_commit(
    shop: &Shop,
    owner: &Process,
    catches: &mut Catches,
) -> Result<Transaction<'static, Postgres>> {
    let caught = catches.next().await?;
    let mut lock = shop.pool().begin().await?;
    sqlx::query("SELECT FROM partitions WHERE partition = 0 FOR UPDATE")
        .execute(&mut *lock)
        .await?;
    caught.pass();
    until("a commit that waits for the row", SOON, async || {
        Ok(is_waited_for(&mut lock).await?.then_some(()))
    })
    .await?;
    owner.pause().await?;
    Ok(lock)
}

/// The standby takes over and commits what the zombie has not.
async fn superseded(shop: &Shop, standby: &Process, mut catches: Catches) -> Result<()> {
    standby.wait_for_log(TOOK_OVER, SOON).await?;
    let before = cursor(shop.pool()).await?;
    catches.next().await?.pass();
    // From here on everything passes.
    drop(catches);
    until("a commit of the second owner", SOON, async || {
        Ok((cursor(shop.pool()).await? > before).then_some(()))
    })
    .await
}

/// The zombie told nobody, in its own name, of anything after its last commit.
async fn nobody_was_told_beyond(committed: u64, zombie: &Process, mut feed: Feed) -> Result<()> {
    zombie.wait_for_log(FENCED, SOON).await?;
    let told = feed.told()?;
    let mut own = told.iter().filter(|told| told.epoch == FIRST_EPOCH);
    let lie = own.find(|told| told.cursor.get() > committed);
    ensure!(
        lie.is_none(),
        "committed {committed}, the zombie told {lie:?}"
    );
    Ok(())
}

/// The zombie is back, finds out, and has doubled nothing.
async fn fenced(shop: &Shop, zombie: &Process, attempts: Vec<Attempt>) -> Result<()> {
    zombie.wait_for_log(FENCED, SOON).await?;
    let count = counter(zombie, "allocator_fenced_total").await?;
    ensure!(count > 0.0, "nothing was fenced");
    // Behind the fence stand the constraints: a zombie that gets to them halts itself.
    let halted = zombie.log_contains("halted the partition");
    ensure!(!halted, "a constraint refused it, not the fence");
    let findings = shop.adds_up(attempts).await?;
    assert_eq!(findings.won, 40, "{findings:?}");
    shop.stack.stop().await
}

#[tokio::test]
async fn a_commit_that_arrives_after_the_take_over_is_refused() -> Result<()> {
    let (proxy, shop) = busy().await?;
    let (owner, standby) = owner_and_standby(&shop.stack)?;
    let crowd = shop.shoppers(60).await?;
    let mut catches = proxy.catch(&shop.mark_of_a_commit()?);
    let feed = Feed::of(&shop).await?;

    // When: a commit is on its way for so long that somebody else decides the same records.
    let story = async {
        let late = catches.next().await?;
        let committed = cursor(shop.pool()).await?;
        owner.pause().await?;
        superseded(&shop, standby, catches).await?;
        let judged = late.answered().await?;
        owner.resume()?;
        judged.pass();
        Ok(committed)
    };
    let (attempts, committed) = tokio::try_join!(shop.buying(&crowd, &["a"]), story)?;

    nobody_was_told_beyond(committed, owner, feed).await?;
    fenced(&shop, owner, attempts).await
}

#[tokio::test]
async fn a_zombie_whose_commit_went_through_without_it_has_made_its_last() -> Result<()> {
    let (proxy, shop) = busy().await?;
    let (owner, standby) = owner_and_standby(&shop.stack)?;
    let crowd = shop.shoppers(60).await?;
    let mut catches = proxy.catch(&shop.mark_of_a_commit()?);
    let feed = Feed::of(&shop).await?;

    // When: the owner stops inside a commit that still goes through, and learns of it much later.
    let story = async {
        let lock = stopped_in_its_commit(&shop, owner, &mut catches).await?;
        let before = cursor(shop.pool()).await?;
        lock.rollback().await?;
        shop.decided(before + 1).await?;
        let committed = cursor(shop.pool()).await?;
        let late = shop.shoppers(5).await?;
        let resumed = async {
            superseded(&shop, standby, catches).await?;
            owner.resume()
        };
        let (attempts, ()) = tokio::try_join!(shop.buying(&late, &["a"]), resumed)?;
        Ok((attempts, committed))
    };
    let (mut attempts, (more, committed)) = tokio::try_join!(shop.buying(&crowd, &["a"]), story)?;
    attempts.extend(more);

    nobody_was_told_beyond(committed, owner, feed).await?;
    fenced(&shop, owner, attempts).await
}

#[tokio::test]
async fn a_zombie_whose_commit_gave_up_waiting_has_changed_nothing() -> Result<()> {
    let (proxy, shop) = busy().await?;
    let (owner, standby) = owner_and_standby(&shop.stack)?;
    let crowd = shop.shoppers(60).await?;
    let mut catches = proxy.catch(&shop.mark_of_a_commit()?);
    let feed = Feed::of(&shop).await?;

    // When: the owner stops inside a commit that cannot have the row, and Postgres ends it.
    let story = async {
        let mut lock = stopped_in_its_commit(&shop, owner, &mut catches).await?;
        let committed = cursor(shop.pool()).await?;
        until("the end of the zombie's commit", SOON, async || {
            Ok((!is_waited_for(&mut lock).await?).then_some(()))
        })
        .await?;
        lock.rollback().await?;
        ensure!(
            cursor(shop.pool()).await? == committed,
            "the commit happened"
        );
        superseded(&shop, standby, catches).await?;
        owner.resume()?;
        Ok(committed)
    };
    let (attempts, committed) = tokio::try_join!(shop.buying(&crowd, &["a"]), story)?;

    nobody_was_told_beyond(committed, owner, feed).await?;
    fenced(&shop, owner, attempts).await
}
