//! Connections that break while somebody waits.

use anyhow::Result;
use devstack::Proxy;
use tokio::time::timeout;

use crate::page::Page;
use crate::shop::{SOON, Shop};

/// Cuts while the ticket is queued, and of the result itself.
const CUTS: (usize, usize) = (17, 3);

#[tokio::test]
async fn a_page_cut_off_twenty_times_learns_its_result_once() -> Result<()> {
    // Given: a ticket in a queue that stands still, and a page behind a bad line.
    let shop = Shop::open().await?;
    let line = Proxy::before(&shop.stack.notifier(0).live_url()).await?;
    shop.stack.allocator(0).pause().await?;
    let ticket = shop.buy().await?;
    let mut page = Page::of(&[line.url().to_owned()], std::slice::from_ref(&ticket));

    // When: the line breaks while it waits, and again whenever the result is on its way.
    for _ in 0..CUTS.0 {
        page.wait_in_queue().await?;
        line.cut_all();
        page.lose_connection().await?;
    }
    line.cut_before(br#""state":"won""#, CUTS.1);
    page.wait_in_queue().await?;
    shop.stack.allocator(0).resume()?;

    // Then: it learns it in the end, and once.
    timeout(SOON, page.learn_all()).await??;
    assert_eq!((page.cuts, line.cuts_left()), (CUTS.0 + CUTS.1, 0));
    assert_eq!(page.result(&ticket), Some("won"));
    page.hears_nothing_more().await?;
    assert_eq!(page.repeats, 0);
    shop.stack.stop().await
}
