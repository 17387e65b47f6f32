//! One owned partition: read, decide, commit, announce. `step` is the whole of it; the loop
//! around it only repeats it until the partition is lost, given back or stopped.
//!
//! Decisions run ahead of the commits by one group. When a commit fails or is in doubt, the owner
//! ends and with it everything in memory, so nobody ever sees a decision that was not committed.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use async_nats::Client;
use async_nats::jetstream;
use sale::{AllocationError, Seq, TicketKeys};
use sqlx::{Connection, PgConnection};
use thiserror::Error;
use tracing::{info, warn};

use crate::announce::Announcer;
use crate::group::{Decider, Group, Stop};
use crate::log::{Horizons, Log, LogError};
use crate::store::{self, Committed, Grant, Renewed, Step, Taken};
use crate::throttle::Throttle;
use crate::trim::{Trimmer, Trimming};

/// How long an idle owner waits for a record before it gives a sign of life on the feed.
const PULSE: Duration = Duration::from_millis(250);

/// How often an owner that commits nothing renews its lease of 2 s.
const RENEW_EVERY: Duration = Duration::from_millis(500);

/// A commit that takes longer has an unknown outcome; the connection is thrown away and what
/// happened is read back. Above `lock_timeout` and any healthy commit, so that it is rare.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(5);

/// SQLSTATE classes of a wrong value and of a violated constraint: a bug, never to be retried.
const BUG_CLASSES: [&str; 2] = ["22", "23"];

/// What every owner of this process shares.
#[derive(Clone)]
pub(crate) struct Tools {
    pub(crate) jetstream: jetstream::Context,
    pub(crate) feed: Client,
    pub(crate) keys: TicketKeys,
    /// Most purchases a second that one partition may commit; `None` for as many as it can.
    pub(crate) decisions_max_per_s: Option<NonZeroU32>,
    pub(crate) horizons: Horizons,
    pub(crate) trimmer: Trimmer,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stepped {
    /// Committed a group; that many purchases in it.
    Committed(u64),
    /// Nothing waited.
    Idle,
}

/// Why an owner cannot go on with what it has in memory.
#[derive(Debug, Error)]
pub(crate) enum Ended {
    /// Somebody else owns the partition.
    #[error("another allocator owns the partition")]
    Fenced,
    /// It is unknown whether the last commit happened, or Postgres is away.
    #[error("in doubt about Postgres: {0}")]
    Doubt(#[source] anyhow::Error),
    /// JetStream is away.
    #[error(transparent)]
    Log(anyhow::Error),
    /// A record that this build or this configuration must not decide.
    #[error("stopped: {0}")]
    Stopped(#[from] Stop),
    /// Something is wrong that only a person can judge.
    #[error("halted: {0}")]
    Halted(String),
}

impl From<LogError> for Ended {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Away(error) => Self::Log(error),
            LogError::Foreign(reason) => Self::Halted(reason),
        }
    }
}

fn in_doubt(error: impl Into<anyhow::Error>) -> Ended {
    Ended::Doubt(error.into())
}

/// The owner of one partition.
pub(crate) struct Owner {
    tools: Tools,
    taken: Taken,
    committer: Committer,
    reader: Reader,
    announcer: Announcer,
    throttle: Throttle,
    /// When the work that is not announced yet began; `None` while there is none.
    busy_since: Option<Instant>,
    /// Ends with the ownership.
    _trimming: Trimming,
}

/// The side that writes.
struct Committer {
    postgres: PgConnection,
    grant: Grant,
    renewed_at: Instant,
}

/// The side that reads and decides, ahead of the writes.
struct Reader {
    log: Log,
    decider: Decider,
    /// What went wrong while a commit was under way; the step after it hears of it.
    failed: Option<LogError>,
}

impl Owner {
    /// Makes a partition that was just taken over ready to be decided. `postgres` is the
    /// connection it was taken on, `loader` a second one, so that the lease lives while a million
    /// winners are read.
    pub(crate) async fn start(
        tools: Tools,
        mut postgres: PgConnection,
        loader: &mut PgConnection,
        taken: Taken,
    ) -> Result<Self, (PgConnection, Ended)> {
        // At once, because a failover waits for both.
        let both = async {
            let loading = store::load(loader, taken.grant.partition, taken.log_time);
            let opening = Log::open(&tools.jetstream, &taken, tools.horizons.clone());
            // Boxed: it is large.
            tokio::join!(loading, Box::pin(opening))
        };
        let (allocation, log) = match renewing(&mut postgres, taken.grant, both).await {
            Ok((Ok(allocation), Ok(log))) => (allocation, log),
            Ok((Err(error), _)) => return Err((postgres, unloadable(error))),
            Ok((Ok(_), Err(error))) => return Err((postgres, error.into())),
            Err(ended) => return Err((postgres, ended)),
        };
        let announcer = Announcer::new(tools.feed.clone(), &taken);
        let throttle = Throttle::new(tools.decisions_max_per_s);
        let mut announcer = announcer.throttled(tools.decisions_max_per_s, throttle.group_max());
        announcer.pulse(log.last_seq()).await;
        let grant = taken.grant;
        Ok(Self {
            committer: Committer {
                postgres,
                grant,
                renewed_at: Instant::now(),
            },
            reader: Reader {
                log,
                decider: Decider::new(
                    taken.generation,
                    taken.cursor,
                    tools.keys.clone(),
                    allocation,
                )
                .in_groups_of(throttle.group_max()),
                failed: None,
            },
            announcer,
            throttle,
            busy_since: None,
            _trimming: tools.trimmer.start(grant),
            tools,
            taken,
        })
    }

    /// Commits a group of what waits and announces it; meanwhile the next group is read and
    /// decided. When nothing waits, gives a sign of life.
    pub(crate) async fn step(&mut self) -> Result<Stepped, Ended> {
        let held_back = self.throttle.wait();
        if !held_back.is_zero() {
            tokio::time::sleep(held_back.min(PULSE)).await;
            self.give_sign_of_life().await?;
            return Ok(Stepped::Idle);
        }
        let patience = if self.reader.decider.has_work() {
            Duration::ZERO
        } else {
            PULSE
        };
        self.reader.gather(patience).await?;
        self.reader.log.check_when_due().await?;
        let since = *self.busy_since.get_or_insert_with(Instant::now);
        let Some(group) = self.reader.decider.next()? else {
            self.busy_since = None;
            self.give_sign_of_life().await?;
            return Ok(Stepped::Idle);
        };
        let committed = self.committer.commit(&group);
        self.reader.read_until(committed).await?;
        Ok(self.conclude(group, since).await)
    }

    async fn conclude(&mut self, group: Group, since: Instant) -> Stepped {
        let purchases = group.step().purchases;
        group.count();
        self.reader
            .log
            .decided(group.step().to, group.step().record_hash);
        tell_lag(
            self.committer.grant,
            group.step(),
            self.reader.log.last_seq(),
        );
        self.throttle.count(purchases);
        let last_seq = self.reader.log.last_seq();
        self.announcer
            .committed(group, last_seq, since.elapsed())
            .await;
        self.busy_since = self.reader.decider.has_work().then(Instant::now);
        Stepped::Committed(purchases)
    }

    async fn give_sign_of_life(&mut self) -> Result<(), Ended> {
        self.committer.renew_when_due().await?;
        self.announcer.pulse(self.reader.log.last_seq()).await;
        Ok(())
    }

    /// After a pause, opens the log again where reading stopped. Memory stays as it is, and the
    /// lease is kept meanwhile.
    pub(crate) async fn reopen_log(&mut self, pause: Duration) -> Result<(), Ended> {
        let (log, taken) = (&mut self.reader.log, &self.taken);
        let reopening = async {
            tokio::time::sleep(pause).await;
            log.reopen(&self.tools.jetstream, taken).await
        };
        renewing(&mut self.committer.postgres, taken.grant, reopening).await??;
        self.committer.renewed_at = Instant::now();
        Ok(())
    }

    /// Ends the ownership; everybody is told when nobody will decide for a while.
    pub(crate) async fn end(mut self, why: Option<&Ended>) -> PgConnection {
        match why {
            Some(why @ (Ended::Stopped(_) | Ended::Halted(_))) => {
                self.announcer.halted(&why.to_string()).await;
            }
            Some(Ended::Fenced | Ended::Doubt(_) | Ended::Log(_)) | None => {}
        }
        self.committer.postgres
    }
}

impl Reader {
    async fn gather(&mut self, patience: Duration) -> Result<(), LogError> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.log.gather(patience, &mut self.decider.waiting).await,
        }
    }

    /// Reads and decides for as long as a commit takes: the next group holds everything that
    /// arrived before this one's end.
    async fn read_until<T>(&mut self, commit: impl Future<Output = T>) -> T {
        let mut commit = std::pin::pin!(commit);
        loop {
            self.decider.grow();
            if self.decider.is_full() || self.decider.has_undecided() {
                return commit.await;
            }
            let gathered = tokio::select! {
                biased;
                committed = &mut commit => return committed,
                gathered = self.gather(PULSE) => gathered,
            };
            if let Err(error) = gathered {
                self.failed = Some(error);
                return commit.await;
            }
        }
    }
}

impl Committer {
    async fn commit(&mut self, group: &Group) -> Result<(), Ended> {
        let begun = Instant::now();
        let commit = write(&mut self.postgres, self.grant, group);
        // When time runs out the owner ends, and its connection with it: nothing is reused.
        let committed = tokio::time::timeout(COMMIT_TIMEOUT, commit)
            .await
            .map_err(in_doubt)?;
        metrics::histogram!("allocator_commit_seconds").record(begun.elapsed().as_secs_f64());
        match committed {
            Ok(Committed::Yes) => {
                self.renewed_at = Instant::now();
                Ok(())
            }
            Ok(Committed::Fenced) => Err(Ended::Fenced),
            Err(error) => Err(judge(error)),
        }
    }

    async fn renew_when_due(&mut self) -> Result<(), Ended> {
        if self.renewed_at.elapsed() >= RENEW_EVERY {
            renew(&mut self.postgres, self.grant).await?;
            self.renewed_at = Instant::now();
        }
        Ok(())
    }
}

async fn write(
    postgres: &mut PgConnection,
    grant: Grant,
    group: &Group,
) -> sqlx::Result<Committed> {
    match group {
        Group::Purchases(group) => store::commit_purchases(postgres, grant, group).await,
        Group::Command(group) => store::commit_command(postgres, grant, group).await,
    }
}

/// How far the decisions are behind the log, in records and in time.
fn tell_lag(grant: Grant, step: &Step, last_seq: Seq) {
    let partition = grant.partition.to_string();
    let behind = step.to.records_until(last_seq);
    let lag_ms = (feed::now().unix_ms() - step.log_time.unix_ms()).max(0);
    metrics::gauge!("allocator_backlog_records", "partition" => partition.clone())
        .set(behind as f64);
    metrics::gauge!("allocator_lag_seconds", "partition" => partition).set(lag_ms as f64 / 1000.0);
}

/// State that contradicts itself will do so again; anything else is Postgres' trouble.
fn unloadable(error: anyhow::Error) -> Ended {
    match error.downcast_ref::<AllocationError>() {
        Some(contradiction) => Ended::Halted(contradiction.to_string()),
        None => Ended::Doubt(error),
    }
}

/// Keeps the lease alive on one connection while `work` goes on with another.
async fn renewing<T>(
    postgres: &mut PgConnection,
    grant: Grant,
    work: impl Future<Output = T>,
) -> Result<T, Ended> {
    let mut work = std::pin::pin!(work);
    loop {
        match tokio::time::timeout(RENEW_EVERY, &mut work).await {
            Ok(done) => return Ok(done),
            Err(_not_yet) => renew(postgres, grant).await?,
        }
    }
}

async fn renew(postgres: &mut PgConnection, grant: Grant) -> Result<(), Ended> {
    match store::renew(postgres, grant).await.map_err(in_doubt)? {
        Renewed::Yes => Ok(()),
        Renewed::Halted(reason) => Err(Ended::Halted(reason)),
        Renewed::Fenced => Err(Ended::Fenced),
    }
}

/// Tells a bug of ours from a Postgres that is away or in trouble.
fn judge(error: sqlx::Error) -> Ended {
    let code = error.as_database_error().and_then(|error| error.code());
    let bug = code.is_some_and(|code| BUG_CLASSES.iter().any(|class| code.starts_with(class)));
    if bug {
        Ended::Halted(error.to_string())
    } else {
        in_doubt(error)
    }
}

/// Holds a halted partition: nobody decides it, and everybody is told why.
pub(crate) async fn hold_halted(
    tools: &Tools,
    postgres: &mut PgConnection,
    taken: &Taken,
    reason: &str,
) -> Ended {
    let mut announcer = Announcer::new(tools.feed.clone(), taken);
    loop {
        announcer.halted(reason).await;
        tokio::time::sleep(PULSE).await;
        match store::renew(postgres, taken.grant).await {
            Ok(Renewed::Halted(_)) => {}
            Ok(Renewed::Fenced) => return Ended::Fenced,
            Ok(Renewed::Yes) => {
                info!(partition = %taken.grant.partition, "the halt was lifted");
                return Ended::Fenced;
            }
            Err(error) => return in_doubt(error),
        }
    }
}

/// Gives the partition back, so that whoever comes next need not wait for the lease to run out.
pub(crate) async fn release(mut postgres: PgConnection, grant: Grant) {
    match store::release(&mut postgres, grant).await {
        Ok(true) => {}
        Ok(false) => tell_fenced(grant),
        Err(error) => {
            warn!(partition = %grant.partition, %error, "the lease was not given back; it will run out");
        }
    }
    drop(postgres.close().await);
}

/// However a former owner finds out, it is told the same way.
pub(crate) fn tell_fenced(grant: Grant) {
    metrics::counter!("allocator_fenced_total").increment(1);
    warn!(partition = %grant.partition, epoch = grant.epoch, "lost the partition to another allocator");
}
