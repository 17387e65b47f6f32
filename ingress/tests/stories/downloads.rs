//! A download that ends before its end: at the client's, and at Postgres'.

use anyhow::{Context, Result};
use devstack::{Proxy, Role};

use crate::shop::{SOON, Shop};
use crate::wire::Wire;

/// More than the sockets between hold: 15 MB.
const MANY: i32 = 90_000;

/// More than the door has connections to Postgres.
const WHO_HANG_UP: usize = 10;

/// How a body of chunks ends that came whole.
const LAST_CHUNK: &str = "\r\n0\r\n\r\n";

async fn shop() -> Result<Shop> {
    let shop = Shop::selling(1).await?;
    let sale: uuid::Uuid = shop.sale.parse()?;
    // Straight into the table: only the reading is of interest here.
    sqlx::query(
        "INSERT INTO orders (id, sale_id, shopper_id, nth, unit_limit, key_hash, ordered_at)
         SELECT gen_random_uuid(), $1, gen_random_uuid(), 0, 1, 0, now() FROM generate_series(1, $2)",
    )
    .bind(sale)
    .bind(MANY)
    .execute(shop.stack.pool())
    .await?;
    Ok(shop)
}

/// A download at a door whose first bytes are here.
async fn begun(shop: &Shop, door: &str) -> Result<Wire> {
    let address = door.strip_prefix("http://").context("a door's URL")?;
    let mut wire = Wire::to(address.parse()?).await?;
    let token = shop.stack.operator_token().await?;
    wire.send(&format!(
        "GET /v1/sales/{}/orders?format=csv HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\
         authorization: Bearer {token}\r\n\r\n",
        shop.sale
    ))
    .await?;
    let begin = wire.next().await?;
    assert!(begin.starts_with("HTTP/1.1 200"), "{begin}");
    Ok(wire)
}

#[tokio::test]
async fn clients_that_hang_up_take_no_connection_to_postgres_with_them() -> Result<()> {
    let shop = shop().await?;
    for _ in 0..WHO_HANG_UP {
        drop(begun(&shop, &shop.doors[0]).await?);
    }
    let whole = begun(&shop, &shop.doors[0]).await?.rest().await?;
    assert!(whole.ends_with(LAST_CHUNK));
    shop.stack.stop().await
}

#[tokio::test]
async fn a_download_that_postgres_leaves_breaks_off_visibly() -> Result<()> {
    let mut shop = shop().await?;
    let proxy = Proxy::before(&shop.stack.tenant().database_url(Role::Ingress)).await?;
    let door = shop.add_door("DATABASE_URL", proxy.url()).await?;
    let download = begun(&shop, &door).await?;
    drop(proxy);

    let rest = download.rest().await?;
    assert!(!rest.ends_with(LAST_CHUNK), "it is not told as whole");
    let door = shop.stack.ingress(1);
    door.wait_for_log("a download broke off", SOON).await?;
    shop.stack.stop().await
}
