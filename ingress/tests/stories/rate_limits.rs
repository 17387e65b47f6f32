//! Who asks too often, by address, by shopper, and all together.

use anyhow::{Context, Result};
use devstack::{Answer, Http, OpenSale, Role, Stack, StackBuilder, until};

use crate::request::is_problem;
use crate::shop::{SOON, Shop};

fn given(limits: &[(&str, &str)]) -> StackBuilder {
    let on = Stack::builder().env(Role::Ingress, "RATE_LIMITS", "on");
    limits.iter().fold(on, |stack, (name, value)| {
        stack.env(Role::Ingress, name, value)
    })
}

/// One ingress and nobody else: whatever is asked here needs no sale.
async fn given_a_door(limits: &[(&str, &str)]) -> Result<Stack> {
    given(limits).notifiers(0).allocators(0).start().await
}

/// Asks through a balancer that saw this.
async fn ask(stack: &Stack, forwarded_for: &str) -> Result<Answer> {
    let url = format!("{}/v1/sales", stack.ingress(0).url());
    let headers = [("x-forwarded-for", forwarded_for)];
    Http::new().send("GET".parse()?, &url, &headers, None).await
}

fn limited(answer: Answer) -> Option<Answer> {
    (answer.status == 429).then_some(answer)
}

#[tokio::test]
async fn an_address_is_limited_whatever_it_claims_to_be() -> Result<()> {
    let stack = given_a_door(&[("RATE_PER_ADDRESS_PER_S", "1"), ("TRUSTED_HOPS", "1")]).await?;
    let mut claims = 0..=255;
    let refused = until("a refusal", SOON, async || {
        let claim = claims.next().context("never refused")?;
        let forwarded = format!("10.0.0.{claim}, 203.0.113.7");
        Ok(limited(ask(&stack, &forwarded).await?))
    })
    .await?;

    is_problem("an address", &refused, (429, "rate-limited"));
    assert_eq!(refused.header("ratelimit"), Some("\"address\";r=0;t=1"));
    assert_eq!(
        refused.header("ratelimit-policy"),
        Some("\"address\";q=2;w=2")
    );
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(ask(&stack, "203.0.113.8").await?.status, 200, "a neighbour");
    stack.stop().await
}

#[tokio::test]
async fn a_network_of_ipv6_is_one_address() -> Result<()> {
    let stack = given_a_door(&[("RATE_PER_ADDRESS_PER_S", "1"), ("TRUSTED_HOPS", "1")]).await?;
    let mut hosts = 1..=999;
    until("a refusal", SOON, async || {
        let host = hosts.next().context("never refused")?;
        Ok(limited(ask(&stack, &format!("2001:db8::{host}")).await?))
    })
    .await?;
    assert_eq!(ask(&stack, "2001:db8:0:1::1").await?.status, 200);
    stack.stop().await
}

#[tokio::test]
async fn without_a_balancer_nobody_chooses_their_address() -> Result<()> {
    let stack = given_a_door(&[("RATE_PER_ADDRESS_PER_S", "1")]).await?;
    let mut claims = 0..=255;
    until("a refusal", SOON, async || {
        let claim = claims.next().context("never refused")?;
        Ok(limited(ask(&stack, &format!("10.0.0.{claim}")).await?))
    })
    .await?;
    stack.stop().await
}

#[tokio::test]
async fn a_shopper_is_told_how_much_is_left() -> Result<()> {
    let limits = given(&[("RATE_PER_SHOPPER_PER_S", "1")]);
    let shop = Shop::open(limits, 1, &OpenSale::of(9)).await?;
    let shopper = shop.shopper().await?;

    let first = shopper.buy(&shop.sale, None).await?;
    assert_eq!(first.status, 202);
    assert_eq!(first.header("ratelimit"), Some("\"shopper\";r=1;t=1"));
    assert_eq!(
        first.header("ratelimit-policy"),
        Some("\"shopper\";q=2;w=2")
    );

    let refused = until("a refusal", SOON, async || {
        Ok(limited(shopper.buy(&shop.sale, None).await?))
    })
    .await?;
    is_problem("a hasty shopper", &refused, (429, "rate-limited"));
    assert_eq!(refused.header("ratelimit"), Some("\"shopper\";r=0;t=1"));
    shop.stack.stop().await
}

#[tokio::test]
async fn all_purchases_together_are_limited() -> Result<()> {
    let limits = given(&[("RATE_PURCHASES_PER_S", "1")]);
    let shop = Shop::open(limits, 1, &OpenSale::of(99)).await?;
    let refused = until("a refusal", SOON, async || {
        let somebody = shop.shopper().await?;
        Ok(limited(somebody.buy(&shop.sale, None).await?))
    })
    .await?;
    is_problem("a crowd", &refused, (429, "rate-limited"));
    assert_eq!(refused.header("ratelimit"), Some("\"purchases\";r=0;t=1"));
    shop.stack.stop().await
}

#[tokio::test]
async fn switched_off_nobody_is_limited_or_told() -> Result<()> {
    let limits = Stack::builder()
        .env(Role::Ingress, "RATE_PER_SHOPPER_PER_S", "1")
        .env(Role::Ingress, "RATE_LIMITS", "off");
    let terms = OpenSale {
        unit_limit: 100,
        ..OpenSale::of(100)
    };
    let shop = Shop::open(limits, 1, &terms).await?;
    let shopper = shop.shopper().await?;
    for _ in 0..20 {
        let answer = shopper.buy(&shop.sale, None).await?;
        assert_eq!((answer.status, answer.header("ratelimit")), (202, None));
    }
    shop.stack.stop().await
}
