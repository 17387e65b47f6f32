//! A commit whose answer is lost: it happened or it did not, and only Postgres knows.

use anyhow::{Result, ensure};
use devstack::OpenSale;
use devstack::proxy::Catches;

use crate::proof::{Feed, wired};
use crate::shop::{Shop, cursor};
use crate::writer::Writer;

/// Cut commits; a quarter of them each way there is.
const CUTS: usize = 60;

/// Purchases in the record before each cut.
const PURCHASES: usize = 50;

/// Shoppers come in threes of wishes: two different keys, and the first one again.
fn wishes(record: usize) -> Vec<(u128, &'static str)> {
    let places = record * PURCHASES..(record + 1) * PURCHASES;
    places
        .map(|place| (1 + (place / 3) as u128, ["a", "b", "a"][place % 3]))
        .collect()
}

/// Nothing that was told so far is beyond what Postgres holds.
fn is_true(feed: &mut Feed, committed: u64) -> Result<()> {
    for told in feed.told()? {
        let told = told.cursor.get();
        ensure!(told <= committed, "told {told}, committed {committed}");
    }
    Ok(())
}

/// Cuts commit after commit; gives where Postgres stood before each, and after the last.
async fn cut(shop: &Shop, mut catches: Catches) -> Result<Vec<u64>> {
    let (writer, mut feed) = (Writer::of(shop).await?, Feed::of(shop).await?);
    let mut cursors = Vec::new();
    for number in 0..CUTS {
        writer.buy(&wishes(number)).await?;
        // Every commit is caught: nothing else moves the cursor between two looks at it.
        let caught = catches.next().await?;
        let committed = cursor(shop.pool()).await?;
        is_true(&mut feed, committed)?;
        cursors.push(committed);
        match number % 4 {
            0 => caught.cut(),
            1 => caught.answered().await?.cut(),
            2 => caught.cut_short(),
            _ => caught.answered().await?.cut_short(),
        }
    }
    writer.buy(&wishes(CUTS)).await?;
    let last = catches.next().await?;
    cursors.push(cursor(shop.pool()).await?);
    last.pass();
    Ok(cursors)
}

#[tokio::test]
async fn no_commit_that_is_cut_off_is_applied_twice_or_skipped() -> Result<()> {
    // Given: two allocators, thousands of purchases, and a wire to Postgres that breaks again and again.
    let terms = OpenSale {
        unit_limit: 2,
        ..OpenSale::of(1_500)
    };
    let (proxy, shop) = wired(2, &terms).await?;
    let crowd = shop.shoppers(50).await?;
    let catches = proxy.catch(&shop.mark_of_a_commit()?);

    // When: sixty commits are cut off, half of them before and half of them after they happened.
    let (attempts, cursors) = tokio::try_join!(
        shop.buying(&crowd, &["a", "b", "c", "a"]),
        cut(&shop, catches)
    )?;
    let happened = cursors.windows(2).filter(|pair| pair[0] < pair[1]).count();
    assert_eq!(
        (happened, CUTS - happened),
        (CUTS / 2, CUTS / 2),
        "{cursors:?}"
    );

    // Then: nobody can tell from the books.
    let findings = shop.adds_up(attempts).await?;
    assert_eq!(
        findings.accepted + findings.refused.len(),
        200,
        "{findings:?}"
    );
    let sold: i32 = sqlx::query_scalar("SELECT sold FROM sales")
        .fetch_one(shop.pool())
        .await?;
    assert_eq!(sold, 1_500);
    shop.stack.stop().await
}
