//! The allocator: log in, Postgres out, decided feed out; the only writer of orders.
//!
//! | file | what it does |
//! |---|---|
//! | `compete.rs` | takes partitions over and gives them back |
//! | `owner.rs` | one owned partition: read, decide, commit, announce |
//! | `log.rs` | reads the partition's stream, and checks that it is the right one |
//! | `group.rs` | decides what waits, up to a commit's worth |
//! | `store.rs`, `store/commit.rs` | all SQL |
//! | `announce.rs` | the decided feed |
//! | `setup.rs` | `allocator setup` |
//! | `replay.rs`, `replay/`, `store/replay.rs` | `allocator replay --check` |
//!
//! Who wins is decided in the crate `sale`, in `allocation.rs`; nothing here has a say in it.

mod announce;
mod compete;
pub mod config;
mod group;
mod log;
mod owner;
mod replay;
mod setup;
mod store;

use std::time::Duration;

use anyhow::Context;
use sale::TicketKeys;
use service::health::Health;
use service::shutdown::Shutdown;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};

use crate::owner::Tools;

/// JetStream answers in milliseconds; this long without an answer means it is away.
const JETSTREAM_TIMEOUT: Duration = Duration::from_secs(2);

/// A lock somebody else holds for longer is a stopped process' or a migration's: both are below
/// the failover goal of 4 s, so that nobody inside a transaction can hold a partition's row.
const LOCK_TIMEOUT: &str = "1s";
const IDLE_IN_TRANSACTION_TIMEOUT: &str = "1s";

/// Runs `allocator setup`.
pub async fn setup(config: config::Setup) -> anyhow::Result<()> {
    service::telemetry::init(&config.telemetry);
    let mut postgres = PgConnection::connect(config.database.database_url.expose())
        .await
        .context("Postgres")?;
    let nats = service::nats::connect(&config.nats, "admin").await?;
    let jetstream = service::nats::jetstream(nats.clone(), JETSTREAM_TIMEOUT);
    setup::setup(&config, &jetstream, &mut postgres).await?;
    service::nats::close(&nats).await;
    postgres.close().await?;
    Ok(())
}

/// Runs `allocator serve` until it is told to stop.
pub async fn serve(config: config::Serve) -> anyhow::Result<()> {
    service::telemetry::init(&config.serving.telemetry);
    let shutdown = Shutdown::on_signals(&config.serving.drain)?;
    let keys: TicketKeys = config.ticket_keys.expose().parse().context("TICKET_KEYS")?;
    let postgres = connect_options(config.serving.database.database_url.expose())?;
    let health = Health::new(&shutdown);
    health
        .start(&config.serving.health, "allocator", &shutdown)
        .await?;
    let started = health.flag("start", "starting");

    let consume = service::nats::connect_for(&config.serving.nats, "allocator", "consume").await?;
    let feed = service::nats::connect_for(&config.serving.nats, "allocator", "feed").await?;
    health.register("nats", {
        let consume = consume.clone();
        move || service::nats::ready(&consume)
    });
    let tools = Tools {
        jetstream: service::nats::jetstream(consume.clone(), JETSTREAM_TIMEOUT),
        feed: feed.clone(),
        keys,
    };
    let reachable = health.flag("postgres", "not reached yet");
    let competition = compete::Competition {
        tools,
        postgres,
        allow_unsafe_postgres: config.allow_unsafe_postgres,
        reachable,
        draining: shutdown.draining(),
    };
    shutdown.spawn("competing for partitions", competition.run());
    started.ready();

    let outcome = shutdown.finish().await;
    service::nats::close(&consume).await;
    service::nats::close(&feed).await;
    outcome
}

/// Runs `allocator replay --check`, prints what it found, and tells whether log and Postgres agree.
pub async fn replay(config: config::Replay) -> anyhow::Result<bool> {
    service::telemetry::init(&config.telemetry);
    let keys: TicketKeys = config.ticket_keys.expose().parse().context("TICKET_KEYS")?;
    // Not the owners' options: this transaction is idle while the log is read.
    let mut postgres = PgConnection::connect(config.database.database_url.expose())
        .await
        .context("Postgres")?;
    let nats = service::nats::connect(&config.nats, "allocator").await?;
    let jetstream = service::nats::jetstream(nats.clone(), JETSTREAM_TIMEOUT);
    let report = replay::check(&jetstream, &mut postgres, &keys, config.partition).await?;
    print!("{report}");
    service::nats::close(&nats).await;
    postgres.close().await?;
    Ok(report.differences.is_empty())
}

fn connect_options(url: &str) -> anyhow::Result<PgConnectOptions> {
    let options: PgConnectOptions = url.parse().context("DATABASE_URL")?;
    Ok(options
        .application_name("firstcome-allocator")
        .options([
            ("lock_timeout", LOCK_TIMEOUT),
            (
                "idle_in_transaction_session_timeout",
                IDLE_IN_TRANSACTION_TIMEOUT,
            ),
        ])
        .log_statements(tracing::log::LevelFilter::Off))
}
