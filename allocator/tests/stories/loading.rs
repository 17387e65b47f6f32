//! A take-over with a hundred thousand winners to remember.

use anyhow::Result;
use devstack::OpenSale;
use sale::{Generation, KeyHash, Partition, Place, Seq};
use sqlx::PgPool;
use uuid::Uuid;

use crate::ownership::TOOK_OVER;
use crate::shop::{SOON, Shop, rulings};
use crate::writer::{Writer, shopper};

/// Winners from before.
const WINNERS: u16 = 50_000;

/// Each of them has so many units.
const UNITS: usize = 2;

/// Units that are left.
const LEFT: u32 = 3;

/// Their orders stand in records of so many places, from this one on: no record of the test is there.
const PLACES: usize = 500;
const FIRST_SEQ: u64 = 1_000_000;

fn place(number: usize) -> Result<Place> {
    Ok(Place {
        partition: Partition::try_from(0)?,
        seq: Seq::try_from(FIRST_SEQ + (number / PLACES) as u64)?,
        index: u16::try_from(number % PLACES)?,
    })
}

/// Everybody has bought with the keys "0" and "1".
async fn insert_winners(shop: &Shop, pool: &PgPool) -> Result<()> {
    let keys = shop.ticket_keys()?;
    let (mut ids, mut shoppers) = (Vec::<Uuid>::new(), Vec::<Uuid>::new());
    let (mut nths, mut hashes) = (Vec::<i16>::new(), Vec::<i64>::new());
    for number in 0..usize::from(WINNERS) * UNITS {
        let (winner, nth) = (number / UNITS, number % UNITS);
        ids.push(
            keys.current()
                .seal(place(number)?, Generation::FIRST)
                .uuid(),
        );
        shoppers.push(shopper(1 + winner as u128).uuid());
        nths.push(i16::try_from(nth)?);
        hashes.push(KeyHash::of(&nth.to_string()).bits().cast_signed());
    }
    let inserted = sqlx::query(
        "INSERT INTO orders (id, sale_id, shopper_id, nth, unit_limit, key_hash, ordered_at)
         SELECT won.id, sales.id, won.shopper, won.nth, sales.unit_limit, won.key, now()
         FROM sales, UNNEST($1::uuid[], $2::uuid[], $3::smallint[], $4::bigint[]) AS won (id, shopper, nth, key)",
    );
    let inserted = inserted.bind(ids).bind(shoppers).bind(nths).bind(hashes);
    inserted.execute(pool).await?;
    sqlx::query("UPDATE sales SET sold = (SELECT count(*) FROM orders)")
        .execute(pool)
        .await?;
    Ok(())
}

#[tokio::test]
async fn whoever_takes_over_remembers_a_hundred_thousand_orders() -> Result<()> {
    // Given: a sale that is nearly sold out, with two units for everybody, and nobody at work.
    let sold = u32::from(WINNERS) * UNITS as u32;
    let terms = OpenSale {
        unit_limit: UNITS as u16,
        ..OpenSale::of(sold + LEFT)
    };
    let shop = Shop::selling(&terms).await?;
    let allocator = shop.stack.allocator(0);
    allocator.terminate().await?;
    insert_winners(&shop, shop.pool()).await?;

    // When: an allocator starts, and old and new shoppers come.
    allocator.start().await?;
    allocator.wait_for_log(TOOK_OVER, SOON).await?;
    let last = u128::from(WINNERS);
    let writer = Writer::of(&shop).await?;
    let seq = writer
        .buy(&[
            (1, "1"),
            (1, "other"),
            (last, "0"),
            (last, "other"),
            (last + 1, "0"),
            (last + 1, "1"),
            (last + 1, "2"),
            (last + 1, "0"),
            (last + 2, "0"),
            (last + 3, "0"),
        ])
        .await?;
    shop.decided(seq).await?;

    // Then: it knows what everybody has, to the last order.
    assert_eq!(
        rulings(shop.pool(), seq).await?.as_deref(),
        Some("RLRLWWLRWS")
    );
    let refs: Vec<i64> = sqlx::query_scalar("SELECT refs FROM decisions WHERE seq = $1")
        .bind(i64::try_from(seq)?)
        .fetch_one(shop.pool())
        .await?;
    let first_new = Place {
        partition: Partition::try_from(0)?,
        seq: Seq::try_from(seq)?,
        index: 4,
    };
    let places = [
        place(1)?,
        place(usize::from(WINNERS - 1) * UNITS)?,
        first_new,
    ];
    assert_eq!(refs, places.map(|place| place.pack().cast_signed()));
    let counts: (i32, i64) =
        sqlx::query_as("SELECT sold, (SELECT count(*) FROM orders) FROM sales")
            .fetch_one(shop.pool())
            .await?;
    assert_eq!(counts, ((sold + LEFT) as i32, i64::from(sold + LEFT)));
    shop.stack.stop().await
}
