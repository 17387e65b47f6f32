//! A Postgres that is there and takes nothing: purchases wait, nothing is lost, nobody halts.

use anyhow::{Result, ensure};
use devstack::{OpenSale, until};
use sqlx::AssertSqlSafe;

use crate::proof::wired;
use crate::shop::{SOON, Shop, cursor};
use crate::witness::unready;

/// What a new session of the database may do; as after a failover to a server that only replicates.
const READ_ONLY: &str = "BEGIN READ WRITE;
    DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database());
    END $$; COMMIT";
const READ_WRITE: &str = "BEGIN READ WRITE;
    DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I RESET default_transaction_read_only', current_database());
    END $$; COMMIT";

/// The error of a full disk where it strikes first. A disk of a test's own would need root; what the
/// allocator sees, SQLSTATE 53100 in the middle of its commit, is the same.
const DISK_FULL: &str = "
    CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
    END $$;
    CREATE TRIGGER disk_full BEFORE INSERT ON orders EXECUTE FUNCTION disk_full()";
const DISK_FREED: &str = "DROP TRIGGER disk_full ON orders";

async fn run(shop: &Shop, statements: &'static str) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statements))
        .execute(shop.pool())
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_postgres_that_only_reads_holds_purchases_up_and_loses_none() -> Result<()> {
    // Given: a sale in full swing, and an owner that finds itself at a read-only Postgres.
    let (proxy, shop) = wired(1, &OpenSale::of(30)).await?;
    let mut attempts = shop.crowd(10, &["a"]).await?;
    run(&shop, READ_ONLY).await?;
    proxy.cut_all();

    // When: more come.
    let crowd = shop.shoppers(30).await?;
    let before = cursor(shop.pool()).await?;
    let tickets = shop.queued(&crowd).await?;

    // Then: they wait, and readiness says what for; nobody gives up.
    let allocator = shop.stack.allocator(0);
    until("readiness names the trouble", SOON, async || {
        let reason = unready(allocator, "postgres").await?;
        Ok(reason.filter(|reason| reason.contains("read-only transaction")))
    })
    .await?;
    ensure!(cursor(shop.pool()).await? == before, "it was decided");

    // And: once it writes again, they are decided.
    run(&shop, READ_WRITE).await?;
    attempts.extend(shop.learned(&crowd, &tickets).await?);
    let findings = shop.adds_up(attempts).await?;
    assert_eq!(findings.won, 30, "{findings:?}");
    shop.stack.stop().await
}

#[tokio::test]
async fn a_full_disk_holds_purchases_up_and_loses_none() -> Result<()> {
    let shop = Shop::selling(&OpenSale::of(30)).await?;
    let mut attempts = shop.crowd(10, &["a"]).await?;
    run(&shop, DISK_FULL).await?;

    let crowd = shop.shoppers(30).await?;
    let before = cursor(shop.pool()).await?;
    let tickets = shop.queued(&crowd).await?;

    let allocator = shop.stack.allocator(0);
    allocator
        .wait_for_log("No space left on device", SOON)
        .await?;
    ensure!(cursor(shop.pool()).await? == before, "it was decided");

    run(&shop, DISK_FREED).await?;
    attempts.extend(shop.learned(&crowd, &tickets).await?);
    let findings = shop.adds_up(attempts).await?;
    assert_eq!(findings.won, 30, "{findings:?}");
    shop.stack.stop().await
}
