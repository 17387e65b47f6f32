//! What the notifier tells about itself.

use std::time::Duration;

use anyhow::{Context, Result};
use devstack::{Http, Live, OpenSale, Shopper, Stack, until};

const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn the_time_from_commit_to_send_is_measured_once_for_each_result() -> Result<()> {
    let stack = Stack::builder().start().await?;
    let sale = stack.open_sale(&OpenSale::of(1)).await?;
    let shopper = Shopper::guest(&stack.ingress(0).url()).await?;
    stack.allocator(0).pause().await?;
    let bought = shopper.buy(&sale, None).await?;
    let ticket = bought.text("ticket").context("no ticket")?;
    let mut live = Live::connect(&stack.notifier(0).live_url()).await?;
    live.watch(&[ticket]).await?;
    // Hello, and that it is queued.
    live.next().await?;
    live.next().await?;

    stack.allocator(0).resume()?;
    live.result_of(ticket).await?;
    // What is asked for when it is known already is told, and did not wait for a commit.
    live.watch(&[ticket]).await?;
    live.result_of(ticket).await?;

    let metrics = format!("{}/metrics", stack.notifier(0).health_url());
    until("one measured result", SOON, async || {
        let told = Http::new().get(&metrics).await?.body;
        let told = told.as_str().context("no text")?.to_owned();
        let sent = told.contains("notifier_messages_sent_total{type=\"ticket\"} 3");
        let measured = told.contains("notifier_commit_to_send_seconds_count 1\n");
        Ok((sent && measured).then_some(()))
    })
    .await?;
    stack.stop().await
}
