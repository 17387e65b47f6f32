//! What operators do to a sale.

use anyhow::{Context, Result};
use devstack::{Answer, OpenSale, Operator, Stack, until};
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use time::Duration;
use time::format_description::well_known::Rfc3339;

use crate::request::is_problem;
use crate::shop::{SOON, Shop, ticket};

/// Commands of one replica that may wait for their decision.
const UNDECIDED_MAX: u64 = 256;

/// Of so many keys some lead to another of four partitions than to the first.
const KEYS: u32 = 8;

/// Terms of one more sale of the same product.
async fn new_sale(operator: &Operator, of: &str) -> Result<Value> {
    let known = operator.get(&format!("/v1/sales/{of}")).await?;
    Ok(json!({
        "product_id": known.body["product"]["id"], "stock": 7, "unit_limit": 1,
        "price": { "amount_minor": 100, "currency": "EUR" }, "reason": "Asked for",
        "starts_at": "2030-01-01T10:00:00Z", "ends_at": "2030-01-01T11:00:00Z",
    }))
}

async fn patch(operator: &Operator, sale: &str, body: Value) -> Result<Answer> {
    let path = format!("/v1/sales/{sale}");
    operator.send("PATCH".parse()?, &path, Some(&body)).await
}

async fn act(operator: &Operator, sale: &str, word: &str, body: Value) -> Result<Answer> {
    let path = format!("/v1/sales/{sale}/{word}");
    operator.post(&path, Some(&body)).await
}

fn is_sale(answer: &Answer, state: &str) {
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.text("state"), Some(state), "{}", answer.body);
}

/// What was done to a sale, the first first: action, ruling, reason.
async fn trail(operator: &Operator, sale: &str) -> Result<Vec<(String, String, String)>> {
    let path = format!("/v1/operations/audit?sale={sale}");
    let trail = operator.get(&path).await?;
    let actions = trail.body["actions"].as_array().context("no trail")?;
    let word = |action: &Value, field: &str| action[field].as_str().unwrap_or("-").to_owned();
    let told = actions.iter().rev();
    Ok(told
        .map(|action| {
            (
                word(action, "action"),
                word(action, "ruling"),
                word(action, "reason"),
            )
        })
        .collect())
}

#[tokio::test]
async fn an_operator_takes_a_sale_through_its_life() -> Result<()> {
    // Given: a sale that begins too late.
    let terms = OpenSale {
        starts_in: Duration::hours(2),
        ..OpenSale::of(3)
    };
    let shop = Shop::open(Stack::builder(), 1, &terms).await?;
    let (operator, sale) = (shop.stack.operator().await?, shop.sale.as_str());
    let (ann, bob) = (shop.shopper().await?, shop.shopper().await?);

    // The window, and the limit.
    let now = time::OffsetDateTime::now_utc().format(&Rfc3339)?;
    let begun = json!({ "starts_at": now, "reason": "Earlier" });
    is_sale(&patch(&operator, sale, begun).await?, "active");
    let raised = patch(&operator, sale, json!({ "unit_limit": 2 })).await?;
    assert_eq!(raised.body["unit_limit"], 2);
    let lowered = patch(&operator, sale, json!({ "unit_limit": 1 })).await?;
    is_problem("a lower limit", &lowered, (409, "limit-lowered"));
    let late = patch(&operator, sale, json!({ "starts_at": now })).await?;
    assert_eq!(late.status, 200, "the same start as before: {}", late.body);
    let moved = json!({ "starts_at": "2020-01-01T00:00:00Z" });
    let moved = patch(&operator, sale, moved).await?;
    is_problem("a start that has passed", &moved, (409, "window-passed"));

    // Pause and resume.
    let bought = ann.buy(sale, Some("first")).await?;
    let order = ticket(&bought)?;
    ann.learn(&shop.doors, order).await?;
    let paused = act(&operator, sale, "pause", json!({ "reason": "A doubt" })).await?;
    is_sale(&paused, "paused");
    let held = bob.buy(sale, None).await?;
    is_problem("a purchase in the pause", &held, (409, "paused"));
    let resumed = act(&operator, sale, "resume", json!({})).await?;
    is_sale(&resumed, "active");

    // The stock, against the version that was seen.
    let version = resumed.body["version"].as_u64().context("no version")?;
    let restock = async |stock: u32, version: u64| {
        let body = json!({ "stock": stock, "version": version });
        act(&operator, sale, "restock", body).await
    };
    is_problem(
        "stale",
        &restock(9, version - 1).await?,
        (409, "stale-version"),
    );
    is_problem("too few", &restock(0, version).await?, (409, "below-sold"));
    is_sale(&restock(1, version).await?, "sold-out");
    is_problem("sold out", &bob.buy(sale, None).await?, (409, "sold-out"));

    // An order taken back: its unit is for sale again, and its shopper may buy again.
    let cancel = format!("/v1/orders/{order}/cancel");
    let why = json!({ "reason": "Broken" });
    let cancelled = operator.post(&cancel, Some(&why)).await?;
    assert_eq!(cancelled.status, 200, "{}", cancelled.body);
    assert_eq!(cancelled.text("id"), Some(order));
    assert_eq!(cancelled.text("shopper_id"), Some(ann.id()));
    assert!(cancelled.text("cancelled_at").is_some());
    let again = operator.post(&cancel, Some(&why)).await?;
    is_problem("cancelled twice", &again, (409, "already-cancelled"));
    let bought = ann.buy(sale, Some("second")).await?;
    let told = ann.ticket(ticket(&bought)?, 5).await?;
    assert_eq!(told.text("state"), Some("won"), "{}", told.body);

    // The end.
    is_sale(&act(&operator, sale, "close", json!({})).await?, "closed");
    for word in ["pause", "resume", "close"] {
        let late = act(&operator, sale, word, json!({})).await?;
        is_problem(word, &late, (409, "closed"));
    }

    // And: the trail shows all of it.
    let told = trail(&operator, sale).await?;
    let told: Vec<_> = told.iter().map(|(a, b, c)| (&**a, &**b, &**c)).collect();
    assert_eq!(
        told,
        [
            ("open", "applied", "-"),
            ("change", "applied", "Earlier"),
            ("change", "applied", "-"),
            ("change", "limit-lowered", "-"),
            ("change", "applied", "-"),
            ("change", "window-passed", "-"),
            ("pause", "applied", "A doubt"),
            ("resume", "applied", "-"),
            ("restock", "stale-version", "-"),
            ("restock", "below-sold", "-"),
            ("restock", "applied", "-"),
            ("cancel", "applied", "Broken"),
            ("cancel", "already-cancelled", "Broken"),
            ("close", "applied", "-"),
            ("pause", "closed", "-"),
            ("resume", "closed", "-"),
            ("close", "closed", "-"),
        ]
    );
    shop.stack.stop().await
}

#[tokio::test]
async fn a_pause_holds_purchases_back_before_it_is_decided() -> Result<()> {
    // Given: a purchase in the log, and nobody who decides.
    let shop = Shop::open(Stack::builder(), 2, &OpenSale::of(9)).await?;
    let (operator, sale) = (shop.stack.operator().await?, shop.sale.as_str());
    let shoppers = try_join_all((0..3).map(|_| shop.shopper())).await?;
    shop.stack.allocator(0).pause().await?;
    let before = shoppers[0].buy(sale, None).await?;

    // When: the sale is paused at one door.
    let paused = operator
        .post(&format!("/v1/sales/{sale}/pause"), None)
        .await?;

    // Then: that door sells nothing at once; the other one has not heard of it.
    assert_eq!((paused.status, &paused.body), (202, &Value::Null));
    let held = shoppers[1].buy(sale, None).await?;
    is_problem("at this door", &held, (409, "paused"));
    let after = shoppers[2].at(&shop.doors[1]).buy(sale, None).await?;
    assert_eq!(after.status, 202, "{}", after.body);

    // And: what was logged before is decided, what came after has lost.
    shop.stack.allocator(0).resume()?;
    let won = shoppers[0].learn(&shop.doors, ticket(&before)?).await?;
    assert_eq!(
        won,
        devstack::audit::Verdict::Won(ticket(&before)?.parse()?)
    );
    let lost = shoppers[2].ticket(ticket(&after)?, 20).await?;
    assert_eq!(lost.text("reason"), Some("paused"), "{}", lost.body);

    // And: once it was decided nothing is held back any more but by the sale itself.
    is_sale(&act(&operator, sale, "resume", json!({})).await?, "active");
    until("an open door", SOON, async || {
        let answer = shoppers[1].buy(sale, None).await?;
        Ok((answer.status == 202).then_some(()))
    })
    .await?;
    shop.stack.stop().await
}

#[tokio::test]
async fn a_key_changes_a_sale_once_at_whichever_door() -> Result<()> {
    let shop = Shop::open(Stack::builder(), 2, &OpenSale::of(3)).await?;
    let sale = shop.sale.as_str();
    let operator = shop.stack.operator().await?;
    let other_door = operator.at(&shop.doors[1]);
    let restock = format!("/v1/sales/{sale}/restock");
    let body = json!({ "stock": 5, "version": 1, "reason": "Found two" });

    // When: the same command with the same key arrives at both doors at once.
    let (first, second) = tokio::try_join!(
        operator.post_once(&restock, "k", &body),
        other_door.post_once(&restock, "k", &body),
    )?;

    // Then: it is applied once, and both are told the same.
    for answer in [&first, &second] {
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(
            (&answer.body["stock"], &answer.body["version"]),
            (&5.into(), &2.into())
        );
    }
    let unkeyed = operator.post(&restock, Some(&body)).await?;
    is_problem("without a key", &unkeyed, (409, "stale-version"));

    // And: the key stands for this command and no other.
    let mut changed = body.clone();
    changed["stock"] = 6.into();
    let mut excused = body.clone();
    excused["reason"] = "Found one".into();
    for (what, path, body) in [
        ("another stock", restock.clone(), &changed),
        ("another reason", restock, &excused),
        (
            "another command",
            format!("/v1/sales/{sale}/pause"),
            &json!({}),
        ),
    ] {
        let answer = other_door.post_once(&path, "k", body).await?;
        is_problem(what, &answer, (422, "key-reused"));
    }
    let rulings = trail(&operator, sale).await?.into_iter();
    let rulings: Vec<String> = rulings.map(|(_, ruling, _)| ruling).collect();
    assert_eq!(
        rulings,
        [
            "applied",
            "applied",
            "repeated",
            "stale-version",
            "repeated",
            "repeated",
            "repeated"
        ]
    );
    shop.stack.stop().await
}

#[tokio::test]
async fn a_key_cancels_once() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let shopper = shop.shopper().await?;
    let bought = shopper.buy(&shop.sale, None).await?;
    let order = ticket(&bought)?;
    shopper.learn(&shop.doors, order).await?;
    let operator = shop.stack.operator().await?;
    let cancel = format!("/v1/orders/{order}/cancel");
    let first = operator.post_once(&cancel, "k", &json!({})).await?;
    let again = operator.post_once(&cancel, "k", &json!({})).await?;
    assert_eq!((first.status, again.status), (200, 200), "{}", again.body);
    assert_eq!(first.body, again.body);
    let sale = operator.get(&format!("/v1/sales/{}", shop.sale)).await?;
    assert_eq!(sale.body["remaining"], 1);
    shop.stack.stop().await
}

#[tokio::test]
async fn a_key_opens_one_sale_at_two_doors_at_once() -> Result<()> {
    // Given: two doors and several logs to choose from.
    let shop = Shop::open(Stack::builder().partitions(3), 2, &OpenSale::of(1)).await?;
    let operator = shop.stack.operator().await?;
    let doors = shop.doors.iter().map(|door| operator.at(door));
    let doors: Vec<Operator> = doors.collect();
    let terms = new_sale(&operator, &shop.sale).await?;

    // When: the same sale is opened eight times at once.
    let opening = (0..8).map(|nth| doors[nth % 2].post_once("/v1/sales", "k", &terms));
    let answers = try_join_all(opening).await?;

    // Then: there is one more sale than before, and everybody is told of it.
    let ids = answers.iter().map(|answer| {
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.text("id").unwrap_or_default()
    });
    let ids: std::collections::HashSet<&str> = ids.collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let upcoming = operator.get("/v1/sales?state=upcoming").await?;
    assert_eq!(upcoming.body["sales"].as_array().map(Vec::len), Some(1));

    // And: other terms are another sale, which needs another key.
    let mut other = terms.clone();
    other["stock"] = 8.into();
    let reused = doors[1].post_once("/v1/sales", "k", &other).await?;
    is_problem("other terms", &reused, (422, "key-reused"));
    let opened = doors[1].post_once("/v1/sales", "l", &other).await?;
    assert_eq!(opened.status, 201, "{}", opened.body);
    shop.stack.stop().await
}

#[tokio::test]
async fn a_sale_that_is_not_decided_yet_is_found_by_its_key() -> Result<()> {
    let shop = Shop::open(Stack::builder(), 2, &OpenSale::of(1)).await?;
    let operator = shop.stack.operator().await?;
    let terms = new_sale(&operator, &shop.sale).await?;
    shop.stack.allocator(0).pause().await?;
    let logged = operator.post_once("/v1/sales", "k", &terms).await?;
    assert_eq!((logged.status, &logged.body), (202, &Value::Null));
    let location = logged.header("location").context("no location")?;

    shop.stack.allocator(0).resume()?;
    let other_door = operator.at(&shop.doors[1]);
    let opened = until("the sale", SOON, async || {
        let answer = other_door.post_once("/v1/sales", "k", &terms).await?;
        Ok((answer.status == 201).then_some(answer))
    })
    .await?;
    assert_eq!(opened.header("location"), Some(location));
    let sale = opened.text("id").context("no id")?;
    let first = &trail(&operator, sale).await?[0];
    assert_eq!((&*first.1, &*first.2), ("applied", "Asked for"));
    shop.stack.stop().await
}

#[tokio::test]
async fn a_key_finds_its_sale_also_after_partitions_were_added() -> Result<()> {
    let mut shop = Shop::selling(1).await?;
    let operator = shop.stack.operator().await?;
    let terms = new_sale(&operator, &shop.sale).await?;
    let keys: Vec<String> = (0..KEYS).map(|number| number.to_string()).collect();
    let opening = async |operator: &Operator| {
        let opening = keys
            .iter()
            .map(|key| operator.post_once("/v1/sales", key, &terms));
        let answers = try_join_all(opening).await?;
        let ids = answers.iter().map(|answer| {
            let id = answer.text("id").map(str::to_owned);
            id.with_context(|| format!("{} {}", answer.status, answer.body))
        });
        ids.collect::<Result<Vec<_>>>()
    };
    let opened = opening(&operator).await?;

    let added = ["setup", "--partitions", "4"];
    shop.stack.administer(&added).await?;
    let door = shop.stack.add_ingress().await?;
    let new_door = operator.at(&shop.stack.ingress(door).url());
    assert_eq!(opening(&new_door).await?, opened);
    shop.stack.stop().await
}

#[tokio::test]
async fn commands_that_nobody_decides_are_counted_and_then_refused() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let operator = shop.stack.operator().await?;
    let resume = format!("/v1/sales/{}/resume", shop.sale);
    shop.stack.allocator(0).pause().await?;
    let undecided = (0..UNDECIDED_MAX).map(|_| operator.post(&resume, None));
    for answer in try_join_all(undecided).await? {
        assert_eq!(answer.status, 202, "{}", answer.body);
    }

    let refused = operator.post(&resume, None).await?;
    is_problem("one too many", &refused, (503, "busy"));
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(shop.records().await?, 1 + UNDECIDED_MAX);

    shop.stack.allocator(0).resume()?;
    until("room", SOON, async || {
        let answer = operator.post(&resume, None).await?;
        Ok((answer.status == 200).then_some(()))
    })
    .await?;
    shop.stack.stop().await
}

#[tokio::test]
async fn commands_that_cannot_be_are_refused_before_they_are_logged() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let operator = shop.stack.operator().await?;
    let sale = format!("/v1/sales/{}", shop.sale);
    let at = |word: &str| format!("{sale}/{word}");
    let long = "r".repeat(501);
    for (what, method, path, body) in [
        ("no change", "PATCH", sale.clone(), json!({})),
        (
            "only a reason",
            "PATCH",
            sale.clone(),
            json!({ "reason": "r" }),
        ),
        (
            "nothing at all",
            "PATCH",
            sale.clone(),
            json!({ "unit_limit": null }),
        ),
        (
            "a limit of none",
            "PATCH",
            sale.clone(),
            json!({ "unit_limit": 0 }),
        ),
        (
            "a huge limit",
            "PATCH",
            sale.clone(),
            json!({ "unit_limit": 101 }),
        ),
        (
            "a limit beyond numbers",
            "PATCH",
            sale.clone(),
            json!({ "unit_limit": 65_536 }),
        ),
        (
            "a limit as text",
            "PATCH",
            sale.clone(),
            json!({ "unit_limit": "2" }),
        ),
        (
            "a time that is none",
            "PATCH",
            sale.clone(),
            json!({ "ends_at": "soon" }),
        ),
        (
            "an empty window",
            "PATCH",
            sale.clone(),
            json!({ "ends_at": "2020-01-01T00:00:00Z" }),
        ),
        (
            "a stock in a change",
            "PATCH",
            sale.clone(),
            json!({ "stock": 5 }),
        ),
        ("no version", "POST", at("restock"), json!({ "stock": 5 })),
        ("no stock", "POST", at("restock"), json!({ "version": 1 })),
        (
            "a negative stock",
            "POST",
            at("restock"),
            json!({ "stock": -1, "version": 1 }),
        ),
        (
            "a huge stock",
            "POST",
            at("restock"),
            json!({ "stock": 10_000_001, "version": 1 }),
        ),
        (
            "a long reason",
            "POST",
            at("pause"),
            json!({ "reason": long }),
        ),
        (
            "a reason with a NUL",
            "POST",
            at("pause"),
            json!({ "reason": "\0" }),
        ),
        (
            "a reason of a wrong type",
            "POST",
            at("resume"),
            json!({ "reason": 1 }),
        ),
        (
            "an unknown field",
            "POST",
            at("close"),
            json!({ "why": "r" }),
        ),
        ("a list", "POST", at("close"), json!([])),
    ] {
        let answer = operator.send(method.parse()?, &path, Some(&body)).await?;
        is_problem(what, &answer, (422, "invalid"));
    }
    let nil = "00000000-0000-0000-0000-000000000000";
    let nobody = "/v1/sales/0192f0c1-2b3c-8000-8000-000000000001";
    let restock = json!({ "stock": 1, "version": 1 });
    let limit = json!({ "unit_limit": 2 });
    for (method, path, body, problem) in [
        ("PATCH", nobody.to_owned(), &limit, "unknown-sale"),
        (
            "POST",
            format!("{nobody}/pause"),
            &json!({}),
            "unknown-sale",
        ),
        (
            "POST",
            format!("{nobody}/resume"),
            &json!({}),
            "unknown-sale",
        ),
        (
            "POST",
            format!("{nobody}/close"),
            &json!({}),
            "unknown-sale",
        ),
        (
            "POST",
            format!("{nobody}/restock"),
            &restock,
            "unknown-sale",
        ),
        (
            "POST",
            format!("/v1/sales/{nil}/pause"),
            &json!({}),
            "unknown-sale",
        ),
        (
            "POST",
            "/v1/sales/%ff/pause".to_owned(),
            &json!({}),
            "unknown-sale",
        ),
        (
            "POST",
            format!("/v1/orders/{nil}/cancel"),
            &json!({}),
            "unknown-order",
        ),
        (
            "POST",
            "/v1/orders/none/cancel".to_owned(),
            &json!({}),
            "unknown-order",
        ),
    ] {
        let answer = operator.send(method.parse()?, &path, Some(body)).await?;
        is_problem(&path, &answer, (404, problem));
    }
    let empty = operator.post_once(&at("pause"), "", &json!({})).await?;
    is_problem("an empty key", &empty, (400, "bad-request"));
    assert_eq!(shop.records().await?, 1, "nothing but its opening");
    shop.stack.stop().await
}

#[tokio::test]
async fn shoppers_command_nothing() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let shopper = shop.shopper().await?;
    let bought = shopper.buy(&shop.sale, None).await?;
    let order = ticket(&bought)?;
    shopper.learn(&shop.doors, order).await?;
    let records = shop.records().await?;
    let sale = format!("/v1/sales/{}", shop.sale);
    let http = devstack::Http::new();
    for (method, path, body) in [
        ("PATCH", sale.clone(), json!({ "unit_limit": 2 })),
        ("POST", format!("{sale}/pause"), json!({})),
        ("POST", format!("{sale}/resume"), json!({})),
        ("POST", format!("{sale}/close"), json!({})),
        (
            "POST",
            format!("{sale}/restock"),
            json!({ "stock": 1, "version": 1 }),
        ),
        ("POST", format!("/v1/orders/{order}/cancel"), json!({})),
    ] {
        let theirs = shopper.send(method.parse()?, &path, &[], Some(&body));
        is_problem(&path, &theirs.await?, (403, "forbidden"));
        let url = format!("{}{path}", shop.doors[0]);
        let nobodys = http.send(method.parse()?, &url, &[], Some(&body)).await?;
        is_problem(&path, &nobodys, (401, "unauthorized"));
    }
    assert_eq!(shop.records().await?, records);
    shop.stack.stop().await
}
