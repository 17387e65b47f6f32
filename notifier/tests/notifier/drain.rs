//! A notifier that stops, and two that are replaced one after the other.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, ensure};
use devstack::Stack;
use devstack::client::Event;
use futures_util::future::try_join_all;
use tokio::time::timeout;

use crate::page::Page;
use crate::shop::{SOON, Shop};
use crate::wire::{HANDSHAKE, Wire};

const CROWD: usize = 20;

#[tokio::test]
async fn a_notifier_that_stops_says_when_to_come_back_and_lets_nobody_in() -> Result<()> {
    // Given: a crowd, one that will never say goodbye, and one in the middle of its handshake.
    let shop = Shop::open().await?;
    let notifier = shop.stack.notifier(0);
    let mut late = Wire::to(notifier.addr()).await?;
    let (begin, end) = HANDSHAKE.split_at(HANDSHAKE.len() / 2);
    late.send(begin.as_bytes()).await?;
    let mute = shop.live().await?;
    let crowd = try_join_all((0..CROWD).map(|_| shop.live())).await?;

    // When: it is told to stop.
    notifier.ask_to_stop()?;

    // Then: everybody hears another time to come back, and the code of a restart.
    let mut hints = BTreeSet::new();
    for mut live in crowd {
        let Event::Bye { retry_ms } = live.next().await? else {
            anyhow::bail!("no goodbye")
        };
        hints.insert(retry_ms);
        assert_eq!(live.next().await?, Event::Closed(Some(1012)));
    }
    assert!(hints.len() > CROWD / 2, "{hints:?}");
    // And: whoever comes now is sent elsewhere.
    late.send(end.as_bytes()).await?;
    let answer = late.rest().await?;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
    assert!(answer.contains("/problems/busy"), "{answer}");
    assert!(answer.contains("retry-after: "), "{answer}");
    // And: the one who says nothing is not waited for to the end.
    ensure!(notifier.wait_for_end(SOON).await?.success(), "it failed");
    assert!(!notifier.log_contains("cut off"), "the drain ran out");
    drop(mute);
    shop.stack.stop().await
}

#[tokio::test]
async fn replacing_two_notifiers_one_by_one_loses_no_result() -> Result<()> {
    // Given: shoppers that buy again and again, and know both notifiers.
    let shop = Shop::with(Stack::builder(), 2).await?;
    let addresses = [0, 1].map(|index| shop.stack.notifier(index).live_url());
    let is_over = AtomicBool::new(false);
    let mut pages: Vec<Page> = (0..CROWD).map(|_| Page::of(&addresses, &[])).collect();
    try_join_all(pages.iter_mut().map(async |page| {
        page.watch(shop.buy().await?).await?;
        page.learn_all().await
    }))
    .await?;
    let crowd = try_join_all(pages.into_iter().map(async |mut page| {
        let mut bought = 1;
        while !is_over.load(Ordering::Relaxed) {
            page.watch(shop.buy().await?).await?;
            bought += 1;
            ensure!(
                timeout(SOON, page.learn_all()).await?? == bought,
                "a result is missing"
            );
        }
        Ok((page, bought))
    }));

    // When: both are replaced.
    let replacing = async {
        let replaced = async {
            shop.stack.notifier(0).restart().await?;
            shop.stack.notifier(1).restart().await
        };
        let replaced = replaced.await;
        is_over.store(true, Ordering::Relaxed);
        replaced
    };
    let (crowd, replaced) = tokio::join!(crowd, replacing);

    // Then: everybody was sent away at least once, and knows every result, once.
    replaced?;
    for (page, bought) in crowd? {
        assert!(
            page.cuts > 0 && bought > 0,
            "{} cuts, {bought} bought",
            page.cuts
        );
        assert_eq!(page.repeats, 0);
    }
    shop.stack.stop().await
}
