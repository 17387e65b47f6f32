//! The ingress: HTTP in, log out. It answers `202` with a ticket once a purchase is durable.
//!
//! | file | what it does |
//! |---|---|
//! | `app.rs` | which path leads where |
//! | `routes/` | the handlers, one file for each noun |
//! | `session.rs` | who is asking |
//! | `client_address.rs`, `rate_limits.rs` | from where, and how often |
//! | `admission.rs` | who gets into the log |
//! | `batcher.rs` | group commit: one record in flight per sale |
//! | `log.rs` | where batchers write |
//! | `publisher.rs` | writes records to JetStream, and tells "refused" from "unknown" |
//! | `commands.rs` | operator commands, logged and waited for |
//! | `problem.rs` | every refusal |
//! | `openapi.rs` | the description of the API |
//! | `store.rs` | SQL that is not about tickets |
//! | `bare.rs` | the same without a log, for measuring; not in the program |
//!
//! Deliberately absent: any decision about who wins, and any write to sales, orders or decisions.

mod admission;
mod app;
pub mod bare;
mod batcher;
mod client_address;
mod commands;
pub mod config;
mod idempotency_key;
mod json;
mod log;
mod openapi;
mod problem;
mod publisher;
mod rate_limits;
mod routes;
mod session;
mod store;

use std::time::Duration;

use anyhow::Context;
use async_nats::Client;
use feed::Feed;
use sale::TicketKeys;
use service::config::Nats;
use service::health::Health;
use service::http::{self, HttpLimits};
use service::shutdown::Shutdown;
use tokio::net::TcpListener;
use tracing::info;

use crate::admission::Admission;
use crate::app::{App, Parts};
use crate::batcher::Batchers;
use crate::log::Log;
use crate::publisher::Publisher;
use crate::rate_limits::RateLimits;
use crate::routes::page::PageConfig;
use crate::session::{Claims, Role, SessionKeys};

/// Postgres connections of one replica: it reads old tickets and orders, never on the hot path.
const POSTGRES_CONNECTIONS: u32 = 8;

/// How often rate limits forget shoppers who went away.
const TIDY_EVERY: Duration = Duration::from_secs(10);

/// How long the first snapshot may take before the process gives up and is started again.
const FIRST_SNAPSHOT: Duration = Duration::from_secs(30);

/// Runs `ingress serve` until it is told to stop.
pub async fn serve(config: config::Serve) -> anyhow::Result<()> {
    service::telemetry::init(&config.serving.telemetry);
    let shutdown = Shutdown::on_signals(&config.serving.drain)?;
    run(config, shutdown).await
}

/// Runs the ingress until `shutdown` begins.
pub async fn run(config: config::Serve, shutdown: Shutdown) -> anyhow::Result<()> {
    run_with(config, shutdown, |publisher| {
        Log::JetStream(Box::new(publisher))
    })
    .await
}

async fn run_with(
    config: config::Serve,
    shutdown: Shutdown,
    log: impl FnOnce(Publisher) -> Log,
) -> anyhow::Result<()> {
    service::open_files::raise();
    let tickets: TicketKeys = config.ticket_keys.expose().parse().context("TICKET_KEYS")?;
    let sessions = SessionKeys::parse(config.session_keys.expose()).context("SESSION_KEYS")?;
    let page = PageConfig::new(config.live_url.clone(), config.guest_sessions)?;
    let health = Health::new(&shutdown);
    let started = health.flag("start", "starting");
    health
        .start(&config.serving.health, "ingress", &shutdown)
        .await?;

    let connecting = Box::pin(connect_nats(&config.serving.nats));
    let Some(connected) = shutdown.stopping().run_until_cancelled(connecting).await else {
        return shutdown.finish().await;
    };
    let (publish, follow) = connected?;
    for (check, client) in [("nats-publish", &publish), ("nats-feed", &follow)] {
        let client = client.clone();
        health.register(check, move || service::nats::ready(&client));
    }
    let pool = feed::pool(
        config.serving.database.database_url.expose(),
        "ingress",
        POSTGRES_CONNECTIONS,
    )?;
    let feed = Feed::start(follow.clone(), pool.clone());
    let loading = tokio::time::timeout(FIRST_SNAPSHOT, feed.loaded());
    let Some(loaded) = shutdown.stopping().run_until_cancelled(loading).await else {
        return shutdown.finish().await;
    };
    loaded.context("Postgres did not tell of partitions and sales within 30 s")?;

    let jetstream = service::nats::jetstream(publish.clone(), publisher::ACK_TIMEOUT);
    let publisher = Publisher::new(jetstream, feed.clone());
    publisher.check_streams().await?;
    let rate = config.rate_limits.then_some(config.rate_per_shopper_per_s);
    let app = App::new(Parts {
        batchers: Batchers::new(log(publisher.clone()), tickets.current().id()),
        publisher,
        rate_limits: RateLimits::new(rate),
        admission: Admission::new(config.queue_wait_max_ms),
        feed,
        pool,
        tickets,
        sessions,
        page,
    });
    tokio::spawn(tidy(app.clone()));

    let listener = TcpListener::bind(config.listen_addr)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen_addr))?;
    info!(address = %listener.local_addr()?, "serving");
    let limits = HttpLimits {
        drain: config.serving.drain.limit(),
        ..HttpLimits::default()
    };
    let router = app::router(app, config.web_dir);
    let draining = shutdown.draining();
    shutdown.spawn("the HTTP API", async move {
        http::serve(listener, router, limits, draining).await;
        Ok(())
    });
    started.ready();

    let outcome = shutdown.finish().await;
    service::nats::close(&publish).await;
    service::nats::close(&follow).await;
    outcome
}

/// Two connections, so that publishing does not wait for the feed.
async fn connect_nats(nats: &Nats) -> anyhow::Result<(Client, Client)> {
    tokio::try_join!(
        service::nats::connect_for(nats, "ingress", "publish"),
        service::nats::connect_for(nats, "ingress", "feed")
    )
}

/// Runs `ingress operator-token`.
pub fn operator_token(config: &config::OperatorToken) -> anyhow::Result<()> {
    let sessions = SessionKeys::parse(config.session_keys.expose()).context("SESSION_KEYS")?;
    let lifetime_s = i64::from(config.hours) * 60 * 60;
    let claims = Claims {
        sub: uuid::Uuid::new_v4(),
        role: Role::Operator,
        name: Some(config.name.clone()),
        exp: feed::now().unix_ms() / 1000 + lifetime_s,
    };
    println!("{}", sessions.sign(&claims)?);
    Ok(())
}

/// Runs `ingress openapi`.
pub fn print_description() -> anyhow::Result<()> {
    println!("{}", app::description().to_pretty_json()?);
    Ok(())
}

async fn tidy(app: App) {
    let mut every = tokio::time::interval(TIDY_EVERY);
    loop {
        every.tick().await;
        app.rate_limits.tidy();
    }
}
