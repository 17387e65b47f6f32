//! `allocator replay --check`: proves that Postgres is what the log makes it, and finds what is not.

use anyhow::{Context, Result, ensure};
use async_nats::jetstream;
use devstack::{OpenSale, Role};
use sale::subject::{Channel, LogSubject};
use sale::{Action, CommandId, Control, RECORD_VERSION, Seq, Ticket};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::shop::{Shop, cursor, stack};

/// What the command said, and how it ended.
#[derive(Debug)]
struct Checked {
    told: String,
    error: String,
    status: Option<i32>,
}

impl Checked {
    /// A row of the table it prints.
    fn count(&self, row: &str) -> Result<u64> {
        let line = self
            .told
            .lines()
            .find_map(|line| line.trim().strip_prefix(row));
        Ok(line
            .with_context(|| format!("no {row:?}: {self:?}"))?
            .trim()
            .parse()?)
    }

    fn finds(&self, difference: &str) -> bool {
        self.told
            .lines()
            .any(|line| line.starts_with("different: ") && line.contains(difference))
    }
}

impl Shop {
    async fn checked(&self, arguments: &[&str]) -> Result<Checked> {
        let arguments = [&["replay", "--check"], arguments].concat();
        let output = self.stack.allocator_command(&arguments).await?;
        Ok(Checked {
            told: String::from_utf8(output.stdout)?,
            error: String::from_utf8(output.stderr)?,
            status: output.status.code(),
        })
    }

    async fn agrees(&self) -> Result<Checked> {
        let checked = self.checked(&[]).await?;
        ensure!(
            checked.status == Some(0) && checked.count("differences")? == 0,
            "{checked:?}"
        );
        Ok(checked)
    }

    /// Writes a command to the log; waits until it is decided.
    async fn command(&self, action: Action) -> Result<()> {
        let control = Control {
            v: RECORD_VERSION,
            sale: self.sale.parse()?,
            command: CommandId::new(Uuid::new_v4()),
            by: "a story".to_owned(),
            reason: None,
            action,
        };
        let subject = LogSubject::of(control.sale, Channel::Control).to_string();
        let seq = self.log(&subject, serde_json::to_vec(&control)?).await?;
        self.decided(seq).await
    }

    async fn restocked(&self, stock: u32) -> Result<()> {
        let (version,): (i32,) = sqlx::query_as("SELECT version FROM sales WHERE id = $1::uuid")
            .bind(&self.sale)
            .fetch_one(self.pool())
            .await?;
        let version = version.try_into()?;
        self.command(Action::Restock { stock, version }).await
    }

    /// Takes the first order back.
    async fn cancelled(&self) -> Result<()> {
        let id = sqlx::query_scalar("SELECT id FROM orders ORDER BY id LIMIT 1");
        let id: Uuid = id.fetch_one(self.pool()).await?;
        let place = Ticket::from_order_id(id).claimed_place();
        let (seq, index): (Seq, u16) = (place.seq, place.index);
        self.command(Action::Cancel { seq, index }).await
    }

    async fn by_hand(&self, statement: &'static str) -> Result<()> {
        let done = sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(self.pool())
            .await?;
        ensure!(done.rows_affected() > 0, "{statement} hit nothing");
        Ok(())
    }
}

#[tokio::test]
async fn a_busy_sale_with_every_command_differs_in_nothing() -> Result<()> {
    // Given: a sale with a limit of two, and a key used twice.
    let terms = OpenSale {
        unit_limit: 2,
        ..OpenSale::of(40)
    };
    let shop = Shop::open(stack(), 2, &terms).await?;
    shop.crowd(15, &["a", "b", "a", "c"]).await?;
    shop.cancelled().await?;
    shop.command(Action::Pause {}).await?;
    shop.command(Action::Pause {}).await?;
    shop.command(Action::Resume {}).await?;
    shop.restocked(50).await?;
    // And: a record nobody can read.
    let subject = LogSubject::of(shop.sale.parse()?, Channel::Purchases).to_string();
    shop.log(&subject, b"{".to_vec()).await?;

    // When: it is checked while the rest of the crowd buys.
    let crowd = shop.shoppers(15).await?;
    let (crowd, live) = tokio::join!(shop.buying(&crowd, &["a", "b", "c"]), shop.agrees());
    crowd?;
    live?;
    shop.command(Action::Close {}).await?;
    shop.crowd(2, &["late"]).await?;

    // And: a partition that never held anything.
    let administered = shop.stack.administer(&["setup", "--partitions", "2"]);
    administered.await?;

    // Then: before and after, everything is as the log makes it.
    let checked = shop.agrees().await?;
    let (decided, orders): (i64, i64) =
        sqlx::query_as("SELECT (SELECT count(*) FROM decisions), (SELECT count(*) FROM orders)")
            .fetch_one(shop.pool())
            .await?;
    assert_eq!(checked.count("partitions")?, 2);
    assert_eq!(checked.count("records")?, u64::try_from(decided)?);
    assert_eq!(checked.count("orders")?, u64::try_from(orders)?);
    assert_eq!(orders, 51, "50 units, one of them sold twice");
    assert_eq!(checked.count("sales checked")?, 1);
    assert_eq!(checked.count("sales not checked")?, 0);

    // And: one partition can be asked for, if it exists.
    let other = shop.checked(&["--partition", "1"]).await?;
    assert_eq!((other.status, other.count("records")?), (Some(0), 0));
    let nowhere = shop.checked(&["--partition", "2"]).await?;
    assert_eq!(nowhere.status, Some(1), "{nowhere:?}");
    assert!(nowhere.error.contains("no partition 02"), "{nowhere:?}");
    shop.stack.stop().await
}

/// A change by hand, the difference it makes, and the change back.
const BY_HAND: [(&str, &str, &str); 8] = [
    (
        "UPDATE orders SET nth = 1 WHERE id = (SELECT min(id::text)::uuid FROM orders)",
        ": nth 1, by the log 0",
        "UPDATE orders SET nth = 0 WHERE nth = 1",
    ),
    (
        "UPDATE orders SET ordered_at = ordered_at + interval '1 microsecond'",
        ": ordered at ",
        "UPDATE orders SET ordered_at = ordered_at - interval '1 microsecond'",
    ),
    (
        "UPDATE orders SET cancelled_at = now() WHERE id = (SELECT max(id::text)::uuid FROM orders)",
        ", by the log never",
        "UPDATE orders SET cancelled_at = NULL",
    ),
    (
        "UPDATE decisions SET rulings = translate(rulings, 'W', 'S') WHERE rulings LIKE 'W%'",
        "rulings \"S",
        "UPDATE decisions SET rulings = translate(rulings, 'S', 'W') WHERE rulings LIKE 'S%'",
    ),
    (
        "UPDATE sales SET stock = stock + 1",
        ": stock 5, by the log 4",
        "UPDATE sales SET stock = stock - 1",
    ),
    (
        "UPDATE sales SET sold = sold - 1",
        ": sold 2, by the log 3",
        "UPDATE sales SET sold = sold + 1",
    ),
    (
        "INSERT INTO orders SELECT gen_random_uuid(), sale_id, shopper_id, 1, 2, 7, now(), NULL
         FROM orders LIMIT 1",
        "was never won",
        "DELETE FROM orders WHERE key_hash = 7",
    ),
    (
        "INSERT INTO decisions (partition, seq, rulings) VALUES (0, 1000, 'W')",
        "1 decisions of partition 00 are behind its cursor",
        "DELETE FROM decisions WHERE seq = 1000",
    ),
];

#[tokio::test]
async fn every_row_changed_by_hand_is_found() -> Result<()> {
    let terms = OpenSale {
        unit_limit: 2,
        ..OpenSale::of(4)
    };
    let shop = Shop::open(stack(), 1, &terms).await?;
    shop.crowd(3, &["a"]).await?;
    for (change, difference, back) in BY_HAND {
        shop.by_hand(change).await?;
        let checked = shop.checked(&[]).await?;
        assert_eq!(checked.status, Some(3), "{change}: {checked:?}");
        assert!(checked.finds(difference), "{change}: {checked:?}");
        shop.by_hand(back).await?;
        shop.agrees().await.context(back)?;
    }

    // And: what was taken away.
    shop.by_hand("DELETE FROM orders WHERE id = (SELECT max(id::text)::uuid FROM orders)")
        .await?;
    let checked = shop.checked(&[]).await?;
    assert!(checked.finds("is missing"), "{checked:?}");
    assert_eq!(
        (checked.status, checked.count("differences")?),
        (Some(3), 1)
    );
    shop.by_hand("DELETE FROM decisions WHERE seq = 2").await?;
    let checked = shop.checked(&[]).await?;
    assert!(checked.finds("decision 00/2 is missing"), "{checked:?}");
    assert_eq!(
        (checked.status, checked.count("differences")?),
        (Some(3), 2)
    );
    Ok(())
}

#[tokio::test]
async fn a_trimmed_log_says_which_sales_it_could_not_check() -> Result<()> {
    // Given: an old sale, a newer one, and more purchases of the old one after that.
    let mut shop = Shop::selling(&OpenSale::of(10)).await?;
    shop.crowd(2, &["a"]).await?;
    let old = shop.sale.clone();
    let trimmed = cursor(shop.pool()).await? + 1;
    let operator = shop.stack.operator().await?;
    let new = operator.open_sale(&OpenSale::of(10)).await?;
    shop.crowd(3, &["a"]).await?;
    shop.sale = new.clone();
    shop.crowd(4, &["a"]).await?;

    // When: everything before the newer sale is trimmed, as the owner does it.
    let allocator = jetstream::new(shop.stack.tenant().nats(Role::Allocator).await?);
    let log = allocator.get_stream("SALE_LOG_00").await?;
    log.purge().sequence(trimmed).await?;

    // Then: the newer sale is proven, and the old one is named.
    let checked = shop.agrees().await?;
    assert!(
        checked.told.contains(&format!("not checked: sale {old}")),
        "{checked:?}"
    );
    assert!(!checked.told.contains(&new), "{checked:?}");
    assert_eq!(checked.count("orders")?, 4);
    assert_eq!(checked.count("sales checked")?, 1);
    assert_eq!(checked.count("sales not checked")?, 1);
    assert!(checked.count("records of those")? > 0, "{checked:?}");

    // And: a fault in the newer one is still found.
    sqlx::query("UPDATE sales SET stock = 11 WHERE id = $1::uuid")
        .bind(&new)
        .execute(shop.pool())
        .await?;
    let checked = shop.checked(&[]).await?;
    assert!(checked.finds(": stock 11, by the log 10"), "{checked:?}");
    assert_eq!(checked.status, Some(3));
    shop.stack.stop().await
}
