//! The notifier: decided feed in, WebSocket out. It decides nothing and stores nothing.
//!
//! | file | what it does |
//! |---|---|
//! | `listener.rs` | where they come in |
//! | `upgrade.rs`, `origin.rs`, `refusal.rs` | the door: who may have a WebSocket |
//! | `per_address.rs` | how many of them one address may have |
//! | `session.rs` | one connection: what its client asked for, and what it is told |
//! | `desk.rs` | what connections ask: which place, what became of it, how a sale stands |
//! | `board.rs` | followed sales, each written once for all its followers |
//! | `message.rs` | the messages of `firstcome.v1` |
//! | `outbox.rs` | what waits to be sent on a connection: bounded, latest wins |
//! | `wire.rs` | the WebSocket itself: buffers, stalls, goodbyes |
//! | `inbound.rs` | how much a client may send |
//! | `meters.rs` | the numbers |
//!
//! Deliberately absent: SQL and the feed's subject (the crate `feed` has both), log-in (a ticket is
//! a capability), and any queue without a limit. What one connection may hold is bounded by
//! [`TICKETS_MAX`], [`SALES_MAX`] and the limits at the top of `outbox.rs` and
//! `wire.rs`; what all may hold, by `CONNECTIONS_MAX`.

pub mod config;
mod listener;
mod origin;
mod per_address;
mod refusal;
mod upgrade;

mod session;

mod board;
mod desk;

mod inbound;
pub mod message;
mod outbox;
mod wire;

mod meters;

use std::sync::Arc;

use anyhow::Context;
use feed::Feed;
use sale::TicketKeys;
use service::client_address::TrustedHops;
use service::health::Health;
use service::http::HttpLimits;
use service::shutdown::Shutdown;
use tokio::sync::Semaphore;

use crate::board::Board;
use crate::desk::Desk;
use crate::meters::Meters;
pub use crate::origin::Origins;
use crate::per_address::PerAddress;
pub use crate::session::{SALES_MAX, TICKETS_MAX};
use crate::upgrade::Door;

/// Connections beyond `CONNECTIONS_MAX`, for handshakes under way and for telling those that are
/// too many why; further ones wait in the kernel's backlog.
const HANDSHAKES_MAX: usize = 256;

/// Files a process needs for everything else: Postgres, NATS, health, logs.
const OTHER_FILES: u64 = 64;

/// Only tickets of long ago and reloads of the feed ask Postgres, in a fraction of a millisecond each.
const POSTGRES_CONNECTIONS: u32 = 4;

/// Runs `notifier serve` until a signal stops it.
pub async fn serve(config: config::Serve) -> anyhow::Result<()> {
    service::telemetry::init(&config.serving.telemetry);
    let shutdown = Shutdown::on_signals(&config.serving.drain)?;
    run(config, shutdown).await
}

/// Runs the notifier until `shutdown` begins; tests bring their own.
pub async fn run(config: config::Serve, shutdown: Shutdown) -> anyhow::Result<()> {
    let keys: TicketKeys = config.ticket_keys.expose().parse().context("TICKET_KEYS")?;
    let database_url = config.serving.database.database_url.expose();
    let pool = feed::pool(database_url, "notifier", POSTGRES_CONNECTIONS)?;
    check_open_files(config.connections_max);
    let health = Health::new(&shutdown);
    health
        .start(&config.serving.health, "notifier", &shutdown)
        .await?;

    // Boxed: it is large, and done after a moment.
    let connecting = Box::pin(service::nats::connect_for(
        &config.serving.nats,
        "notifier",
        "feed",
    ));
    let Some(nats) = shutdown.stopping().run_until_cancelled(connecting).await else {
        return shutdown.finish().await;
    };
    let nats = nats?;
    let feed = Feed::start(nats.clone(), pool);
    register(&health, &nats, &feed);

    let listener = listener::listen(config.listen_addr)
        .with_context(|| format!("LISTEN_ADDR {} cannot be used", config.listen_addr))?;
    tracing::info!(listen.addr = %listener.local_addr()?, "serving WebSockets at /v1/live");
    let connections_max = config.connections_max as usize;
    let door = Door {
        desk: Arc::new(Desk {
            board: Board::new(feed.clone()),
            feed,
            keys,
            meters: Meters::new(),
        }),
        origins: config.allowed_origins,
        slots: Arc::new(Semaphore::new(connections_max)),
        per_address: PerAddress::new(config.connections_per_address_max),
        hops: TrustedHops(config.trusted_hops),
        shutdown: shutdown.clone(),
    };
    let limits = HttpLimits {
        max_connections: connections_max + HANDSHAKES_MAX,
        drain: config.serving.drain.limit(),
        ..HttpLimits::default()
    };
    let router = upgrade::router(door);
    let draining = shutdown.draining();
    shutdown.spawn("serving WebSockets", async move {
        service::http::serve(listener, router, limits, draining).await;
        Ok(())
    });
    health.started();

    let outcome = shutdown.finish().await;
    service::nats::close(&nats).await;
    outcome
}

fn register(health: &Health, nats: &async_nats::Client, feed: &Feed) {
    let (nats, feed) = (nats.clone(), feed.clone());
    health.register("nats", move || service::nats::ready(&nats));
    health.register("feed", move || match feed.is_loaded() {
        true => Ok(()),
        false => Err("sales and partitions are not read from Postgres yet".to_owned()),
    });
}

fn check_open_files(connections_max: u32) {
    let allowed = service::open_files::raise();
    let needed = u64::from(connections_max) + HANDSHAKES_MAX as u64 + OTHER_FILES;
    if allowed < needed {
        tracing::warn!(
            files.allowed = allowed,
            files.needed = needed,
            "CONNECTIONS_MAX is more than the limit of open files allows"
        );
    }
}
