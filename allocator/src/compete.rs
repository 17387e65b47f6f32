//! Competes for partitions: one task each, which claims, owns, and gives back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sale::Partition;
use service::backoff::Backoff;
use service::health::Flag;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use uuid::Uuid;

use crate::owner::{self, Ended, Owner, Tools};
use crate::store::{self, Taken};

/// How often a standby looks whether a lease has run out.
const CLAIM_EVERY: Duration = Duration::from_millis(300);

/// How much longer it waits for each partition it holds already: the idle one comes first.
const CLAIM_LATER_PER_HELD: Duration = Duration::from_millis(150);

/// How long a partition is left to others after a record this process must not decide.
const LEAVE_STOPPED: Duration = Duration::from_secs(10);

/// How often partitions are looked for that `allocator setup` added.
const LOOK_FOR_NEW: Duration = Duration::from_secs(10);

/// Pauses between attempts to reach Postgres or JetStream.
const RETRY_FROM: Duration = Duration::from_millis(50);
const RETRY_TO: Duration = Duration::from_secs(2);

/// What competing for partitions needs.
#[derive(Clone)]
pub(crate) struct Competition {
    pub(crate) tools: Tools,
    pub(crate) postgres: PgConnectOptions,
    pub(crate) allow_unsafe_postgres: bool,
    pub(crate) reachable: Flag,
    pub(crate) draining: CancellationToken,
}

impl Competition {
    /// Competes for every partition there is until the process drains.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let held = Arc::new(AtomicUsize::new(0));
        let mut partitions = JoinSet::new();
        let mut backoff = Backoff::new(RETRY_FROM, RETRY_TO);
        let mut known = 0;
        while !self.draining.is_cancelled() {
            match self.partitions().await {
                Ok(found) => {
                    backoff.reset();
                    self.reachable.ready();
                    for partition in found.into_iter().skip(known) {
                        known += 1;
                        partitions.spawn(self.clone().compete(partition, Arc::clone(&held)));
                    }
                    self.draining
                        .run_until_cancelled(tokio::time::sleep(LOOK_FOR_NEW))
                        .await;
                }
                Err(error) => {
                    self.reachable.unready(error.to_string());
                    warn!(error = %format!("{error:#}"), "cannot read the list of partitions");
                    self.draining.run_until_cancelled(backoff.wait()).await;
                }
            }
        }
        while let Some(ended) = partitions.join_next().await {
            ended?;
        }
        Ok(())
    }

    async fn partitions(&self) -> anyhow::Result<Vec<Partition>> {
        let mut postgres = self.postgres.connect().await?;
        if !self.allow_unsafe_postgres {
            store::check_durability(&mut postgres).await?;
        }
        let partitions = store::partitions(&mut postgres).await?;
        postgres.close().await?;
        Ok(partitions)
    }

    async fn compete(self, partition: Partition, held: Arc<AtomicUsize>) {
        let mut backoff = Backoff::new(RETRY_FROM, RETRY_TO);
        while !self.draining.is_cancelled() {
            match self.claim(partition).await {
                Ok(Some((postgres, taken))) => {
                    held.fetch_add(1, Ordering::Relaxed);
                    metrics::gauge!("allocator_owned_partitions").increment(1.0);
                    let ended = self.own(postgres, taken).await;
                    metrics::gauge!("allocator_owned_partitions").decrement(1.0);
                    held.fetch_sub(1, Ordering::Relaxed);
                    self.rest_after(partition, ended, &mut backoff).await;
                }
                Ok(None) => {
                    backoff.reset();
                    self.rest(claim_pause(held.load(Ordering::Relaxed))).await;
                }
                Err(error) => {
                    warn!(%partition, error = %format!("{error:#}"), "cannot claim the partition");
                    self.draining.run_until_cancelled(backoff.wait()).await;
                }
            }
        }
    }

    async fn claim(&self, partition: Partition) -> anyhow::Result<Option<(PgConnection, Taken)>> {
        let mut postgres = self.postgres.connect().await?;
        let taken = store::claim(&mut postgres, partition, Uuid::new_v4()).await?;
        if taken.is_none() {
            postgres.close().await?;
            return Ok(None);
        }
        Ok(taken.map(|taken| (postgres, taken)))
    }

    /// Owns a partition until it is lost, stopped, or the process drains (`None`).
    async fn own(&self, mut postgres: PgConnection, taken: Taken) -> Option<Ended> {
        let (grant, partition) = (taken.grant, taken.grant.partition);
        metrics::counter!("allocator_takeovers_total").increment(1);
        info!(%partition, epoch = grant.epoch, cursor = %taken.cursor, "took the partition over");
        if let Some(reason) = &taken.halted {
            error!(%partition, reason, "the partition is halted and waits for an operator");
            let held = owner::hold_halted(&self.tools, &mut postgres, &taken, reason);
            let ended = self.draining.run_until_cancelled(held).await;
            owner::release(postgres, grant).await;
            return ended;
        }
        let (postgres, ended) = self.decide(postgres, taken).await;
        self.conclude(postgres, grant, ended).await
    }

    async fn decide(&self, postgres: PgConnection, taken: Taken) -> (PgConnection, Option<Ended>) {
        let mut loader = match self.postgres.connect().await {
            Ok(loader) => loader,
            Err(error) => return (postgres, Some(Ended::Doubt(error.into()))),
        };
        let started = Owner::start(self.tools.clone(), postgres, &mut loader, taken).await;
        drop(loader.close().await);
        let mut owner = match started {
            Ok(owner) => owner,
            Err((postgres, ended)) => return (postgres, Some(ended)),
        };
        while !self.draining.is_cancelled() {
            if let Err(ended) = owner.step().await {
                return (owner.end(Some(&ended)).await, Some(ended));
            }
        }
        (owner.end(None).await, None)
    }

    /// Leaves the partition the way its end demands.
    async fn conclude(
        &self,
        mut postgres: PgConnection,
        grant: store::Grant,
        ended: Option<Ended>,
    ) -> Option<Ended> {
        let partition = grant.partition;
        match &ended {
            None => {
                info!(%partition, "gave the partition back");
                owner::release(postgres, grant).await;
            }
            Some(Ended::Fenced) => owner::tell_fenced(grant),
            Some(Ended::Doubt(error)) => {
                // This connection's state is unknown: it is dropped, never used again.
                drop(postgres);
                warn!(%partition, error = %format!("{error:#}"), "in doubt; reloading from Postgres");
                self.release_anew(grant).await;
            }
            Some(Ended::Log(error)) => {
                warn!(%partition, error = %format!("{error:#}"), "the log is away; opening it again");
                owner::release(postgres, grant).await;
            }
            Some(Ended::Stopped(stop)) => {
                error!(%partition, reason = %stop, "stopped before a record it must not decide");
                owner::release(postgres, grant).await;
            }
            Some(Ended::Halted(reason)) => {
                error!(%partition, reason, "halted the partition: an operator must look at it");
                if let Err(error) = store::halt(&mut postgres, grant, reason).await {
                    error!(%partition, %error, "the halt could not be written down");
                }
                owner::release(postgres, grant).await;
            }
        }
        ended
    }

    /// After a doubtful commit: whether it happened or not, this grant ends here. A commit still
    /// under way either holds the row, and the release waits for it, or comes later and is fenced.
    async fn release_anew(&self, grant: store::Grant) {
        match self.postgres.connect().await {
            Ok(postgres) => owner::release(postgres, grant).await,
            Err(error) => warn!(partition = %grant.partition, %error, "Postgres is away"),
        }
    }

    async fn rest_after(&self, partition: Partition, ended: Option<Ended>, backoff: &mut Backoff) {
        match ended {
            None | Some(Ended::Fenced) => {}
            Some(Ended::Doubt(_) | Ended::Log(_) | Ended::Halted(_)) => {
                self.draining.run_until_cancelled(backoff.wait()).await;
            }
            Some(Ended::Stopped(_)) => {
                info!(%partition, "leaves the partition to a newer allocator for a while");
                self.rest(LEAVE_STOPPED).await;
            }
        }
    }

    async fn rest(&self, pause: Duration) {
        self.draining
            .run_until_cancelled(tokio::time::sleep(pause))
            .await;
    }
}

/// Jittered, so that standbys do not all knock at the same moment.
fn claim_pause(held: usize) -> Duration {
    let later = CLAIM_LATER_PER_HELD * u32::try_from(held).unwrap_or(u32::MAX);
    (CLAIM_EVERY + later).mul_f64(0.75 + service::backoff::jitter() / 2.0)
}
