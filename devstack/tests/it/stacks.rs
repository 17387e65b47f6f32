//! The product's processes, started, broken and stopped.

use std::time::Duration;

use anyhow::{Result, ensure};
use devstack::client::Event;
use devstack::{Http, Live, OpenSale, Shopper, Stack};

#[tokio::test]
async fn an_allocator_comes_back_on_its_port_after_a_kill() -> Result<()> {
    let stack = Stack::builder().ingress(0).notifiers(0).start().await?;
    let (allocator, http) = (stack.allocator(0), Http::new());
    let ready = format!("{}/readyz", allocator.health_url());
    let answer = http.get(&ready).await?;
    ensure!(answer.status == 200, "it is not ready: {}", answer.body);
    allocator.kill().await?;
    ensure!(http.get(&ready).await.is_err(), "it still answers");
    allocator.start().await?;
    ensure!(
        http.get(&ready).await?.status == 200,
        "it is not ready again"
    );
    stack.stop().await
}

#[tokio::test]
async fn a_process_that_cannot_start_says_why() -> Result<()> {
    let builder = Stack::builder().ingress(0).notifiers(0);
    let builder = builder.env(devstack::Role::Allocator, "DATABASE_URL", "not a URL");
    let failure = builder
        .start()
        .await
        .err()
        .map(|error| format!("{error:#}"))
        .unwrap_or_default();
    ensure!(
        failure.contains("allocator 0 ended at its start"),
        "it says: {failure}"
    );
    Ok(())
}

#[tokio::test]
async fn waiting_for_a_line_that_never_comes_fails_with_the_log() -> Result<()> {
    let stack = Stack::builder().ingress(0).notifiers(0).start().await?;
    let limit = Duration::from_millis(50);
    let failure = stack.allocator(0).wait_for_log("no such line", limit).await;
    let failure = failure
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default();
    ensure!(failure.contains("its last lines:\n"), "it says: {failure}");
    Ok(())
}

#[tokio::test]
async fn a_sale_of_one_goes_to_one_of_two_shoppers() -> Result<()> {
    let stack = Stack::builder().partitions(2).ingress(2).start().await?;
    let sale = stack.open_sale(&OpenSale::of(1)).await?;
    let first = Shopper::guest(&stack.ingress(0).url()).await?;
    let second = Shopper::guest(&stack.ingress(1).url()).await?;
    let mut states = Vec::new();
    for shopper in [first, second] {
        let answer = shopper.buy(&sale, None).await?;
        let ticket = match answer.text("ticket") {
            Some(ticket) => ticket.to_owned(),
            // The gate has heard already that the only unit is gone.
            None => {
                states.push(answer.problem().unwrap_or_default().to_owned());
                continue;
            }
        };
        let mut live = Live::connect(&stack.notifier(0).live_url()).await?;
        live.watch(&[&ticket]).await?;
        let Event::Ticket { state, .. } = live.result_of(&ticket).await? else {
            anyhow::bail!("no ticket")
        };
        let asked = shopper.ticket(&ticket, 5).await?;
        ensure!(
            asked.text("state") == Some(&state),
            "HTTP says {}, the socket {state}",
            asked.body
        );
        states.push(state);
    }
    ensure!(
        states[0] == "won" && (states[1] == "lost" || states[1] == "sold-out"),
        "got {states:?}"
    );
    stack.stop().await
}
