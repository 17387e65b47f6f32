//! `allocator setup`: safe to repeat, and careful with what it finds.

use anyhow::{Context, Result, ensure};
use async_nats::jetstream::stream::{DiscardPolicy, RetentionPolicy, StorageType};
use async_nats::jetstream::{self, stream};
use devstack::{OpenSale, Role, Servers, Stack, Tenant};

use crate::shop::{Shop, stack};

/// What it says when it refuses.
async fn refusal(stack: &Stack, arguments: &[&str]) -> Result<String> {
    let refused = stack.administer(arguments).await.err();
    Ok(format!("{:#}", refused.context("it was content")?))
}

async fn partitions(stack: &Stack) -> Result<i64> {
    let count = sqlx::query_scalar("SELECT count(*) FROM partitions");
    Ok(count.fetch_one(stack.pool()).await?)
}

#[tokio::test]
async fn repeating_it_changes_nothing() -> Result<()> {
    let shop = Shop::selling(&OpenSale::of(2)).await?;
    shop.crowd(1, &["a"]).await?;
    shop.stack.administer(&["setup"]).await?;
    shop.stack.administer(&["setup"]).await?;
    let findings = shop.audit(shop.crowd(1, &["a"]).await?).await?;
    assert_eq!(findings.won, 1, "{findings:?}");
    let admin = shop.stack.tenant().nats(Role::Setup).await?;
    let found = jetstream::new(admin).get_stream("SALE_LOG_00").await?;
    assert_eq!(
        found.cached_info().state.messages,
        3,
        "open and two purchases"
    );
    shop.stack.stop().await
}

#[tokio::test]
async fn the_number_of_partitions_grows_and_never_shrinks() -> Result<()> {
    let stack = stack().ingress(0).partitions(2).start().await?;
    assert_eq!(partitions(&stack).await?, 2);

    let refused = refusal(&stack, &["setup", "--partitions", "1"]).await?;
    assert!(refused.contains("they can only grow"), "{refused}");
    assert_eq!(partitions(&stack).await?, 2);

    stack.administer(&["setup", "--partitions", "3"]).await?;
    assert_eq!(partitions(&stack).await?, 3);
    stack.stop().await
}

#[tokio::test]
async fn it_makes_logs_that_keep_what_they_acknowledge() -> Result<()> {
    let stack = stack().ingress(0).allocators(0).start().await?;
    let admin = stack.tenant().nats(Role::Setup).await?;
    let found = jetstream::new(admin).get_stream("SALE_LOG_00").await?;
    let config = &found.cached_info().config;
    assert_eq!(config.storage, StorageType::File);
    assert_eq!(config.discard, DiscardPolicy::New);
    assert_eq!(config.retention, RetentionPolicy::Limits);
    assert!(config.max_age.is_zero() && config.deny_delete && !config.allow_direct);
    Ok(())
}

#[tokio::test]
async fn a_log_in_memory_is_refused() -> Result<()> {
    // Given: somebody made the stream by hand, and wrong in nothing but its storage.
    let servers = Servers::shared().await?;
    let tenant = Tenant::lease(&servers).await?;
    let made = jetstream::new(tenant.nats(Role::Setup).await?);
    let template = include_str!("../../../nats/streams.json").replace("{partition}", "00");
    let mut config: stream::Config = serde_json::from_str(&template)?;
    config.storage = StorageType::Memory;
    config.max_bytes = 1024 * 1024;
    made.create_stream(config).await?;

    // When, then: setup does not take it for its own.
    let started = stack()
        .tenant(tenant)
        .env(Role::Setup, "LOG_MAX_BYTES", "1048576")
        .start()
        .await;
    let refused = format!("{:#}", started.err().context("it was content")?);
    ensure!(refused.contains("SALE_LOG_00"), "it says: {refused}");
    ensure!(refused.contains("storage"), "it says: {refused}");
    Ok(())
}
