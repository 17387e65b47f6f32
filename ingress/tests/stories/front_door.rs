//! Buying, as a shopper sees it.

use anyhow::{Context, Result};
use devstack::audit::Verdict;
use devstack::{OpenSale, Stack};
use futures_util::future::try_join_all;
use time::Duration;

use crate::shop::{Shop, ticket};

#[tokio::test]
async fn a_purchase_is_accepted_decided_and_found_again() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let shopper = shop.shopper().await?;

    let bought = shopper.buy(&shop.sale, Some("mine")).await?;
    assert_eq!(bought.status, 202);
    let place = ticket(&bought)?;
    assert_eq!(
        bought.header("location"),
        Some(&*format!("/v1/tickets/{place}"))
    );
    assert_eq!(bought.header("cache-control"), Some("no-store"));
    assert!(bought.header("retry-after").is_some());
    assert_eq!(bought.text("key"), Some("mine"));
    assert_eq!(bought.text("sale_id"), Some(&*shop.sale));

    let told = shopper.ticket(place, 5).await?;
    assert_eq!((told.status, told.text("state")), (200, Some("won")));
    assert_eq!(
        told.text("order_id"),
        Some(place),
        "the order's id is the ticket"
    );
    assert_eq!(told.body["replay"], false);
    let orders = shopper.orders(&shop.sale).await?;
    assert_eq!(orders.body["orders"][0]["id"], place);
    shop.stack.stop().await
}

#[tokio::test]
async fn without_a_key_the_door_makes_one() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let shopper = shop.shopper().await?;
    let first = shopper.buy(&shop.sale, None).await?;
    let key = first.text("key").context("no key")?.to_owned();
    let verdict = shopper.learn(&shop.doors, ticket(&first)?).await?;
    assert_eq!(verdict, Verdict::Won(ticket(&first)?.parse()?));

    // The only unit is sold; the key has its ticket all the same.
    let repeated = shopper.buy(&shop.sale, Some(&key)).await?;
    assert_eq!(ticket(&repeated)?, ticket(&first)?);
    shop.stack.stop().await
}

#[tokio::test]
async fn a_key_repeated_at_another_door_refers_to_the_first_order() -> Result<()> {
    // Given: a sale at two doors, with stock and limit for many.
    let terms = OpenSale {
        unit_limit: 5,
        ..OpenSale::of(5)
    };
    let shop = Shop::open(Stack::builder(), 2, &terms).await?;
    let shopper = shop.shopper().await?;

    // When: the same key is used at both, quoted at the second.
    let first = shopper.buy(&shop.sale, Some("mine")).await?;
    let second = shopper
        .at(&shop.doors[1])
        .buy(&shop.sale, Some("\"mine\""))
        .await?;

    // Then: there are two tickets and one order, and both tickets lead to it.
    let (first, second) = (ticket(&first)?, ticket(&second)?);
    let won = shopper.ticket(first, 5).await?;
    let replayed = shopper.ticket(second, 5).await?;
    assert_ne!(first, second);
    assert_eq!(
        (won.text("order_id"), &won.body["replay"]),
        (Some(first), &false.into())
    );
    assert_eq!(
        (replayed.text("order_id"), &replayed.body["replay"]),
        (Some(first), &true.into())
    );
    assert_eq!(replayed.text("state"), Some("won"));
    let orders = shopper.orders(&shop.sale).await?;
    assert_eq!(orders.body["orders"].as_array().map(Vec::len), Some(1));
    shop.stack.stop().await
}

#[tokio::test]
async fn the_last_unit_goes_to_one_of_many_at_two_doors() -> Result<()> {
    let shop = Shop::open(Stack::builder(), 2, &OpenSale::of(1)).await?;
    let crowd = try_join_all((0..20).map(|_| shop.shopper())).await?;
    let buying = crowd.iter().enumerate().map(|(number, shopper)| {
        let door = number % 2..number % 2 + 1;
        shopper.see_through(&shop.doors[door], &shop.sale, "mine")
    });
    let findings = shop.audit(try_join_all(buying).await?).await?;
    assert!(findings.is_clean(), "{findings:?}");
    assert_eq!(findings.won, 1);

    // And: from then on it is refused at the door, without a record.
    let records = shop.records().await?;
    let late = shop.shopper().await?.buy(&shop.sale, None).await?;
    assert_eq!((late.status, late.problem()), (409, Some("sold-out")));
    assert_eq!(shop.records().await?, records);
    shop.stack.stop().await
}

#[tokio::test]
async fn nobody_buys_more_than_the_limit() -> Result<()> {
    let terms = OpenSale {
        unit_limit: 2,
        ..OpenSale::of(9)
    };
    let shop = Shop::open(Stack::builder(), 2, &terms).await?;
    let shopper = shop.shopper().await?;
    let buying = ["a", "b", "c", "d"].map(|key| shopper.see_through(&shop.doors, &shop.sale, key));
    let findings = shop.audit(try_join_all(buying).await?).await?;
    assert!(findings.is_clean(), "{findings:?}");
    assert_eq!((findings.won, findings.lost["limit-reached"]), (2, 2));
    shop.stack.stop().await
}

#[tokio::test]
async fn a_closed_sale_is_closed_for_good() -> Result<()> {
    let shop = Shop::selling(2).await?;
    let shopper = shop.shopper().await?;
    let before = shopper
        .see_through(&shop.doors, &shop.sale, "before")
        .await?;
    let operator = shop.stack.operator().await?;

    let closed = operator.close(&shop.sale).await?;
    assert_eq!((closed.status, closed.text("state")), (200, Some("closed")));

    let late = shopper.buy(&shop.sale, Some("late")).await?;
    assert_eq!((late.status, late.problem()), (409, Some("closed")));
    let again = operator.close(&shop.sale).await?;
    assert_eq!((again.status, again.problem()), (409, Some("closed")));
    let findings = shop.audit(vec![before]).await?;
    assert!(findings.is_clean() && findings.won == 1, "{findings:?}");
    shop.stack.stop().await
}

#[tokio::test]
async fn a_body_that_need_not_be_there_may_be_null() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let path = format!("/v1/sales/{}/close", shop.sale);
    let nothing = Some(&serde_json::Value::Null);
    let closed = shop.stack.operator().await?.post(&path, nothing).await?;
    assert_eq!(closed.status, 200, "{}", closed.body);
    shop.stack.stop().await
}

#[tokio::test]
async fn a_sale_that_has_not_begun_sells_nothing() -> Result<()> {
    let terms = OpenSale {
        starts_in: Duration::minutes(5),
        ..OpenSale::of(1)
    };
    let shop = Shop::open(Stack::builder(), 1, &terms).await?;
    let early = shop.shopper().await?.buy(&shop.sale, None).await?;
    assert_eq!((early.status, early.problem()), (409, Some("not-started")));
    assert_eq!(shop.records().await?, 1, "nothing but its opening");
    shop.stack.stop().await
}

#[tokio::test]
async fn the_cookie_signs_in_as_well_as_the_header() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let http = devstack::Http::new();
    let url = |path: &str| format!("{}{path}", shop.doors[0]);
    let session = http
        .send_bytes("POST".parse()?, &url("/v1/sessions/guest"), &[], Vec::new())
        .await?;
    let cookie = session.header("set-cookie").context("no cookie")?;
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let pair = cookie.split(';').next().unwrap_or_default();

    let headers = [("cookie", pair), ("content-type", "application/json")];
    let path = format!("/v1/sales/{}/purchases", shop.sale);
    let bought = http
        .send_bytes("POST".parse()?, &url(&path), &headers, b"{}".to_vec())
        .await?;
    assert_eq!(bought.status, 202, "{}", bought.body);
    shop.stack.stop().await
}

#[tokio::test]
async fn a_sale_is_told_again_only_when_it_has_changed() -> Result<()> {
    let shop = Shop::selling(2).await?;
    let url = format!("{}/v1/sales/{}", shop.doors[0], shop.sale);
    let http = devstack::Http::new();
    let told = http.get(&url).await?;
    let tag = told.header("etag").context("an ETag")?.to_owned();
    assert_eq!(told.header("cache-control"), Some("public, max-age=1"));
    let again = async |known: &str| {
        let headers = [("if-none-match", known)];
        http.send("GET".parse()?, &url, &headers, None).await
    };
    let opaque = tag.trim_start_matches("W/");
    for known in [&tag, opaque, "*", &format!("\"other\", {tag}")] {
        let answer = again(known).await?;
        assert_eq!(answer.status, 304, "{known}");
        assert_eq!(answer.header("etag"), Some(&*tag));
    }
    assert_eq!(again("\"other\"").await?.status, 200);

    let shopper = shop.shopper().await?;
    let bought = shopper.buy(&shop.sale, None).await?;
    shopper.ticket(ticket(&bought)?, 20).await?;
    assert_eq!(again(&tag).await?.status, 200, "a unit less");
    shop.stack.stop().await
}
