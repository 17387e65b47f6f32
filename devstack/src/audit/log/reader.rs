//! Reading a sale's records from JetStream.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::stream::Stream;
use async_nats::jetstream::{self, Message};
use async_nats::{Client, ConnectOptions, ServerAddr};
use futures_util::StreamExt;
use tokio::time::timeout;
use uuid::Uuid;

use super::record::Body;
use super::{Log, LoggedRecord};

/// Records asked for at once. A record has up to 64 KiB: all of them stay well below the 32 MB that the server
/// keeps for a connection.
const PULL_RECORDS: usize = 256;

/// A pull is answered at once, with what is there; later than this there is no server.
const PULL_PATIENCE: Duration = Duration::from_secs(10);

/// How long the server remembers a reader that went away.
const READER_FORGOTTEN_AFTER: Duration = Duration::from_secs(30);

/// NATS lets the auditor subscribe to no other.
const INBOX: &str = "_INBOX_auditor";

/// Connects as the auditor, who may read the log and nothing else: `nats://auditor:password@host:port`.
pub async fn connect(url: &str) -> Result<Client> {
    // The URL holds a password: what is said is why, not where.
    let server: ServerAddr = url.parse().context("NATS has no such URL")?;
    let user = server.username().unwrap_or_default().to_owned();
    let password = server.password().unwrap_or_default().to_owned();
    // The client knows what a URL's login is, and does not use it.
    let options = ConnectOptions::with_user_and_password(user, password);
    let connected = options.custom_inbox_prefix(INBOX).connect(server).await;
    connected.context("the log cannot be read: no connection to NATS")
}

impl Log {
    /// Reads everything that the log holds of a sale. Nothing is acknowledged, nothing changes.
    pub async fn read(client: &Client, partition: u16, sale: Uuid) -> Result<Self> {
        let mut jetstream = jetstream::new(client.clone());
        jetstream.set_timeout(PULL_PATIENCE);
        let name = format!("SALE_LOG_{partition:02}");
        let stream = jetstream
            .get_stream(&name)
            .await
            .with_context(|| format!("the log {name} cannot be read"))?;
        let subject = format!("sale.{partition:02}.{sale}.");
        let mut log = Self {
            partition,
            first_seq: stream.cached_info().state.first_sequence,
            records: Vec::new(),
        };
        let reader = reader(&stream, &subject).await?;
        while log.pull(&reader, &subject).await? > 0 {}
        Ok(log)
    }

    /// Appends the next records; how many there were.
    async fn pull(&mut self, reader: &PullConsumer, subject: &str) -> Result<usize> {
        // Without an expiry: with one the server waits for more at the end of the log.
        let pulled = reader.fetch().max_messages(PULL_RECORDS);
        let mut messages = pulled.messages().await?;
        let before = self.records.len();
        while let Some(message) = timeout(PULL_PATIENCE, messages.next())
            .await
            .context("the log does not answer")?
        {
            let message = message.map_err(|error| anyhow::anyhow!("reading the log: {error}"))?;
            self.append(&message, subject)?;
        }
        Ok(self.records.len() - before)
    }

    fn append(&mut self, message: &Message, subject: &str) -> Result<()> {
        let place = message.info().map_err(|error| anyhow::anyhow!("{error}"))?;
        // Whoever reads too slowly is sent less than was asked for, without a word.
        ensure!(
            place.consumer_sequence == self.records.len() as u64 + 1,
            "records were lost on their way before record {}",
            place.stream_sequence
        );
        let sale = subject.rsplit('.').nth(1).unwrap_or_default();
        let is_command = message.subject.as_str() == format!("{subject}control");
        let body = Body::read(sale, is_command, &message.payload)
            .with_context(|| format!("record {} cannot be judged", place.stream_sequence))?;
        self.records.push(LoggedRecord {
            seq: place.stream_sequence,
            at_ms: i64::try_from(place.published.unix_timestamp_nanos() / 1_000_000)?,
            body,
        });
        Ok(())
    }
}

/// A consumer of our own that begins at the beginning and acknowledges nothing.
async fn reader(stream: &Stream, subject: &str) -> Result<PullConsumer> {
    let config = pull::Config {
        name: Some(format!("auditor-{}", Uuid::new_v4())),
        filter_subject: format!("{subject}*"),
        ack_policy: AckPolicy::None,
        inactive_threshold: READER_FORGOTTEN_AFTER,
        memory_storage: true,
        num_replicas: 1,
        ..Default::default()
    };
    Ok(stream.create_consumer(config).await?)
}
