//! `allocator setup`: migrations, streams, partition rows. Idempotent; what is newer is left alone.

use anyhow::{Context, bail};
use async_nats::jetstream;
use async_nats::jetstream::stream::{Config, Info};
use sale::{Partition, subject};
use sqlx::PgConnection;
use tracing::info;

use crate::config::Setup;
use crate::log::{RUNBOOK, is_missing};
use crate::store;

/// The shape of a partition's stream, shared with people and the `nats` tool.
const STREAM: &str = include_str!("../../nats/streams.json");

/// Brings Postgres first, then each partition: the stream, and the row that knows it.
pub(crate) async fn setup(
    config: &Setup,
    jetstream: &jetstream::Context,
    postgres: &mut PgConnection,
) -> anyhow::Result<()> {
    sqlx::migrate!("../migrations")
        .run(&mut *postgres)
        .await
        .context("migrations")?;
    let present = store::partition_count(postgres).await?;
    if present > config.partitions {
        bail!(
            "Postgres has {present} partitions, PARTITIONS says {}: they can only grow, because \
             tickets and sales name theirs",
            config.partitions
        );
    }
    for number in 0..config.partitions {
        let partition = Partition::try_from(number)?;
        let stream = ensure_stream(config, jetstream, partition).await?;
        let known = store::ensure_partition(postgres, partition, stream.created).await?;
        if !store::same_stream(known, stream.created) {
            bail!(
                "stream {} is not the one partition {partition} was decided from: it was created \
                 at {}, Postgres knows one of {known}. See {RUNBOOK}",
                subject::stream(partition),
                stream.created
            );
        }
        info!(%partition, stream.last_seq = stream.state.last_sequence, "partition is set up");
    }
    Ok(())
}

async fn ensure_stream(
    config: &Setup,
    jetstream: &jetstream::Context,
    partition: Partition,
) -> anyhow::Result<Info> {
    let wanted = stream_config(config, partition)?;
    let name = subject::stream(partition);
    match jetstream.get_stream(&name).await {
        Ok(stream) if same_shape(&stream.cached_info().config, &wanted) => {
            Ok(stream.cached_info().clone())
        }
        Ok(_) => {
            info!(%partition, "the stream's configuration changes");
            jetstream
                .update_stream(&wanted)
                .await
                .with_context(|| format!("stream {name}"))
        }
        Err(error) if is_missing(&error) => {
            let stream = jetstream
                .create_stream(wanted)
                .await
                .with_context(|| format!("stream {name}"))?;
            Ok(stream.cached_info().clone())
        }
        Err(error) => Err(error).with_context(|| format!("stream {name}")),
    }
}

/// What a stream must have for an acknowledgement to mean what rule 2 says.
fn same_shape(found: &Config, wanted: &Config) -> bool {
    found.storage == wanted.storage
        && found.retention == wanted.retention
        && found.no_ack == wanted.no_ack
        && found.subjects == wanted.subjects
        && found.max_bytes == wanted.max_bytes
        && found.num_replicas == wanted.num_replicas
        && found.discard == wanted.discard
        && found.max_age == wanted.max_age
        && found.max_message_size == wanted.max_message_size
        && found.duplicate_window == wanted.duplicate_window
        && found.deny_delete == wanted.deny_delete
}

fn stream_config(config: &Setup, partition: Partition) -> anyhow::Result<Config> {
    let text = STREAM.replace("{partition}", &partition.to_string());
    let mut stream: Config = serde_json::from_str(&text).context("nats/streams.json")?;
    debug_assert_eq!(stream.name, subject::stream(partition));
    stream.max_bytes = config.log_max_bytes;
    stream.num_replicas = config.log_replicas;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use async_nats::jetstream::stream::{DiscardPolicy, RetentionPolicy, StorageType};
    use clap::Parser;
    use sale::subject::{Channel, LogSubject};
    use sale::{Moment, SaleId};

    use super::*;
    use crate::config::{Cli, Command};

    #[test]
    fn the_stream_definition_keeps_what_a_202_promises() {
        let cli = Cli::parse_from(["allocator", "setup", "--database-url", "postgres://"]);
        let Command::Setup(config) = cli.command else {
            panic!("setup was parsed")
        };
        let partition = Partition::try_from(7).unwrap();
        let stream = stream_config(&config, partition).unwrap();

        assert_eq!(stream.name, subject::stream(partition));
        assert_eq!(stream.storage, StorageType::File);
        assert_eq!(stream.retention, RetentionPolicy::Limits);
        assert_eq!(stream.discard, DiscardPolicy::New);
        assert!(
            stream.max_age.is_zero(),
            "age would delete what nobody has decided yet"
        );
        assert_eq!(stream.max_bytes, config.log_max_bytes);
        assert!(stream.max_message_size as usize >= 2 * sale::GROUP_BYTES_MAX);
        assert!(stream.deny_delete && !stream.no_ack);
    }

    #[test]
    fn the_stream_takes_exactly_the_subjects_the_code_writes() {
        let sale = SaleId::new(Partition::try_from(3).unwrap(), Moment::from_unix_ms(0), 1);
        let cli = Cli::parse_from(["allocator", "setup", "--database-url", "postgres://"]);
        let Command::Setup(config) = cli.command else {
            panic!("setup was parsed")
        };
        let stream = stream_config(&config, sale.partition()).unwrap();
        for channel in [Channel::Purchases, Channel::Control] {
            let subject = LogSubject::of(sale, channel).to_string();
            let pattern = subject.replace(&sale.to_string(), "*");
            assert!(stream.subjects.contains(&pattern), "{subject}");
        }
    }
}
