//! The audit on a real sale: clean as it is, red for every row that is changed by hand.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use devstack::audit::{Attempt, Auditor, Findings, History, PATIENCE, audit};
use devstack::{Http, OpenSale, Role, Shopper, Stack};
use futures_util::future::try_join_all;
use serde_json::json;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

const STOCK: u32 = 4;

/// A sale with every command, whose shoppers have gone home.
struct Fair {
    stack: Stack,
    auditor: Auditor,
    sale: Uuid,
    attempts: Vec<Attempt>,
}

impl Fair {
    /// Somebody who asks twice; twelve shoppers, a limit of two and three keys each, one of them twice; a pause, more stock, an order taken
    /// back and bought by another, and the end.
    async fn held() -> Result<Self> {
        let stack = Stack::builder().ingress(2).notifiers(0).start().await?;
        let operator = stack.operator().await?;
        let terms = OpenSale {
            unit_limit: 2,
            ..OpenSale::of(STOCK - 1)
        };
        let sale = stack.open_sale(&terms).await?;
        let mut fair = Self {
            auditor: Auditor::of(&stack).await?,
            stack,
            sale: sale.parse()?,
            attempts: Vec::new(),
        };
        fair.repeat().await?;
        fair.buy(6, &["a", "b", "a", "c"]).await?;
        fair.command("pause", json!({})).await?;
        fair.command("resume", json!({})).await?;
        let answer = operator.get(&format!("/v1/sales/{sale}")).await?;
        let version = &answer.body["version"];
        let more = json!({ "stock": STOCK, "version": version });
        fair.command("restock", more).await?;
        fair.buy(3, &["a"]).await?;
        fair.cancel_one().await?;
        fair.buy(3, &["a", "a"]).await?;
        fair.command("close", json!({})).await?;
        Ok(fair)
    }

    async fn buy(&mut self, shoppers: usize, keys: &[&str]) -> Result<()> {
        let (http, sale) = (Http::new(), self.sale.to_string());
        let doors = [0, 1].map(|door| self.stack.ingress(door).url());
        let visits = (0..shoppers).map(async |_| {
            let shopper = Shopper::guest_over(&http, &doors[0]).await?;
            // The same key at another door: neither knows it from the other.
            let buying = keys.iter().enumerate().map(|(nth, key)| {
                let door = &doors[nth / 2 % 2..][..1];
                shopper.see_through(door, &sale, key)
            });
            try_join_all(buying).await
        });
        self.attempts.extend(try_join_all(visits).await?.concat());
        Ok(())
    }

    /// A shopper who has won asks again with the same key at the other door, which knows nothing of it: the log rules a
    /// replay.
    async fn repeat(&mut self) -> Result<()> {
        let doors = [0, 1].map(|door| self.stack.ingress(door).url());
        let (shopper, sale) = (Shopper::guest(&doors[0]).await?, self.sale.to_string());
        for door in &doors {
            let attempt = shopper.see_through(std::slice::from_ref(door), &sale, "a");
            self.attempts.push(attempt.await?);
        }
        Ok(())
    }

    async fn command(&self, what: &str, body: serde_json::Value) -> Result<()> {
        let (operator, sale) = (self.stack.operator().await?, self.sale);
        let path = format!("/v1/sales/{sale}/{what}");
        let answer = operator.post(&path, Some(&body)).await?;
        ensure!(
            answer.status == 200,
            "{what}: {} {}",
            answer.status,
            answer.body
        );
        Ok(())
    }

    /// Takes back an order that its shopper has heard of.
    async fn cancel_one(&self) -> Result<()> {
        let order = sqlx::query_scalar("SELECT id FROM orders ORDER BY id LIMIT 1");
        let order: Uuid = order.fetch_one(self.stack.pool()).await?;
        let operator = self.stack.operator().await?;
        let path = format!("/v1/orders/{order}/cancel");
        let answer = operator.post(&path, Some(&json!({}))).await?;
        ensure!(answer.status == 200, "{} {}", answer.status, answer.body);
        Ok(())
    }

    async fn history(&self) -> Result<History> {
        let history = self.auditor.history(self.sale, self.attempts.clone());
        Ok(history.await?.asked_by_nobody_else())
    }

    async fn findings(&self) -> Result<Findings> {
        Ok(audit(&self.history().await?))
    }

    async fn by_hand(&self, statement: &'static str) -> Result<()> {
        let done = sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(self.stack.pool())
            .await?;
        ensure!(done.rows_affected() > 0, "{statement} hit nothing");
        Ok(())
    }
}

/// A change by hand, the faults it makes, and the change back.
const BY_HAND: [(&str, &[&str], &str); 9] = [
    (
        "UPDATE sales SET stock = stock + 1",
        &["terms not as logged"],
        "UPDATE sales SET stock = stock - 1",
    ),
    (
        "ALTER TABLE sales DROP CONSTRAINT sales_never_oversold; UPDATE sales SET stock = 3, sold = 3",
        &["miscounted", "terms not as logged"],
        "UPDATE sales SET stock = 4, sold = 4",
    ),
    (
        "INSERT INTO orders SELECT gen_random_uuid(), sale_id, gen_random_uuid(), 0, 2, 7, now(), NULL
         FROM orders LIMIT 1",
        &["oversold", "miscounted", "out of order", "contradictions", "phantoms"],
        "DELETE FROM orders WHERE key_hash = 7",
    ),
    (
        "UPDATE orders SET cancelled_at = now() WHERE id = (SELECT max(id::text)::uuid FROM orders)",
        &["miscounted", "out of order"],
        "UPDATE orders SET cancelled_at = NULL WHERE id = (SELECT max(id::text)::uuid FROM orders)",
    ),
    (
        "UPDATE orders SET nth = 1 WHERE id = (SELECT max(id::text)::uuid FROM orders)",
        &["out of order"],
        "UPDATE orders SET nth = 0 WHERE id = (SELECT max(id::text)::uuid FROM orders)",
    ),
    (
        "UPDATE decisions SET rulings = translate(rulings, 'WS', 'SW') WHERE rulings ~ '[SW]'",
        &["out of order", "contradictions"],
        "UPDATE decisions SET rulings = translate(rulings, 'WS', 'SW') WHERE rulings ~ '[SW]'",
    ),
    (
        "UPDATE decisions SET rulings = 'C' WHERE rulings = 'a' AND seq = 1",
        &["out of order"],
        "UPDATE decisions SET rulings = 'a' WHERE seq = 1",
    ),
    (
        "CREATE TABLE kept AS SELECT * FROM decisions WHERE rulings ~ '[SLW]' ORDER BY seq LIMIT 1;
         DELETE FROM decisions WHERE seq IN (SELECT seq FROM kept)",
        &["lost tickets", "out of order"],
        "INSERT INTO decisions SELECT * FROM kept",
    ),
    (
        "UPDATE orders SET shopper_id = gen_random_uuid()
         WHERE id = (SELECT max(id::text)::uuid FROM orders)",
        &["out of order", "contradictions", "phantoms"],
        "SELECT FROM orders",
    ),
];

#[tokio::test]
async fn a_real_sale_is_clean_and_every_row_changed_by_hand_is_found() -> Result<()> {
    // Given: a sale that is over.
    let fair = Fair::held().await?;
    let sales = [(fair.sale, &*fair.attempts)];
    let quiet = fair.auditor.quiet(&sales, PATIENCE).await?;
    ensure!(quiet.is_quiet(), "{quiet}");

    // Then: everything is judged, nothing is wrong, and there was something to judge.
    let history = fair.history().await?;
    let findings = audit(&history);
    ensure!(
        findings.is_clean() && findings.is_whole(),
        "{findings:?}\n{history:?}"
    );
    let letters: String = history
        .records
        .iter()
        .map(|record| &*record.rulings)
        .collect();
    for letter in ['W', 'R', 'S', 'a'] {
        ensure!(letters.contains(letter), "no {letter} in {letters}");
    }
    assert_eq!(history.orders.len(), STOCK as usize + 1);
    assert_eq!((findings.undecided, findings.won > 4), (Some(0), true));

    // When: rows are changed by hand. Then: each is found, and found no more when it is put back.
    for (change, faults, back) in BY_HAND {
        fair.by_hand(change).await?;
        let findings = fair.findings().await?;
        for fault in faults {
            let count = findings
                .faults()
                .into_iter()
                .find(|(what, _)| what == fault);
            let (_, count) = count.context(*fault)?;
            ensure!(count > Some(0), "{change}: no {fault}\n{findings:?}");
        }
        fair.by_hand(back).await?;
        let findings = fair.findings().await?;
        ensure!(
            findings.is_clean() || back == "SELECT FROM orders",
            "{back}: {findings:?}"
        );
    }
    fair.stack.stop().await
}

#[tokio::test]
async fn a_purchase_that_nobody_decides_is_told_as_open_and_counted() -> Result<()> {
    // Given: a sale whose allocator is gone, and a purchase in its log.
    let stack = Stack::builder().notifiers(0).start().await?;
    let sale = stack.open_sale(&OpenSale::of(5)).await?;
    let door = stack.ingress(0).url();
    stack.allocator(0).kill().await?;
    let shopper = Shopper::guest(&door).await?;
    let answer = shopper.buy(&sale, Some("mine")).await?;
    ensure!(answer.status == 202, "{} {}", answer.status, answer.body);
    let ticket = answer.text("ticket").context("a ticket")?.parse()?;
    let attempts = vec![Attempt {
        shopper: shopper.id().parse()?,
        wish: None,
        outcome: devstack::audit::Outcome::Accepted {
            ticket,
            heard: vec![devstack::audit::Word::Unasked],
        },
    }];

    // When: somebody waits for quiet. Then: the limit passes, and the log that is open is named.
    let (sale, auditor) = (sale.parse()?, Auditor::of(&stack).await?);
    let short = Duration::from_millis(200);
    for (waited_for, attempts) in [("ticket", &*attempts), ("log", &[])] {
        let quiet = auditor.quiet(&[(sale, attempts)], short).await?;
        ensure!(quiet.open.len() == 1, "by the {waited_for}: {quiet}");
        assert_eq!((quiet.open[0].cursor, quiet.open[0].wanted), (1, 2));
    }
    let findings = audit(&auditor.history(sale, attempts.clone()).await?);
    assert_eq!((findings.undecided, findings.lost_tickets), (Some(1), 1));

    // When: it is back. Then: the wait ends, and nothing is lost.
    stack.allocator(0).start().await?;
    let quiet = auditor.quiet(&[(sale, &attempts)], PATIENCE).await?;
    ensure!(quiet.is_quiet(), "{quiet}");
    let findings = audit(&auditor.history(sale, attempts).await?);
    ensure!(findings.is_clean() && findings.is_whole(), "{findings:?}");
    stack.stop().await
}

#[tokio::test]
async fn an_auditor_without_a_way_to_the_log_says_so() -> Result<()> {
    let stack = Stack::builder().notifiers(0).start().await?;
    let sale = stack.open_sale(&OpenSale::of(1)).await?;
    let (sale, reader) = (sale.parse()?, stack.tenant().pool(Role::Auditor));

    // A role that may only read, and no log.
    let auditor = Auditor::reading(&reader);
    let findings = audit(&auditor.history(sale, vec![]).await?);
    assert_eq!((findings.out_of_order, findings.phantom), (None, None));
    ensure!(!findings.is_whole() && findings.is_clean(), "{findings:?}");

    // The log by its address, with the auditor's login and with a wrong one.
    let (user, password) = stack.tenant().nats_login(Role::Auditor);
    let at = |password: &str| {
        stack
            .tenant()
            .nats_url()
            .replace("//", &format!("//{user}:{password}@"))
    };
    let refused = Auditor::reading(&reader).with_log_at(&at("wrong")).await;
    let why = format!("{:#}", refused.err().context("let in")?);
    ensure!(
        why.starts_with("the log cannot be read") && !why.contains("wrong@"),
        "{why}"
    );
    let auditor = auditor.with_log_at(&at(&password)).await?;
    let findings = audit(&auditor.history(sale, vec![]).await?);
    ensure!(findings.is_clean() && findings.is_whole(), "{findings:?}");

    // And a sale that does not exist.
    let unknown = auditor.history(Uuid::nil(), vec![]).await;
    let why = unknown.err().context("found")?.to_string();
    ensure!(why.ends_with("is not in Postgres"), "{why}");
    stack.stop().await
}
