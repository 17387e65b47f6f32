//! Servers that die and come back in the middle of a sale.

use anyhow::{Result, ensure};
use devstack::audit::{Attempt, Word};
use devstack::{OpenSale, Servers, Shopper, until};
use futures_util::future::try_join_all;

use crate::proof::unready;
use crate::shop::{SOON, Shop, cursor, stack};

/// How often a server dies in one sale.
const DEATHS: usize = 3;

impl Shop {
    /// All of them buy, each gets a ticket at the first try, and nothing is decided; their tickets.
    pub(crate) async fn queued(&self, crowd: &[Shopper]) -> Result<Vec<String>> {
        try_join_all(crowd.iter().map(|shopper| async {
            let answer = shopper.buy(&self.sale, Some("queued")).await?;
            let ticket = answer.text("ticket").unwrap_or_default().to_owned();
            ensure!(answer.status == 202, "{} {}", answer.status, answer.body);
            Ok(ticket)
        }))
        .await
    }

    /// They learn what became of their tickets.
    pub(crate) async fn learned(
        &self,
        crowd: &[Shopper],
        tickets: &[String],
    ) -> Result<Vec<Attempt>> {
        let learning = crowd.iter().zip(tickets).map(|(shopper, ticket)| async {
            let verdict = shopper.learn(&self.doors, ticket).await?;
            Ok(Attempt {
                shopper: shopper.id().parse()?,
                wish: None,
                outcome: devstack::audit::Outcome::Accepted {
                    ticket: ticket.parse()?,
                    heard: vec![Word::Poll(verdict)],
                },
            })
        });
        try_join_all(learning).await
    }
}

#[tokio::test]
async fn a_postgres_that_dies_again_and_again_loses_and_doubles_nothing() -> Result<()> {
    let servers = Servers::own().await?;
    let shop = Shop::open(stack().on(&servers), 1, &OpenSale::of(90)).await?;
    let (postgres, allocator) = (servers.postgres()?, shop.stack.allocator(0));
    let mut attempts = Vec::new();
    for death in 0..DEATHS {
        // When: it is killed while a crowd buys.
        let (crowd, patient) = (shop.shoppers(20).await?, shop.shoppers(10).await?);
        let seen = cursor(shop.pool()).await?;
        let dies = async {
            shop.decided(seen + 1).await?;
            postgres.kill().await?;
            // Then: whoever comes while it is dead gets a ticket, and waits.
            let tickets = shop.queued(&patient).await?;
            if death == 0 {
                let why = until("unready", SOON, async || unready(allocator).await).await?;
                ensure!(why.contains("postgres"), "it says {why}");
            }
            postgres.restart().await?;
            Ok(tickets)
        };
        let (bought, tickets) = tokio::try_join!(shop.buying(&crowd, &["a", "b"]), dies)?;
        attempts.extend(bought);
        attempts.extend(shop.learned(&patient, &tickets).await?);
    }
    // Then: everything was decided, once.
    let findings = shop.adds_up(attempts).await?;
    assert_eq!(findings.won, 90, "{findings:?}");
    until("ready again", SOON, async || {
        Ok(unready(allocator).await?.is_none().then_some(()))
    })
    .await?;
    shop.stack.stop().await
}

#[tokio::test]
async fn a_nats_server_that_dies_again_and_again_loses_and_doubles_nothing() -> Result<()> {
    let servers = Servers::own().await?;
    let shop = Shop::open(stack().on(&servers), 1, &OpenSale::of(80)).await?;
    let (nats, allocator) = (servers.nats()?, shop.stack.allocator(0));
    let mut attempts = Vec::new();
    for _ in 0..DEATHS {
        // When: it is killed while a crowd buys, and started again.
        let crowd = shop.shoppers(20).await?;
        let seen = cursor(shop.pool()).await?;
        let dies = async {
            shop.decided(seen + 1).await?;
            nats.kill().await?;
            nats.restart().await
        };
        let (bought, ()) = tokio::try_join!(shop.buying(&crowd, &["a", "b"]), dies)?;
        attempts.extend(bought);
    }

    // When: it answers nobody for as long as a door waits, about five seconds.
    let late = shop.shoppers(30).await?;
    nats.pause().await?;
    let answer = late[0].buy(&shop.sale, Some("a")).await?;
    ensure!(
        answer.problem() == Some("outcome-unknown"),
        "{}",
        answer.body
    );
    allocator.wait_for_log("the log is away", SOON).await?;
    nats.resume()?;

    // Then: the same key finds out, and everything was decided, once.
    attempts.extend(shop.buying(&late, &["a"]).await?);
    let findings = shop.adds_up(attempts).await?;
    assert_eq!(findings.won, 80, "{findings:?}");
    shop.stack.stop().await
}
