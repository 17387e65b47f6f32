//! The allocator: log in, Postgres out, decided feed out; the only writer of orders.
//!
//! | file | what it does |
//! |---|---|
//! | `compete.rs`, `balance.rs`, `free.rs` | which partitions this replica takes, and which it gives back |
//! | `tenure.rs` | one partition: claims it, has it decided, leaves it in order |
//! | `condition.rs` | what stands in the way, for `/readyz` and `/metrics` |
//! | `owner.rs` | one owned partition: read, decide, commit, announce |
//! | `log.rs` | reads the partition's stream, and checks that it is the right one |
//! | `trim.rs` | purges what is older than the replay horizon |
//! | `group.rs` | decides what waits, up to a commit's worth |
//! | `store.rs`, `store/` | all SQL |
//! | `announce.rs` | the decided feed |
//! | `throttle.rs` | protects Postgres |
//! | `setup.rs` | `allocator setup` |
//! | `adopt.rs`, `intervene.rs` | `allocator adopt-stream`, `lift-halt` and `restored` |
//! | `replay.rs`, `replay/`, `store/replay.rs` | `allocator replay --check` |
//!
//! Who wins is decided in the crate `sale`, in `allocation.rs`; nothing here has a say in it.

mod adopt;
mod announce;
mod balance;
mod compete;
mod condition;
pub mod config;
mod free;
mod group;
mod intervene;
mod log;
mod owner;
mod pace;
mod replay;
mod setup;
mod store;
mod tenure;
mod throttle;
mod trim;

use std::time::Duration;

use anyhow::Context;
use async_nats::Client;
use sale::TicketKeys;
use service::config::{Database, Nats};
use service::health::Health;
use service::shutdown::Shutdown;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};

use crate::condition::{LogAnswers, Troubles};
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
    let mut postgres = connect_postgres(&config.database).await?;
    let nats = service::nats::connect(&config.nats, "admin").await?;
    let jetstream = service::nats::jetstream(nats.clone(), JETSTREAM_TIMEOUT);
    setup::setup(&config, &jetstream, &mut postgres).await?;
    service::nats::close(&nats).await;
    postgres.close().await?;
    Ok(())
}

/// Runs `allocator adopt-stream`.
pub async fn adopt_stream(config: config::AdoptStream) -> anyhow::Result<()> {
    let why = &config.why;
    service::telemetry::init(&why.telemetry);
    let mut postgres = connect_postgres(&why.database).await?;
    let nats = service::nats::connect(&config.nats, "admin").await?;
    let jetstream = service::nats::jetstream(nats.clone(), JETSTREAM_TIMEOUT);
    adopt::adopt(&config, &jetstream, &mut postgres).await?;
    service::nats::close(&nats).await;
    postgres.close().await?;
    Ok(())
}

/// Runs `allocator lift-halt`.
pub async fn lift_halt(config: config::LiftHalt) -> anyhow::Result<()> {
    service::telemetry::init(&config.why.telemetry);
    let mut postgres = connect_postgres(&config.why.database).await?;
    intervene::lift_halt(&config, &mut postgres).await?;
    Ok(postgres.close().await?)
}

/// Runs `allocator restored`.
pub async fn restored(config: config::Restored) -> anyhow::Result<()> {
    service::telemetry::init(&config.why.telemetry);
    let mut postgres = connect_postgres(&config.why.database).await?;
    intervene::restored(&config, &mut postgres).await?;
    Ok(postgres.close().await?)
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

    let connecting = Box::pin(connect_nats(&config.serving.nats));
    let Some(connected) = shutdown.stopping().run_until_cancelled(connecting).await else {
        return shutdown.finish().await;
    };
    let (consume, feed) = connected?;
    health.register("nats", {
        let consume = consume.clone();
        move || service::nats::ready(&consume)
    });
    let jetstream = service::nats::jetstream(consume.clone(), JETSTREAM_TIMEOUT);
    let tools = Tools {
        jetstream: jetstream.clone(),
        feed: feed.clone(),
        keys,
        decisions_max_per_s: config.max_decisions_per_s,
        horizons: log::Horizons::default(),
        trimmer: trim::Trimmer {
            jetstream,
            postgres: postgres.clone(),
            horizon: config.replay_horizon,
        },
    };
    let reachable = health.flag("postgres", "not reached yet");
    let log_answers = LogAnswers::new(health.flag("jetstream", "not asked yet"));
    let troubles = Troubles::default();
    health.register("partitions", {
        let troubles = troubles.clone();
        move || troubles.check()
    });
    let watching = log_answers.clone().watch(
        consume.clone(),
        tools.jetstream.clone(),
        shutdown.draining(),
    );
    shutdown.spawn("watching JetStream", watching);
    let competition = compete::Competition {
        tools,
        postgres,
        allow_unsafe_postgres: config.allow_unsafe_postgres,
        reachable,
        log_answers,
        troubles,
        draining: shutdown.draining(),
    };
    shutdown.spawn("competing for partitions", competition.run());
    health.started();

    let outcome = shutdown.finish().await;
    service::nats::close(&consume).await;
    service::nats::close(&feed).await;
    outcome
}

/// Two connections, so that the feed does not wait for the log.
async fn connect_nats(nats: &Nats) -> anyhow::Result<(Client, Client)> {
    tokio::try_join!(
        service::nats::connect_for(nats, "allocator", "consume"),
        service::nats::connect_for(nats, "allocator", "feed")
    )
}

/// Runs `allocator replay --check`, prints what it found, and tells whether log and Postgres agree.
pub async fn replay(config: config::Replay) -> anyhow::Result<bool> {
    service::telemetry::init(&config.telemetry);
    let keys: TicketKeys = config.ticket_keys.expose().parse().context("TICKET_KEYS")?;
    // Not the owners' options: this transaction is idle while the log is read.
    let mut postgres = connect_postgres(&config.database).await?;
    let nats = service::nats::connect(&config.nats, "allocator").await?;
    let jetstream = service::nats::jetstream(nats.clone(), JETSTREAM_TIMEOUT);
    let report = replay::check(&jetstream, &mut postgres, &keys, config.partition).await?;
    print!("{report}");
    service::nats::close(&nats).await;
    postgres.close().await?;
    Ok(report.differences.is_empty())
}

/// For commands that run once.
async fn connect_postgres(database: &Database) -> anyhow::Result<PgConnection> {
    let connected = PgConnection::connect(database.database_url.expose()).await;
    connected.context("Postgres")
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
