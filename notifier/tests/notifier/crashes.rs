//! A notifier that is killed: its watchers come back, to another one or to the next.

use std::time::Duration;

use anyhow::Result;
use devstack::{Process, Stack};
use futures_util::future::try_join_all;
use futures_util::stream::{StreamExt, TryStreamExt, iter};
use tokio::time::{Instant, timeout};

use crate::page::Page;
use crate::shop::Shop;

/// Everybody knows within this after the kill.
const WITHIN: Duration = Duration::from_secs(15);

/// Handshakes under way at a time while the crowd gathers.
const CONNECTING_AT_ONCE: usize = 64;

#[tokio::test]
async fn two_thousand_watchers_of_a_killed_notifier_learn_their_results_from_another() -> Result<()>
{
    let shop = Shop::with(Stack::builder(), 2).await?;
    let addresses = [0, 1].map(|index| shop.stack.notifier(index).live_url());
    let mut crowd = gathered(&shop, &addresses, 2_000).await?;

    let killed_at = Instant::now();
    shop.stack.notifier(0).kill().await?;
    shop.stack.allocator(0).resume()?;
    everybody_knows(&mut crowd, killed_at).await?;
    shop.stack.stop().await
}

#[tokio::test]
async fn watchers_of_a_killed_notifier_learn_their_results_from_its_successor() -> Result<()> {
    let shop = Shop::open().await?;
    let notifier: &Process = shop.stack.notifier(0);
    let mut crowd = gathered(&shop, &[notifier.live_url()], 100).await?;

    let killed_at = Instant::now();
    notifier.kill().await?;
    shop.stack.allocator(0).resume()?;
    let (knowing, started) = tokio::join!(everybody_knows(&mut crowd, killed_at), notifier.start());
    started.and(knowing)?;
    shop.stack.stop().await
}

/// So many pages at the first notifier, each with a ticket in a queue that stands still.
async fn gathered(shop: &Shop, notifiers: &[String], count: usize) -> Result<Vec<Page>> {
    shop.stack.allocator(0).pause().await?;
    let tickets = shop.buy_all(count).await?;
    let pages = tickets.iter().map(|ticket| {
        let mut page = Page::of(notifiers, std::slice::from_ref(ticket));
        async { page.wait_in_queue().await.map(|()| page) }
    });
    iter(pages)
        .buffer_unordered(CONNECTING_AT_ONCE)
        .try_collect()
        .await
}

async fn everybody_knows(crowd: &mut [Page], killed_at: Instant) -> Result<()> {
    let learning = try_join_all(crowd.iter_mut().map(Page::learn_all));
    let results = timeout(WITHIN, learning).await??;
    let elapsed = killed_at.elapsed();
    println!(
        "{} watchers knew their results {elapsed:?} after the kill",
        results.len()
    );
    assert!(results.iter().all(|known| *known == 1));
    assert!(crowd.iter().all(|page| page.repeats == 0 && page.cuts >= 1));
    Ok(())
}
