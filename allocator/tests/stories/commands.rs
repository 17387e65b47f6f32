//! What operators do to a sale, in log order: each command has one ruling, and the trail holds it.

use anyhow::{Context, Result};
use devstack::OpenSale;
use sale::{
    Action, Change, CommandRuling, Moment, Open, Partition, Price, Product, ProductId, SaleId, Seq,
};
use sqlx::types::Uuid;

use crate::shop::{Shop, rulings};
use crate::writer::{Writer, command};

/// A row of the audit trail: command id, action and ruling.
type Trail = Vec<(Uuid, String, String)>;

/// A sale's stock, units sold, limit, paused, closed and version.
type Standing = (i32, i32, i16, bool, bool, i32);

async fn trail(shop: &Shop) -> Result<Trail> {
    let rows = sqlx::query_as(
        "SELECT command_id, action, ruling FROM operator_actions WHERE actor = 'operator:test' ORDER BY seq",
    );
    Ok(rows.fetch_all(shop.pool()).await?)
}

async fn standing(shop: &Shop) -> Result<Standing> {
    let row = sqlx::query_as("SELECT stock, sold, unit_limit, paused, closed, version FROM sales");
    Ok(row.fetch_one(shop.pool()).await?)
}

impl Shop {
    /// Waits for a record's decision; its letters.
    async fn ruled(&self, seq: u64) -> Result<String> {
        self.decided(seq).await?;
        rulings(self.pool(), seq).await?.context("no decision")
    }
}

/// A window from the first second to this moment.
fn terms(ends_at_ms: i64) -> Open {
    Open {
        product: Product {
            id: ProductId::new(Uuid::from_u128(1)),
            name: "Another thing".to_owned(),
        },
        price: Price {
            amount_minor: 100,
            currency: "EUR".to_owned(),
        },
        stock: 5,
        unit_limit: 1,
        starts_at_ms: Moment::from_unix_ms(1_000),
        ends_at_ms: Moment::from_unix_ms(ends_at_ms),
    }
}

fn limit(unit_limit: u16) -> Action {
    Action::Change(Change {
        unit_limit: Some(unit_limit),
        ..Change::default()
    })
}

fn restock(stock: u32, version: u32) -> Action {
    Action::Restock { stock, version }
}

#[tokio::test]
async fn every_command_is_ruled_once_and_kept_with_its_ruling() -> Result<()> {
    use CommandRuling::*;
    // Given: three units, two of them sold.
    let shop = Shop::selling(&OpenSale::of(3)).await?;
    let writer = Writer::of(&shop).await?;
    writer.buy(&[(1, "a"), (2, "a")]).await?;
    let (this, other) = (
        writer.sale,
        SaleId::new(Partition::try_from(0)?, Moment::from_unix_ms(1), 7),
    );
    let past = Action::Change(Change {
        ends_at_ms: Some(Moment::from_unix_ms(5)),
        ..Change::default()
    });
    let (seq, index) = (Seq::try_from(1)?, 9);

    // When: an operator does whatever comes to mind; the version starts at 1 and counts what was applied.
    let script = [
        (this, 1, limit(2), Applied),
        (this, 2, limit(1), LimitLowered),
        (this, 3, limit(0), LimitLowered),
        (this, 4, past, WindowPassed),
        (this, 5, restock(9, 1), StaleVersion),
        (this, 6, restock(1, 2), BelowSold),
        (this, 7, restock(5, 2), Applied),
        (this, 8, Action::Pause {}, Applied),
        (this, 8, Action::Pause {}, Repeated),
        // The id counts, not what came with it.
        (this, 7, Action::Close {}, Repeated),
        (this, 9, Action::Resume {}, Applied),
        (this, 10, Action::Open(terms(2_000)), AlreadyOpen),
        (other, 11, Action::Pause {}, UnknownSale),
        (other, 12, Action::Cancel { seq, index }, UnknownSale),
        (other, 13, Action::Open(terms(1_000)), Invalid),
        (this, 14, Action::Cancel { seq, index }, UnknownOrder),
        (this, 15, Action::Close {}, Applied),
        (this, 16, limit(3), Closed),
        (this, 17, Action::Resume {}, Closed),
        // A refused id stays free.
        (this, 5, Action::Close {}, Closed),
    ];
    let mut expected = Trail::new();
    let mut last = 0;
    for (sale, id, action, ruling) in script {
        let (action_name, id) = (action.name().to_owned(), command(id));
        last = writer.tell(sale, id, action).await?;
        expected.push((id.uuid(), action_name, ruling.as_str().to_owned()));
    }
    shop.decided(last).await?;

    // Then: each has its ruling, and the sale is what the applied ones made it.
    assert_eq!(trail(&shop).await?, expected);
    assert_eq!(standing(&shop).await?, (5, 2, 2, false, true, 6));
    shop.books_agree().await?;

    // And: a process that has only Postgres to go by rules the same.
    let allocator = shop.stack.allocator(0);
    allocator.kill().await?;
    allocator.start().await?;
    let again = writer.tell(this, command(8), Action::Pause {}).await?;
    assert_eq!(shop.ruled(again).await?, "r");
    assert_eq!(standing(&shop).await?, (5, 2, 2, false, true, 6));
    shop.stack.stop().await
}

#[tokio::test]
async fn a_paused_sale_turns_away_what_comes_after_the_pause_in_the_log() -> Result<()> {
    let shop = Shop::selling(&OpenSale::of(3)).await?;
    let writer = Writer::of(&shop).await?;
    let before = writer.buy(&[(1, "a")]).await?;
    writer
        .tell(writer.sale, command(1), Action::Pause {})
        .await?;
    let during = writer.buy(&[(2, "a"), (1, "a")]).await?;
    writer
        .tell(writer.sale, command(2), Action::Resume {})
        .await?;
    let after = writer.buy(&[(2, "a")]).await?;
    writer
        .tell(writer.sale, command(3), Action::Close {})
        .await?;
    let closed = writer.buy(&[(3, "a"), (2, "a")]).await?;

    assert_eq!(shop.ruled(closed).await?, "CR");
    assert_eq!(shop.ruled(before).await?, "W");
    assert_eq!(shop.ruled(during).await?, "PR");
    assert_eq!(shop.ruled(after).await?, "W");
    shop.books_agree().await?;
    shop.stack.stop().await
}

#[tokio::test]
async fn a_cancelled_unit_is_sold_again_in_log_order_and_its_key_stays_used() -> Result<()> {
    // Given: the only unit is sold, and somebody came too late.
    let shop = Shop::selling(&OpenSale::of(1)).await?;
    let writer = Writer::of(&shop).await?;
    let first = writer.buy(&[(1, "a"), (2, "a")]).await?;

    // When: it is taken back, and all come again; the order is said twice to be taken back.
    let (seq, index) = (Seq::try_from(first)?, 0);
    let cancel = Action::Cancel { seq, index };
    let cancelled = writer.tell(writer.sale, command(1), cancel.clone()).await?;
    let second = writer.buy(&[(1, "a"), (1, "b"), (2, "b")]).await?;
    let twice = writer.tell(writer.sale, command(2), cancel).await?;

    // Then: the old key finds the old order, a new one buys, and whoever comes later is too late again.
    assert_eq!(shop.ruled(twice).await?, "d");
    assert_eq!(shop.ruled(first).await?, "WS");
    assert_eq!(shop.ruled(cancelled).await?, "a");
    assert_eq!(shop.ruled(second).await?, "RWS");
    let orders = "SELECT id, nth, cancelled_at IS NOT NULL FROM orders ORDER BY id";
    let orders: Vec<(Uuid, i16, bool)> = sqlx::query_as(orders).fetch_all(shop.pool()).await?;
    let tickets = [shop.ticket_of(first, 0)?, shop.ticket_of(second, 1)?];
    assert_eq!(
        orders,
        [
            (tickets[0].parse()?, 0, true),
            (tickets[1].parse()?, 0, false)
        ]
    );
    assert_eq!(standing(&shop).await?, (1, 1, 1, false, false, 2));

    // And: a process that has only Postgres to go by knows all of it.
    let allocator = shop.stack.allocator(0);
    allocator.kill().await?;
    allocator.start().await?;
    let third = writer
        .buy(&[(1, "a"), (1, "b"), (1, "c"), (2, "a")])
        .await?;
    assert_eq!(shop.ruled(third).await?, "RRLS");
    let refs: Vec<i64> = sqlx::query_scalar("SELECT refs FROM decisions WHERE seq = $1")
        .bind(i64::try_from(third)?)
        .fetch_one(shop.pool())
        .await?;
    let places = [(first, 0), (second, 1)].map(|(seq, index)| (seq << 12 | index).cast_signed());
    assert_eq!(refs, places);
    shop.books_agree().await?;
    shop.stack.stop().await
}
