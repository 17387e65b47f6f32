//! The ingress: HTTP in, log out. It answers `202` with a ticket once a purchase is durable.
//!
//! | file | what it does |
//! |---|---|
//! | `app.rs` | which path leads where |
//! | `front_door.rs` | what happens to every request before and after its handler |
//! | `routes/` | the handlers, one file for each noun |
//! | `accounts.rs` | who people are: passwords, sessions |
//! | `request.rs` | what a request may say |
//! | `buying.rs` | from a wish to a place in the log: admission, keys, group commit |
//! | `commands.rs` | operator commands, logged and waited for |
//! | `log.rs` | writes to JetStream, and watches it |
//! | `traffic.rs` | what doors count, and tell each other, for operators to look at |
//! | `pages.rs`, `csv.rs` | long answers |
//! | `problem.rs` | every refusal |
//! | `openapi.rs` | the description of the API |
//! | `store.rs`, `store/` | SQL that is not about tickets |
//! | `bare.rs` | the same without a log, for measuring; not in the program |
//!
//! Deliberately absent: any decision about who wins, and any write to sales, orders or decisions.

mod accounts;
mod app;
pub mod bare;
mod buying;
mod commands;
pub mod config;
mod csv;
mod front_door;
mod log;
mod openapi;
mod pages;
mod problem;
mod request;
mod routes;
mod store;
mod traffic;

use std::time::Duration;

use anyhow::Context;
use async_nats::Client;
use feed::Feed;
use sale::TicketKeys;
use service::config::Nats;
use service::health::Health;
use service::http::{self, HttpLimits};
use service::shutdown::Shutdown;
use tracing::info;

use crate::accounts::passwords::Passwords;
use crate::accounts::session::{Claims, Cookies, Role, SessionKeys};
use crate::app::{App, Parts};
use crate::buying::admission::Admission;
use crate::buying::batcher::Batchers;
use crate::buying::keys::Keys;
use crate::buying::pausing::Pausing;
use crate::commands::Undecided;
use crate::front_door::client_address::TrustedHops;
use crate::front_door::rate_limits::RateLimits;
use crate::log::Log;
use crate::log::publisher::Publisher;
use crate::log::records::Records;
use crate::routes::operations::books::KeptBooks;
use crate::routes::page::PageConfig;
use crate::traffic::Traffic;

pub use accounts::create_operator::create_operator;

/// Postgres connections of one replica: it reads old tickets and orders, never on the hot path.
const POSTGRES_CONNECTIONS: u32 = 8;

/// How often rate limits and keys forget shoppers who went away.
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
    let clock = health.flag("clock", "not compared with the log's server yet");
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
    let ended_sessions = accounts::revocations::Watch::begin(pool.clone()).await?;

    let jetstream = service::nats::jetstream(publish.clone(), log::publisher::ACK_TIMEOUT);
    let records = Records::new(jetstream.clone());
    let traffic = Traffic::new();
    let publisher = Publisher::new(jetstream, feed.clone(), traffic.clone());
    publisher.check_streams().await?;
    let app = App::new(Parts {
        batchers: Batchers::new(log(publisher.clone()), tickets.current().id()),
        publisher,
        rate_limits: RateLimits::new(&config.rates),
        admission: Admission::new(Duration::from_millis(config.queue_wait_max_ms)),
        keys: Keys::new(),
        records,
        undecided: Undecided::new(),
        pausing: Pausing::default(),
        traffic: traffic.clone(),
        books: KeptBooks::new(),
        feed,
        pool,
        tickets,
        sessions,
        cookies: Cookies::new(config.cookie_secure),
        revocations: ended_sessions.revocations(),
        passwords: Passwords::new()?,
        page,
    });
    tokio::spawn(tidy(app.clone()));
    tokio::spawn(log::watch::watch(app.clone(), clock));
    tokio::spawn(ended_sessions.run());
    tokio::spawn(traffic::exchange::exchange(traffic, follow.clone()));

    let listener = service::http::listen(config.listen_addr, None)
        .with_context(|| format!("cannot listen on {}", config.listen_addr))?;
    info!(address = %listener.local_addr()?, "serving");
    let limits = HttpLimits {
        drain: config.serving.drain.limit(),
        ..HttpLimits::default()
    };
    let hops = TrustedHops(config.trusted_hops);
    let router = app::router(app, config.web_dir, hops);
    let draining = shutdown.draining();
    shutdown.spawn("the HTTP API", async move {
        http::serve(listener, router, limits, draining).await;
        Ok(())
    });
    health.started();

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
        jti: uuid::Uuid::new_v4(),
        sub: uuid::Uuid::new_v4(),
        role: Role::Operator,
        email: None,
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
        app.keys.tidy(std::time::Instant::now());
    }
}
