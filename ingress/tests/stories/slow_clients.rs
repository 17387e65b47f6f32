//! Clients that take their time, or go away.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use devstack::{OpenSale, Servers, Stack, until};
use futures_util::future::join_all;

use crate::request::Right;
use crate::shop::{SOON, Shop};
use crate::wire::Wire;

/// Of each kind.
const SLOW: usize = 200;

#[tokio::test]
async fn slow_heads_and_slow_bodies_are_closed_while_others_buy() -> Result<()> {
    let shop = Shop::selling(1_000_000).await?;
    let right = Right::of_a_guest(&shop).await?;
    let door = shop.stack.ingress(0).addr();
    let head = format!("POST {} HTTP/1.1\r\nhost: shop\r\n", right.path);
    let body = right.on_the_wire(&"{".repeat(1000));
    let body = &body[..body.len() - 999];

    // When: 400 clients send a byte now and then, and others buy meanwhile.
    let is_over = AtomicBool::new(false);
    let slow = async {
        let heads = join_all((0..SLOW).map(|_| dripped(door, &head)));
        let bodies = join_all((0..SLOW).map(|_| dripped(door, body)));
        let ended = tokio::join!(heads, bodies);
        is_over.store(true, Ordering::Relaxed);
        ended
    };
    let buying = async {
        let mut bought = 0;
        while !is_over.load(Ordering::Relaxed) {
            let shopper = shop.shopper().await?;
            assert_eq!(shopper.buy(&shop.sale, None).await?.status, 202);
            bought += 1;
        }
        anyhow::Ok(bought)
    };
    let ((heads, bodies), bought) = tokio::join!(slow, buying);

    // Then: all are closed, those who sent half a body with a word why; on a busy machine the reset
    // that answers their next byte may overtake it.
    for head in heads {
        assert_eq!(head?, "");
    }
    let mut told = 0;
    for body in bodies {
        let said = body?;
        let is_told = said.starts_with("HTTP/1.1 408 ") && said.contains("/problems/timeout");
        assert!(is_told || said.is_empty(), "{said}");
        told += usize::from(is_told);
    }
    assert!(told > 0);
    assert!(bought? > 0);
    shop.stack.stop().await
}

async fn dripped(door: SocketAddr, text: &str) -> Result<String> {
    let mut wire = Wire::to(door).await?;
    wire.send(text).await?;
    wire.drip().await
}

#[tokio::test]
async fn a_client_that_hangs_up_takes_nobody_with_it() -> Result<()> {
    // Given: a log server that does not answer for a moment, and a record on its way there.
    let servers = Servers::own().await?;
    let shop = Shop::open(Stack::builder().on(&servers), 1, &OpenSale::of(9)).await?;
    let right = Right::of_a_guest(&shop).await?;
    let (first, last) = (shop.shopper().await?, shop.shopper().await?);
    servers.nats()?.pause().await?;
    let under_way = async || {
        let metrics = shop.metrics().await?;
        Ok(metrics
            .contains("ingress_group_purchases_count 1")
            .then_some(()))
    };

    // When: two purchases gather for the next record, and the client of the first of them hangs up.
    let gathering = async {
        until("a record under way", SOON, under_way).await?;
        let mut hasty = Wire::to(shop.stack.ingress(0).addr()).await?;
        hasty.send(&right.on_the_wire("{}")).await?;
        hasty.hang_up().await?;
        let going_on = async {
            until("a record under way", SOON, under_way).await?;
            servers.nats()?.resume()
        };
        let (answer, resumed) = tokio::join!(last.buy(&shop.sale, None), going_on);
        resumed.and(answer)
    };
    let (before, after) = tokio::join!(first.buy(&shop.sale, None), gathering);

    // Then: the others are accepted.
    for answer in [before?, after?] {
        assert_eq!(answer.status, 202, "{}", answer.body);
    }
    shop.stack.stop().await
}
