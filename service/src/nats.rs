//! Connections to NATS.
//!
//! One connection is one task and one socket, so whatever must not wait for something else gets a
//! connection of its own: publishing, consuming, the feed.
//!
//! TLS is rustls with ring, the only provider in the dependency tree; with a second one rustls
//! could not choose and every process would have to install one.

mod events;

use std::{fmt, time::Duration};

use anyhow::{Context, bail};
use async_nats::{
    Client, ConnectError, ConnectErrorKind, ConnectOptions, ServerAddr,
    connection::State,
    jetstream::{self, context::ContextBuilder},
};
use tokio::time::{Instant, timeout};

use self::events::Events;
use crate::{
    backoff::{self, Backoff},
    config::Nats,
};

/// The oldest server whose acknowledgements hold: 2.10 acknowledged records it had lost.
const VERSION_FLOOR: (u64, u64) = (2, 14);

/// A server that does not answer two pings in a row is gone; with this, that takes six seconds
/// instead of the four minutes of the default.
const PING_INTERVAL: Duration = Duration::from_secs(2);

/// One attempt: TCP, TLS and the handshake.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a starting process waits for NATS, which may be starting beside it.
const INITIAL_WAIT: Duration = Duration::from_secs(15);

/// First and longest wait between attempts. The longest bounds how late a process notices that a
/// restarted server is back; the first, paid also when nothing failed yet, keeps a server that
/// accepts and hangs up from being called in a busy loop.
const RETRY: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// Requests that set no timeout of their own; far above a healthy answer, which takes milliseconds.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);

/// Messages waiting for one subscriber. At the limit NATS messages are dropped, which is logged and
/// counted; it is far above any pull batch, and what it may cost in memory is 64 KiB each.
const SUBSCRIPTION_CAPACITY: usize = 8_192;

/// Commands waiting for the connection's socket; at the limit `publish` waits.
const CLIENT_CAPACITY: usize = 2_048;

/// Publishes waiting for their acknowledgement; at the limit the next publish waits. Each sale has
/// one record in flight, so only more active sales than this could meet it.
const MAX_ACK_INFLIGHT: usize = 1_024;

/// How long closing waits for what is still to be sent.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Connects as `role` (`ingress`, `allocator`, `notifier`, `admin`), whose inboxes are
/// `_INBOX_<role>.>`. Afterwards the client reconnects by itself, forever.
///
/// # Errors
///
/// When no server answers within 15 s, when the servers refuse the user (at once), or when the
/// server is older than 2.14. Each is one sentence that names the servers.
pub async fn connect(config: &Nats, role: &str) -> anyhow::Result<Client> {
    connect_named(config, role, &format!("firstcome-{role}")).await
}

/// Like [`connect`], for a process with several connections as one role: `purpose` (`publish`,
/// `consume`, `feed`) tells them apart in logs and on the server.
pub async fn connect_for(config: &Nats, role: &str, purpose: &str) -> anyhow::Result<Client> {
    connect_named(config, role, &format!("firstcome-{role}-{purpose}")).await
}

async fn connect_named(config: &Nats, role: &str, name: &str) -> anyhow::Result<Client> {
    let servers = Servers::parse(&config.nats_url)?;
    let options = options(config, role, name);
    let client = first_connection(&servers, &options, config).await?;
    if let Err(too_old) = check_version(&client.server_info().version) {
        bail!("{too_old} ({servers})");
    }
    Ok(client)
}

fn options(config: &Nats, role: &str, name: &str) -> ConnectOptions {
    let events = Events::of(name);
    let mut options = ConnectOptions::new()
        .name(name)
        .custom_inbox_prefix(format!("_INBOX_{role}"))
        .ping_interval(PING_INTERVAL)
        .connection_timeout(ATTEMPT_TIMEOUT)
        .request_timeout(Some(REQUEST_TIMEOUT))
        .subscription_capacity(SUBSCRIPTION_CAPACITY)
        .client_capacity(CLIENT_CAPACITY)
        // The configured list is the truth: what servers tell of each other are often addresses
        // that are valid only among them, and never the names in their certificates.
        .ignore_discovered_servers()
        .max_reconnects(None)
        .reconnect_delay_callback(reconnect_delay)
        .event_callback(move |event| {
            events.tell(&event);
            std::future::ready(())
        });
    if let Some(user) = &config.nats_user {
        let password = config.nats_password.as_ref();
        let password = password.map_or("", |password| password.expose());
        options = options.user_and_password(user.clone(), password.to_owned());
    }
    if let Some(file) = &config.nats_ca_file {
        options = options
            .add_root_certificates(file.clone())
            .require_tls(true);
    }
    options
}

/// async-nats counts from 1 and asks before the first attempt too.
fn reconnect_delay(attempt: usize) -> Duration {
    let failures = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
    backoff::delay(RETRY.0, RETRY.1, failures, backoff::jitter())
}

/// Tries until a server answers; async-nats by itself either gives up at once or never.
async fn first_connection(
    servers: &Servers,
    options: &ConnectOptions,
    config: &Nats,
) -> anyhow::Result<Client> {
    let deadline = Instant::now() + INITIAL_WAIT;
    let mut retry = Backoff::new(RETRY.0, RETRY.1);
    loop {
        let error = match options.clone().connect(servers.0.as_slice()).await {
            Ok(client) => return Ok(client),
            Err(error) => error,
        };
        if refused(&error) {
            let user = config.nats_user.as_deref().unwrap_or("without a name");
            return Err(error).with_context(|| format!("NATS refused the user {user} ({servers})"));
        }
        if Instant::now() >= deadline {
            let wait_s = INITIAL_WAIT.as_secs();
            return Err(error)
                .with_context(|| format!("NATS did not answer within {wait_s} s ({servers})"));
        }
        if retry.failures() == 0 {
            tracing::warn!(nats.servers = %servers, error = %error, "waiting for NATS");
        }
        retry.wait().await;
    }
}

/// Trying again would not help.
fn refused(error: &ConnectError) -> bool {
    matches!(
        error.kind(),
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication
    )
}

/// JetStream over `client`; an acknowledgement that takes longer than `timeout` (1 to 2 s) is
/// `TimedOut`, which means unknown, not failed.
pub fn jetstream(client: Client, timeout: Duration) -> jetstream::Context {
    ContextBuilder::new()
        .timeout(timeout)
        // Also for those nobody waits for any more, whose permits would otherwise stay for 30 s.
        .ack_timeout(timeout)
        .backpressure_on_inflight(true)
        .max_ack_inflight(MAX_ACK_INFLIGHT)
        .build(client)
}

/// The readiness check of a connection: connected, and to a server that is new enough (another
/// one may have answered the last reconnect).
pub fn ready(client: &Client) -> Result<(), String> {
    match client.connection_state() {
        State::Connected => check_version(&client.server_info().version),
        State::Disconnected | State::Pending => Err("no connection to NATS".to_owned()),
    }
}

/// Sends what is still waiting and closes, within a second.
pub async fn close(client: &Client) {
    let closing = async {
        client.flush().await.ok();
        client.drain().await.ok();
    };
    if timeout(CLOSE_TIMEOUT, closing).await.is_err() {
        tracing::warn!("closed the connection to NATS with messages unsent");
    }
}

fn check_version(version: &str) -> Result<(), String> {
    let mut numbers = version.split('.').map(str::parse::<u64>);
    let found = match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor),
        _ => return Err(format!("cannot read the NATS server's version {version:?}")),
    };
    if found < VERSION_FLOOR {
        let (major, minor) = VERSION_FLOOR;
        return Err(format!(
            "NATS server {version} is too old: {major}.{minor} or newer is needed"
        ));
    }
    Ok(())
}

/// The configured servers; prints without user and password.
struct Servers(Vec<ServerAddr>);

impl Servers {
    fn parse(urls: &[String]) -> anyhow::Result<Self> {
        if urls.is_empty() {
            bail!("NATS_URL names no server");
        }
        // The URL stays out of the error: it may hold a password.
        let servers = urls.iter().map(|url| url.parse()).collect::<Result<_, _>>();
        Ok(Self(servers.context("NATS_URL is not a list of URLs")?))
    }
}

impl fmt::Display for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, server) in self.0.iter().enumerate() {
            let comma = if n > 0 { ", " } else { "" };
            let (scheme, host, port) = (server.scheme(), server.host(), server.port());
            write!(f, "{comma}{scheme}://{host}:{port}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_from_the_floor_on_are_accepted() {
        for version in ["2.14.0", "2.15.1", "2.14.0-RC.2", "3.0.0"] {
            assert_eq!(check_version(version), Ok(()), "{version}");
        }
    }

    #[test]
    fn an_older_server_is_refused_in_one_sentence() {
        assert_eq!(
            check_version("2.10.29").unwrap_err(),
            "NATS server 2.10.29 is too old: 2.14 or newer is needed"
        );
        assert!(check_version("").is_err());
    }

    #[test]
    fn servers_print_without_passwords() {
        let urls = ["nats://ingress:hunter2@a:4222".to_owned(), "b".to_owned()];
        let servers = Servers::parse(&urls).unwrap();
        assert_eq!(servers.to_string(), "nats://a:4222, nats://b:4222");
    }

    #[test]
    fn a_reconnect_never_waits_longer_than_a_second() {
        assert!(reconnect_delay(1) <= Duration::from_millis(20));
        for attempt in [0, 10, usize::MAX] {
            assert!(reconnect_delay(attempt) <= Duration::from_secs(1));
        }
    }
}
