//! A door that closes for the night finishes with whoever is inside.

use anyhow::Result;
use devstack::audit::Attempt;
use devstack::{OpenSale, Servers, Stack, until};
use futures_util::future::{join_all, try_join_all};

use crate::shop::{SOON, Shop};

#[tokio::test]
async fn purchases_under_way_are_answered_before_it_ends() -> Result<()> {
    // Given: two doors, and purchases at the first which wait for the log.
    let servers = Servers::own().await?;
    let shop = Shop::open(Stack::builder().on(&servers), 2, &OpenSale::of(99)).await?;
    let crowd = try_join_all((0..20).map(|_| shop.shopper())).await?;
    let door = shop.stack.ingress(0);
    servers.nats()?.pause().await?;
    let buying = join_all(
        crowd
            .iter()
            .map(|shopper| shopper.buy(&shop.sale, Some("mine"))),
    );

    // When: it is told to stop, and the log goes on only once it drains.
    let stopping = async {
        until("purchases under way", SOON, async || {
            let metrics = shop.metrics().await?;
            Ok(metrics
                .contains("ingress_group_purchases_count 1")
                .then_some(()))
        })
        .await?;
        door.ask_to_stop()?;
        let ready = format!("{}/readyz", door.health_url());
        until("unready", SOON, async || {
            let answer = devstack::Http::new().get(&ready).await?;
            Ok((answer.status == 503).then_some(()))
        })
        .await?;
        // A moment later it drains: it hears nobody any more, and sends everybody away with their answer.
        until("a closed door", SOON, async || {
            let asked = tokio::net::TcpStream::connect(door.addr()).await;
            Ok(asked.is_err().then_some(()))
        })
        .await?;
        servers.nats()?.resume()?;
        anyhow::Ok(door.wait_for_end(SOON).await?)
    };
    let (answers, ended) = tokio::join!(buying, stopping);

    // Then: it ends well, and those inside have their tickets, with a word to go elsewhere.
    assert!(ended?.success());
    let second = &shop.doors[1..];
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut accepted = 0;
    for (shopper, answer) in crowd.iter().zip(answers) {
        // Who came too late has been turned away, and repeats the key next door.
        if let Ok(answer) = answer
            && answer.status == 202
        {
            assert_eq!(answer.header("connection"), Some("close"));
            accepted += 1;
            attempts.push(shopper.seen_through(second, answer).await?);
        } else {
            attempts.push(shopper.see_through(second, &shop.sale, "mine").await?);
        }
    }
    assert!(accepted > 0);
    let findings = shop.audit(attempts).await?;
    assert!(findings.is_clean(), "{findings:?}");
    assert_eq!((findings.lost_tickets, findings.won), (0, 20));
    shop.stack.stop().await
}
