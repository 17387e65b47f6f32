//! What people see who look after the system.

use anyhow::{Context, Result};
use async_nats::jetstream;
use devstack::{OpenSale, Role, Servers, Stack, until};
use serde_json::Value;

use crate::request::is_problem;
use crate::shop::{SOON, Shop, ticket};

#[tokio::test]
async fn partitions_are_told_as_they_stand() -> Result<()> {
    let shop = Shop::open(Stack::builder().partitions(2), 1, &OpenSale::of(1)).await?;
    let operator = shop.stack.operator().await?;
    // An allocator takes one partition after the other.
    let told = until("an owner of each", SOON, async || {
        let told = operator.get("/v1/operations/partitions").await?;
        let partitions = told.body["partitions"].as_array().context("none")?;
        let are_held = partitions.iter().all(|one| one["lease"] == "held");
        Ok(are_held.then_some(told))
    })
    .await?;
    assert_eq!(told.header("cache-control"), Some("no-store"));
    let partitions = told.body["partitions"].as_array().context("none")?;
    assert_eq!(partitions.len(), 2);
    for (number, partition) in partitions.iter().enumerate() {
        assert_eq!(partition["partition"], number);
        assert_eq!(partition["stream"], format!("SALE_LOG_{number:02}"));
        assert!(partition["owner"].is_string() && partition["epoch"].as_u64() > Some(0));
        assert_eq!(partition["backlog"], 0, "{partition}");
        assert!(partition["heard_ms_ago"].is_u64(), "{partition}");
        assert_eq!(partition["generation"], 1);
    }
    let records = partitions.iter().map(|one| one["log"]["records"].as_u64());
    assert_eq!(records.sum::<Option<u64>>(), Some(1), "the opening");
    let cursors = partitions.iter().map(|one| one["cursor"].as_u64());
    assert_eq!(cursors.sum::<Option<u64>>(), Some(1));

    // When: nobody decides any more, and one has halted.
    shop.stack.allocator(0).kill().await?;
    sqlx::query("UPDATE partitions SET halted = 'a doubt' WHERE partition = 1")
        .execute(shop.stack.pool())
        .await?;
    let partitions = until("leases that ran out", SOON, async || {
        let told = operator.get("/v1/operations/partitions").await?;
        let is_over = told.body["partitions"][0]["lease"] == "expired";
        Ok(is_over.then_some(told.body))
    })
    .await?;
    assert_eq!(partitions["partitions"][1]["halted"], "a doubt");
    assert_eq!(partitions["partitions"][0]["halted"], Value::Null);
    shop.stack.stop().await
}

#[tokio::test]
async fn a_tickets_story_is_told_whole_and_less_once_the_log_was_trimmed() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let (ann, bob) = (shop.shopper().await?, shop.shopper().await?);
    shop.stack.allocator(0).pause().await?;
    let bought = ann.buy(&shop.sale, Some("a")).await?;
    let late = bob.buy(&shop.sale, Some("a")).await?;
    let (won, lost) = (ticket(&bought)?, ticket(&late)?);
    let operator = shop.stack.operator().await?;
    let story = async |ticket: &str| {
        let told = operator
            .get(&format!("/v1/operations/tickets/{ticket}"))
            .await?;
        assert_eq!(told.status, 200, "{}", told.body);
        anyhow::Ok(told.body)
    };

    // Queued.
    let queued = story(won).await?;
    assert_eq!(
        (&queued["ruling"], &queued["record"]),
        (&"queued".into(), &"read".into())
    );
    assert_eq!((&queued["seq"], &queued["index"]), (&2.into(), &0.into()));
    assert_eq!(
        (&queued["partition"], &queued["generation"]),
        (&0.into(), &1.into())
    );
    assert_eq!(queued["sale_id"], shop.sale);
    assert_eq!(queued["shopper_id"], ann.id());
    assert_eq!(
        (&queued["decided_at"], &queued["order_id"]),
        (&Value::Null, &Value::Null)
    );

    // Decided.
    shop.stack.allocator(0).resume()?;
    ann.learn(&shop.doors, won).await?;
    bob.learn(&shop.doors, lost).await?;
    let winner = story(won).await?;
    assert_eq!(
        (&winner["ruling"], &winner["order_id"]),
        (&"won".into(), &won.into())
    );
    let times = ["received_at", "logged_at", "decided_at"].map(|at| winner[at].as_str());
    assert!(
        times.iter().all(Option::is_some) && times.is_sorted(),
        "{winner}"
    );
    assert_eq!(queued["received_at"], winner["received_at"]);
    let loser = story(lost).await?;
    assert_eq!(
        (&loser["ruling"], &loser["shopper_id"]),
        (&"sold-out".into(), &bob.id().into())
    );
    assert_eq!(loser["order_id"], Value::Null);

    // When: the log was trimmed. Then: the order still names its shopper; of the loser less is known.
    let admin = jetstream::new(shop.stack.tenant().nats(Role::Setup).await?);
    admin
        .get_stream("SALE_LOG_00")
        .await?
        .purge()
        .sequence(4)
        .await?;
    let (winner, loser) = (story(won).await?, story(lost).await?);
    for told in [&winner, &loser] {
        assert_eq!(told["record"], "gone", "{told}");
        assert_eq!(
            (&told["received_at"], &told["logged_at"]),
            (&Value::Null, &Value::Null)
        );
        assert!(
            told["decided_at"].is_string() && told["sale_id"] == shop.sale,
            "{told}"
        );
    }
    assert_eq!(winner["shopper_id"], ann.id());
    assert_eq!(
        (&loser["shopper_id"], &loser["ruling"]),
        (&Value::Null, &"sold-out".into())
    );
    shop.stack.stop().await
}

#[tokio::test]
async fn while_the_log_does_not_answer_the_rest_is_told() -> Result<()> {
    let servers = Servers::own().await?;
    let shop = Shop::open(Stack::builder().on(&servers), 1, &OpenSale::of(1)).await?;
    let shopper = shop.shopper().await?;
    let bought = shopper.buy(&shop.sale, None).await?;
    let ticket = ticket(&bought)?;
    shopper.learn(&shop.doors, ticket).await?;
    let operator = shop.stack.operator().await?;
    servers.nats()?.pause().await?;

    let path = format!("/v1/operations/tickets/{ticket}");
    // A signal takes a moment to stop every thread.
    let story = until("a log that does not answer", SOON, async || {
        let story = operator.get(&path).await?;
        Ok((story.text("record") != Some("read")).then_some(story))
    })
    .await?;
    assert_eq!((story.status, story.text("ruling")), (200, Some("won")));
    assert_eq!(story.text("record"), Some("unavailable"), "{}", story.body);
    let partitions = operator.get("/v1/operations/partitions").await?;
    assert_eq!(partitions.body["partitions"][0]["cursor"], 2);
    assert_eq!(partitions.body["partitions"][0]["log"], Value::Null);

    servers.nats()?.resume()?;
    until("the log", SOON, async || {
        let story = operator.get(&path).await?;
        Ok((story.text("record") == Some("read")).then_some(()))
    })
    .await?;
    shop.stack.stop().await
}

#[tokio::test]
async fn the_audit_trail_is_told_page_by_page_the_newest_first() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let operator = shop.stack.operator().await?;
    let other = operator.open_sale(&OpenSale::of(1)).await?;
    for word in ["pause", "resume"] {
        let path = format!("/v1/sales/{}/{word}", shop.sale);
        assert_eq!(operator.post(&path, None).await?.status, 200);
    }

    let mut told = Vec::new();
    let mut query = "limit=2".to_owned();
    loop {
        let page = operator
            .get(&format!("/v1/operations/audit?{query}"))
            .await?;
        let actions = page.body["actions"].as_array().context("no page")?;
        told.extend(actions.iter().cloned());
        match page.text("next_cursor") {
            Some(cursor) => query = format!("limit=2&cursor={cursor}"),
            None => break,
        }
        // What is done meanwhile is not in the way.
        let close = format!("/v1/sales/{other}/close");
        operator.post(&close, None).await?;
    }
    let done: Vec<_> = told
        .iter()
        .map(|one| (one["action"].as_str(), &one["sale_id"]))
        .collect();
    let (ours, theirs) = (shop.sale.clone().into(), other.clone().into());
    assert_eq!(
        done,
        [
            (Some("resume"), &ours),
            (Some("pause"), &ours),
            (Some("open"), &theirs),
            (Some("open"), &ours)
        ]
    );
    let open = &told[3];
    assert_eq!(
        (&open["actor"], &open["ruling"]),
        (&"operator".into(), &"applied".into())
    );
    assert_eq!(open["details"]["stock"], 1, "{open}");

    let path = format!("/v1/operations/audit?sale={other}");
    let one = operator.get(&path).await?;
    let actions = one.body["actions"].as_array().context("no page")?;
    assert!(actions.len() > 1 && actions.iter().all(|one| one["sale_id"] == theirs));
    let nobody = "/v1/operations/audit?sale=0192f0c1-2b3c-8000-8000-000000000001";
    assert_eq!(
        operator.get(nobody).await?.body["actions"],
        serde_json::json!([])
    );
    shop.stack.stop().await
}

#[tokio::test]
async fn operations_are_for_operators_who_ask_properly() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let shopper = shop.shopper().await?;
    let bought = shopper.buy(&shop.sale, None).await?;
    let real = ticket(&bought)?.to_owned();
    let http = devstack::Http::new();
    for path in ["partitions", "audit", &format!("tickets/{real}")] {
        let path = format!("/v1/operations/{path}");
        is_problem(&path, &shopper.get(&path).await?, (403, "forbidden"));
        let nobody = http.get(&format!("{}{path}", shop.doors[0])).await?;
        is_problem(&path, &nobody, (401, "unauthorized"));
    }
    let operator = shop.stack.operator().await?;
    let forged = uuid::Uuid::from_u128(real.parse::<uuid::Uuid>()?.as_u128() ^ 1);
    let forged = forged.to_string();
    for ticket in ["none", "00000000-0000-0000-0000-000000000000", &forged] {
        let answer = operator
            .get(&format!("/v1/operations/tickets/{ticket}"))
            .await?;
        is_problem(ticket, &answer, (404, "bad-ticket"));
    }
    for query in ["sale=none", "sale=", "cursor=x", "limit=0", "actor=x"] {
        let answer = operator
            .get(&format!("/v1/operations/audit?{query}"))
            .await?;
        is_problem(query, &answer, (400, "bad-request"));
    }
    shop.stack.stop().await
}
