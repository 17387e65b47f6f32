//! Servers that tests share, and servers that tests break.

use std::future::IntoFuture;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use async_nats::jetstream;
use devstack::places::Home;
use devstack::role::Passwords;
use devstack::{Role, Servers, Tenant};

/// How long nothing has to come from a paused server to count as nothing.
const SILENCE: Duration = Duration::from_millis(200);

async fn log_of(tenant: &Tenant, role: Role) -> Result<jetstream::Context> {
    let (user, password) = tenant.nats_login(role);
    let options = async_nats::ConnectOptions::with_user_and_password(user, password)
        .custom_inbox_prefix(format!("_INBOX_{}", role.nats_user()));
    Ok(jetstream::new(options.connect(tenant.nats_url()).await?))
}

async fn stream_of(tenant: &Tenant) -> Result<jetstream::stream::Stream> {
    let config = jetstream::stream::Config {
        name: "SALE_LOG_00".to_owned(),
        subjects: vec!["sale.00.*.purchases".to_owned()],
        ..Default::default()
    };
    Ok(log_of(tenant, Role::Setup)
        .await?
        .get_or_create_stream(config)
        .await?)
}

async fn publish(tenant: &Tenant) -> Result<u64> {
    let log = log_of(tenant, Role::Ingress).await?;
    Ok(log
        .publish("sale.00.x.purchases", "one".into())
        .await?
        .await?
        .sequence)
}

#[tokio::test]
async fn two_tenants_of_shared_servers_do_not_see_each_other() -> Result<()> {
    let servers = Servers::shared().await?;
    let (one, other) = tokio::try_join!(Tenant::lease(&servers), Tenant::lease(&servers))?;
    for tenant in [&one, &other] {
        stream_of(tenant).await?;
        sqlx::query("CREATE TABLE things (thing int)")
            .execute(&tenant.pool(Role::Setup))
            .await?;
    }
    ensure!(
        publish(&one).await? == 1 && publish(&one).await? == 2,
        "the first tenant's log is not its own"
    );
    ensure!(
        publish(&other).await? == 1,
        "the second tenant sees the first one's log"
    );
    Ok(())
}

#[tokio::test]
async fn every_role_can_sign_in_and_none_may_do_more_than_its_work() -> Result<()> {
    let tenant = Tenant::lease(&Servers::shared().await?).await?;
    for role in Role::ALL {
        let name: String = sqlx::query_scalar("SELECT current_user::text")
            .fetch_one(&tenant.pool(role))
            .await?;
        ensure!(name == role.postgres_role(), "{role:?} is {name}");
        log_of(&tenant, role).await?;
    }
    stream_of(&tenant).await?;
    for role in [Role::Allocator, Role::Auditor] {
        let log = log_of(&tenant, role).await?;
        let ack = log.publish("sale.00.x.purchases", "forged".into()).await?;
        let refused = tokio::time::timeout(SILENCE, ack.into_future()).await;
        ensure!(!matches!(refused, Ok(Ok(_))), "{role:?} wrote a purchase");
    }
    ensure!(
        publish(&tenant).await? == 1,
        "a forged purchase is in the log"
    );
    let auditor = log_of(&tenant, Role::Auditor).await?;
    let stream = auditor.get_stream("SALE_LOG_00").await?;
    let removed = tokio::time::timeout(SILENCE, stream.purge().into_future()).await;
    ensure!(!matches!(removed, Ok(Ok(_))), "the auditor emptied the log");
    let left = stream.get_info().await?.state.messages;
    ensure!(left == 1, "{left} records are left of one");
    Ok(())
}

#[tokio::test]
async fn what_was_acknowledged_outlives_a_kill_of_both_servers() -> Result<()> {
    let servers = Servers::own().await?;
    let tenant = Tenant::lease(&servers).await?;
    stream_of(&tenant).await?;
    publish(&tenant).await?;
    sqlx::query("CREATE TABLE things (thing int)")
        .execute(&tenant.pool(Role::Setup))
        .await?;
    for server in [servers.nats()?, servers.postgres()?] {
        server.kill().await?;
        ensure!(server.pid().is_none(), "it still runs");
        server.restart().await?;
    }
    ensure!(publish(&tenant).await? == 2, "the log is gone");
    sqlx::query("INSERT INTO things VALUES (1)")
        .execute(&tenant.pool(Role::Setup))
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_paused_postgres_keeps_its_connections_and_answers_when_resumed() -> Result<()> {
    let servers = Servers::own().await?;
    let tenant = Tenant::lease(&servers).await?;
    let pool = tenant.pool(Role::Setup);
    let mut connection = pool.acquire().await?;
    servers.postgres()?.pause().await?;
    let mut question = Box::pin(sqlx::query("SELECT 1").execute(&mut *connection));
    ensure!(
        tokio::time::timeout(SILENCE, &mut question).await.is_err(),
        "a paused server answered"
    );
    servers.postgres()?.resume()?;
    question.await.context("the connection did not survive")?;
    Ok(())
}

#[tokio::test]
async fn both_servers_stop_in_order() -> Result<()> {
    let servers = Servers::own().await?;
    let stopped = servers.stop().await;
    ensure!(stopped.is_ok(), "stopping in order failed: {stopped:?}");
    ensure!(
        servers.nats()?.pid().is_none() && servers.postgres()?.pid().is_none(),
        "one still runs"
    );
    Ok(())
}

#[tokio::test]
async fn kept_servers_go_on_with_their_data() -> Result<()> {
    let (name, passwords) = (format!("kept-{}", std::process::id()), Passwords::random());
    let home = Home::find()?;
    for expected in [1, 2] {
        let servers = Servers::kept_in(&name, passwords.clone()).await?;
        let tenant = Tenant::kept(&servers).await?;
        stream_of(&tenant).await?;
        ensure!(publish(&tenant).await? == expected, "the log did not go on");
        let pool = tenant.pool(Role::Setup);
        sqlx::query("CREATE TABLE IF NOT EXISTS things (thing int)")
            .execute(&pool)
            .await?;
        sqlx::query("INSERT INTO things VALUES (1)")
            .execute(&pool)
            .await?;
        let things: i64 = sqlx::query_scalar("SELECT count(*) FROM things")
            .fetch_one(&pool)
            .await?;
        ensure!(
            u64::try_from(things)? == expected,
            "the database did not go on"
        );
        servers.stop().await?;
    }
    for folder in [home.folder.join(&name), home.postgres_folder.join(&name)] {
        // The same folder twice, unless root's target folder is closed to others.
        let _ = std::fs::remove_dir_all(folder);
    }
    Ok(())
}
