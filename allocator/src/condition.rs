//! What stands in the way of deciding, as `/readyz` and `/metrics` tell it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::{self, ErrorCode, context::GetStreamErrorKind};
use sale::{Partition, subject};
use service::health::Flag;
use tokio_util::sync::CancellationToken;

/// How often JetStream is asked whether it answers.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// Why a partition is not decided although this replica has it, or would have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// An operator must look at it.
    Halted(String),
    /// The next record is for another build or another configuration.
    Stopped(String),
    /// Postgres is away, or what it did is unknown.
    Postgres(String),
    /// The log is away.
    Log(String),
}

impl Trouble {
    const NAMES: [&str; 4] = ["halted", "stopped", "postgres", "log"];

    const fn name(&self) -> &'static str {
        match self {
            Self::Halted(_) => Self::NAMES[0],
            Self::Stopped(_) => Self::NAMES[1],
            Self::Postgres(_) => Self::NAMES[2],
            Self::Log(_) => Self::NAMES[3],
        }
    }

    fn reason(&self) -> &str {
        let (Self::Halted(reason)
        | Self::Stopped(reason)
        | Self::Postgres(reason)
        | Self::Log(reason)) = self;
        reason
    }
}

/// The troubles of all partitions; clones share them. At most one each, the latest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Troubles(Arc<Mutex<BTreeMap<Partition, Trouble>>>);

impl Troubles {
    pub(crate) fn set(&self, partition: Partition, trouble: Trouble) {
        self.change(|troubles| {
            troubles.insert(partition, trouble);
        });
    }

    /// The partition is decided, or somebody else's.
    pub(crate) fn clear(&self, partition: Partition) {
        self.change(|troubles| {
            troubles.remove(&partition);
        });
    }

    /// The readiness check: every partition in trouble, by number, with the reason.
    pub(crate) fn check(&self) -> Result<(), String> {
        let troubles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if troubles.is_empty() {
            return Ok(());
        }
        let named = troubles.iter().map(|(partition, trouble)| {
            let (name, reason) = (trouble.name(), trouble.reason());
            format!("partition {partition} ({name}): {reason}")
        });
        Err(named.collect::<Vec<_>>().join("; "))
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<Partition, Trouble>)) {
        let mut troubles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut troubles);
        for name in Trouble::NAMES {
            let count = troubles.values().filter(|trouble| trouble.name() == name);
            metrics::gauge!("allocator_troubled_partitions", "trouble" => name)
                .set(count.count() as f64);
        }
    }
}

/// Why an owner is in doubt, in as many words as a metric can bear.
pub(crate) fn why_in_doubt(error: &anyhow::Error) -> &'static str {
    let Some(error) = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<sqlx::Error>())
    else {
        let is_late = error
            .chain()
            .any(|cause| cause.is::<tokio::time::error::Elapsed>());
        return if is_late { "timeout" } else { "other" };
    };
    let code = error.as_database_error().and_then(|error| error.code());
    match code.as_deref() {
        None => "connection",
        Some("25006") => "read-only",
        Some("53100") => "disk-full",
        Some("55P03" | "40P01" | "40001") => "lock",
        Some(code) if code.starts_with("57P") => "shutdown",
        Some(code) if code.starts_with("53") => "resources",
        Some(_) => "other",
    }
}

/// Whether JetStream answers this process. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct LogAnswers {
    answers: Arc<AtomicBool>,
    flag: Flag,
}

impl LogAnswers {
    pub(crate) fn new(flag: Flag) -> Self {
        let answers = Arc::default();
        Self { answers, flag }
    }

    pub(crate) fn now(&self) -> bool {
        self.answers.load(Ordering::Relaxed)
    }

    /// Asks once a second until the process drains.
    pub(crate) async fn watch(
        self,
        client: Client,
        jetstream: jetstream::Context,
        draining: CancellationToken,
    ) -> anyhow::Result<()> {
        let mut ticks = tokio::time::interval(ASK_EVERY);
        while draining.run_until_cancelled(ticks.tick()).await.is_some() {
            let first = Partition::try_from(0)?;
            let asking = async {
                service::nats::ready(&client)?;
                log_answers(&jetstream, first).await
            };
            let Some(answer) = draining.run_until_cancelled(asking).await else {
                break;
            };
            self.answers.store(answer.is_ok(), Ordering::Relaxed);
            match answer {
                Ok(()) => self.flag.ready(),
                Err(reason) => self.flag.unready(reason),
            }
        }
        Ok(())
    }
}

/// Whether JetStream can say anything about a partition's log; that there is none is an answer, too.
pub(crate) async fn log_answers(
    jetstream: &jetstream::Context,
    partition: Partition,
) -> Result<(), String> {
    let asked = jetstream.get_stream(subject::stream(partition)).await;
    let Err(error) = asked else {
        return Ok(());
    };
    match error.kind() {
        GetStreamErrorKind::JetStream(error)
            if error.error_code() == ErrorCode::STREAM_NOT_FOUND =>
        {
            Ok(())
        }
        _ => Err(format!("JetStream does not answer: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn troubles_name_their_partitions_until_they_are_over() {
        let troubles = Troubles::default();
        let [first, second] = [0, 3].map(|number| Partition::try_from(number).unwrap());
        assert_eq!(troubles.check(), Ok(()));
        troubles.set(second, Trouble::Halted("sold too much".into()));
        troubles.set(first, Trouble::Log("no answer".into()));
        assert_eq!(
            troubles.check().unwrap_err(),
            "partition 00 (log): no answer; partition 03 (halted): sold too much"
        );
        troubles.clear(first);
        troubles.clear(second);
        assert_eq!(troubles.check(), Ok(()));
    }

    #[tokio::test]
    async fn doubts_are_told_apart() {
        let late = tokio::time::timeout(Duration::ZERO, std::future::pending::<()>()).await;
        assert_eq!(why_in_doubt(&late.unwrap_err().into()), "timeout");
        let gone = anyhow::Error::from(sqlx::Error::PoolClosed).context("loading winners");
        assert_eq!(why_in_doubt(&gone), "connection");
        assert_eq!(why_in_doubt(&anyhow::anyhow!("what?")), "other");
    }
}
