//! One tenure of one partition: prepare, claim, decide, give back.

use std::time::{Duration, Instant};

use anyhow::Context;
use sale::{Partition, Seq};
use service::backoff::Backoff;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use uuid::Uuid;

use crate::announce::Announcer;
use crate::condition::{Trouble, Troubles, log_answers, why_in_doubt};
use crate::log::{Log, LogError};
use crate::owner::{self, Ended, Owner, Stepped, Tools};
use crate::store::{self, Grant, Renewed, Taken};

/// Connecting, and statements that touch one row: above `lock_timeout`, far above a healthy answer.
pub(crate) const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// Pauses between attempts to open a log again; the longest bounds how late its return is noticed.
const REOPEN_FROM: Duration = Duration::from_millis(50);
const REOPEN_TO: Duration = Duration::from_secs(1);

/// How long a partition is held in front of a record that this process must not decide, before it is
/// offered to others again.
const HOLD_STOPPED: Duration = Duration::from_secs(10);

/// How often everybody is told why; also renews the lease of 2 s.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// What a tenure needs.
pub(crate) struct Tenure {
    pub(crate) tools: Tools,
    pub(crate) postgres: PgConnectOptions,
    pub(crate) troubles: Troubles,
    pub(crate) partition: Partition,
    /// The record before which this process stopped the last time.
    pub(crate) stopped_before: Option<Seq>,
    /// Cancelled when the partition is to be given back.
    pub(crate) give_back: CancellationToken,
}

/// How a tenure went.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) partition: Partition,
    pub(crate) passed: Passed,
    pub(crate) has_decided: bool,
}

/// How a tenure ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    /// Before it began: somebody else was quicker, or the partition was not to be taken any more.
    NotTaken,
    /// Given back as asked, or taken away.
    On,
    /// In front of a record that this process must not decide.
    Stopped(Seq),
    /// In trouble; trying again at once would not help.
    Troubled,
}

/// Connects, or says within 2 s that it cannot.
pub(crate) async fn connect(options: &PgConnectOptions) -> anyhow::Result<PgConnection> {
    let connected = timeout(ANSWER_LIMIT, options.connect()).await;
    Ok(connected.context("connecting to Postgres")??)
}

impl Tenure {
    pub(crate) async fn run(self) -> Report {
        let mut has_decided = false;
        let passed = match self.take().await {
            Ok(None) => Passed::NotTaken,
            Ok(Some((postgres, loader, taken))) => {
                metrics::gauge!("allocator_owned_partitions").increment(1.0);
                // Boxed: it is large, and lives long.
                let owning = Box::pin(self.own(postgres, loader, taken, &mut has_decided));
                let passed = owning.await;
                metrics::gauge!("allocator_owned_partitions").decrement(1.0);
                passed
            }
            Err(trouble) => {
                warn!(partition = %self.partition, ?trouble, "cannot take the partition");
                self.troubles.set(self.partition, trouble);
                Passed::Troubled
            }
        };
        Report {
            partition: self.partition,
            passed,
            has_decided,
        }
    }

    /// Everything that can fail without a claim comes before the claim: a new epoch makes everybody
    /// reload, and helps nobody when the new owner cannot decide.
    async fn take(&self) -> Result<Option<(PgConnection, PgConnection, Taken)>, Trouble> {
        let postgres = |error: anyhow::Error| Trouble::Postgres(format!("{error:#}"));
        let connections = async {
            tokio::try_join!(connect(&self.postgres), connect(&self.postgres)).map_err(postgres)
        };
        let log = async {
            log_answers(&self.tools.jetstream, self.partition)
                .await
                .map_err(Trouble::Log)
        };
        let ((mut owning, loader), ()) = tokio::try_join!(connections, log)?;
        if self.give_back.is_cancelled() {
            return Ok(None);
        }
        let claiming = store::claim(&mut owning, self.partition, Uuid::new_v4());
        let claimed = timeout(ANSWER_LIMIT, claiming).await;
        let taken = claimed
            .map_err(anyhow::Error::from)
            .flatten()
            .map_err(postgres)?;
        Ok(taken.map(|taken| (owning, loader, taken)))
    }

    async fn own(
        &self,
        mut postgres: PgConnection,
        loader: PgConnection,
        taken: Taken,
        has_decided: &mut bool,
    ) -> Passed {
        let (grant, partition) = (taken.grant, self.partition);
        metrics::counter!("allocator_takeovers_total").increment(1);
        info!(%partition, epoch = grant.epoch, cursor = %taken.cursor, "took the partition over");
        if let Some(reason) = &taken.halted {
            error!(%partition, reason, "the partition is halted and waits for an operator");
            self.troubles
                .set(partition, Trouble::Halted(reason.clone()));
            let held = owner::hold_halted(&self.tools, &mut postgres, &taken, reason);
            let ended = self.give_back.run_until_cancelled(held).await;
            owner::release(postgres, grant).await;
            self.troubles.clear(partition);
            return ended.map_or(Passed::On, |ended| self.passed(&ended));
        }
        if let (Some(reason), Some(seq)) = (&taken.stopped, self.stopped_before)
            && seq == taken.cursor.next()
        {
            if let Some(foreign) = self.foreign_log(&taken).await {
                return self.conclude(postgres, grant, Some(foreign)).await;
            }
            self.hold_stopped(&mut postgres, &taken, reason).await;
            owner::release(postgres, grant).await;
            return Passed::Stopped(seq);
        }
        let deciding = Box::pin(self.decide(postgres, loader, taken, has_decided));
        let (postgres, ended) = deciding.await;
        self.conclude(postgres, grant, ended).await
    }

    async fn decide(
        &self,
        postgres: PgConnection,
        mut loader: PgConnection,
        taken: Taken,
        has_decided: &mut bool,
    ) -> (PgConnection, Option<Ended>) {
        let was_stopped = taken.stopped.is_some();
        let started = Owner::start(self.tools.clone(), postgres, &mut loader, taken).await;
        drop(loader.close().await);
        let mut owner = match started {
            Ok(owner) => owner,
            Err((postgres, ended)) => return (postgres, Some(ended)),
        };
        if !was_stopped {
            self.troubles.clear(self.partition);
        }
        while !self.give_back.is_cancelled() {
            let stepped = match owner.step().await {
                Ok(Stepped::Committed(_)) if !*has_decided => {
                    *has_decided = true;
                    self.troubles.clear(self.partition);
                    Ok(())
                }
                Ok(Stepped::Committed(_) | Stepped::Idle) => Ok(()),
                Err(Ended::Log(error)) => self.reopen_log(&mut owner, error).await,
                Err(ended) => Err(ended),
            };
            if let Err(ended) = stepped {
                return (owner.end(Some(&ended)).await, Some(ended));
            }
        }
        (owner.end(None).await, None)
    }

    /// While JetStream is away the partition is kept, memory and epoch included: nobody else could
    /// decide it either. Where somebody could, the partition is given back (see `compete.rs`).
    async fn reopen_log(&self, owner: &mut Owner, mut error: anyhow::Error) -> Result<(), Ended> {
        let partition = self.partition;
        warn!(%partition, error = %format!("{error:#}"), "the log is away; opening it again");
        let mut backoff = Backoff::new(REOPEN_FROM, REOPEN_TO);
        loop {
            let trouble = Trouble::Log(format!("{error:#}"));
            self.troubles.set(partition, trouble);
            let reopening = owner.reopen_log(backoff.next_delay());
            match self.give_back.run_until_cancelled(reopening).await {
                None => return Ok(()),
                Some(Ok(())) => break,
                Some(Err(Ended::Log(again))) => error = again,
                Some(Err(ended)) => return Err(ended),
            }
        }
        info!(%partition, "the log is back");
        self.troubles.clear(partition);
        Ok(())
    }

    /// Whether the log in front of which the partition stands still is another one by now. While
    /// JetStream is away there is nothing to tell.
    async fn foreign_log(&self, taken: &Taken) -> Option<Ended> {
        let horizons = self.tools.horizons.clone();
        // Boxed: it is large, and seldom.
        let opened = Box::pin(Log::open(&self.tools.jetstream, taken, horizons)).await;
        match opened {
            Err(LogError::Foreign(reason)) => Some(Ended::Halted(reason)),
            Ok(_) | Err(LogError::Away(_)) => None,
        }
    }

    /// Nobody newer has taken the partition yet: tells everybody why it stands still, without reading
    /// a million winners to come to the same record again.
    async fn hold_stopped(&self, postgres: &mut PgConnection, taken: &Taken, reason: &str) {
        let mut announcer = Announcer::new(self.tools.feed.clone(), taken);
        let offered_at = Instant::now() + HOLD_STOPPED;
        while Instant::now() < offered_at && !self.give_back.is_cancelled() {
            announcer.halted(reason).await;
            tokio::time::sleep(TELL_EVERY).await;
            match timeout(ANSWER_LIMIT, store::renew(postgres, taken.grant)).await {
                Ok(Ok(Renewed::Yes)) => {}
                Ok(Ok(Renewed::Halted(_) | Renewed::Fenced) | Err(_)) | Err(_) => return,
            }
        }
    }

    /// Leaves the partition the way its end demands.
    async fn conclude(
        &self,
        mut postgres: PgConnection,
        grant: Grant,
        ended: Option<Ended>,
    ) -> Passed {
        let partition = self.partition;
        let Some(ended) = ended else {
            info!(%partition, "gave the partition back");
            owner::release(postgres, grant).await;
            self.troubles.clear(partition);
            return Passed::On;
        };
        match &ended {
            Ended::Fenced => owner::tell_fenced(grant),
            Ended::Doubt(error) => {
                // This connection's state is unknown: it is dropped, never used again.
                drop(postgres);
                warn!(%partition, error = %format!("{error:#}"), "in doubt; reloading from Postgres");
                self.release_anew(grant).await;
            }
            Ended::Log(error) => {
                warn!(%partition, error = %format!("{error:#}"), "the log cannot be opened");
                owner::release(postgres, grant).await;
            }
            Ended::Stopped(stop) => {
                error!(%partition, reason = %stop, "stopped before a record it must not decide");
                let reason = ended.to_string();
                if let Err(error) = store::stop(&mut postgres, grant, stop.seq, &reason).await {
                    warn!(%partition, %error, "the stop could not be written down");
                }
                owner::release(postgres, grant).await;
            }
            Ended::Halted(reason) => {
                error!(%partition, reason, "halted the partition: an operator must look at it");
                if let Err(error) = store::halt(&mut postgres, grant, reason).await {
                    error!(%partition, %error, "the halt could not be written down");
                }
                owner::release(postgres, grant).await;
            }
        }
        self.passed(&ended)
    }

    /// Counts and remembers what stands in the way now.
    fn passed(&self, ended: &Ended) -> Passed {
        let (trouble, passed) = match ended {
            Ended::Fenced => return Passed::On,
            Ended::Doubt(error) => {
                let why = why_in_doubt(error);
                metrics::counter!("allocator_in_doubt_total", "why" => why).increment(1);
                (Trouble::Postgres(format!("{error:#}")), Passed::Troubled)
            }
            Ended::Log(error) => (Trouble::Log(format!("{error:#}")), Passed::Troubled),
            Ended::Halted(reason) => (Trouble::Halted(reason.clone()), Passed::Troubled),
            Ended::Stopped(stop) => (
                Trouble::Stopped(stop.to_string()),
                Passed::Stopped(stop.seq),
            ),
        };
        self.troubles.set(self.partition, trouble);
        passed
    }

    /// After a doubtful commit: whether it happened or not, this grant ends here. A commit still
    /// under way either holds the row, and the release waits for it, or comes later and is fenced.
    async fn release_anew(&self, grant: Grant) {
        match connect(&self.postgres).await {
            Ok(postgres) => owner::release(postgres, grant).await,
            Err(error) => {
                warn!(partition = %grant.partition, error = %format!("{error:#}"), "Postgres is away");
            }
        }
    }
}
