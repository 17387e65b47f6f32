//! Competes for partitions with every other replica: looks who is there and what is free, claims up
//! to a fair share, gives back what is above it, and leaves no partition idle.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sale::Partition;
use service::backoff::{Backoff, jitter};
use service::health::Flag;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use uuid::Uuid;

use crate::balance::{Replica, fair_share, surplus_to_give_back};
use crate::condition::{LogAnswers, Troubles};
use crate::free::Free;
use crate::owner::Tools;
use crate::store::{self, Seen};
use crate::tenure::{ANSWER_LIMIT, Report, Tenure, connect};

/// How often a replica says that it is there and looks what is free; a fifth of how long it counts
/// as there, and what a graceful hand-over takes at most.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// From the moment a lease runs out to the look that was planned for it.
const LOOK_AFTER_LEASE: Duration = Duration::from_millis(5);

/// Between two rounds of giving back: time for others to claim, and to be counted with it.
const REBALANCE_EVERY: Duration = Duration::from_secs(1);

/// After a claim above its share a replica gives nothing back for so long: whoever should have
/// claimed could not, and the partition must not go to and fro.
const KEEP_OUT_OF_TURN: Duration = Duration::from_secs(5);

/// How long a replica that JetStream does not answer keeps its partitions while it answers others.
/// Longer than the second by which they reconnect at different times.
const LEFT_BEHIND_MAX: Duration = Duration::from_secs(3);

/// Partitions claimed after one look, each with two connections while it loads.
const CLAIMS_PER_LOOK_MAX: usize = 16;

/// Pauses between attempts to reach Postgres.
const RETRY_FROM: Duration = Duration::from_millis(50);
const RETRY_TO: Duration = Duration::from_secs(2);

/// What competing for partitions needs.
pub(crate) struct Competition {
    pub(crate) tools: Tools,
    pub(crate) postgres: PgConnectOptions,
    pub(crate) allow_unsafe_postgres: bool,
    pub(crate) reachable: Flag,
    pub(crate) log_answers: LogAnswers,
    pub(crate) troubles: Troubles,
    pub(crate) draining: CancellationToken,
}

/// A replica at work.
struct Competitor {
    with: Competition,
    id: Uuid,
    tenures: JoinSet<Report>,
    /// What it holds or is just taking, and how to ask for it back.
    held: BTreeMap<Partition, CancellationToken>,
    free: Free,
    rebalance_at: Instant,
    left_behind_since: Option<Instant>,
}

impl Competition {
    /// Competes for every partition there is until the process drains.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let mut competitor = Competitor {
            with: self,
            id: Uuid::new_v4(),
            tenures: JoinSet::new(),
            held: BTreeMap::new(),
            free: Free::default(),
            rebalance_at: Instant::now(),
            left_behind_since: None,
        };
        let draining = competitor.with.draining.clone();
        let mut backoff = Backoff::new(RETRY_FROM, RETRY_TO);
        while !draining.is_cancelled() {
            let Err(error) = competitor.compete(&mut backoff).await else {
                break;
            };
            if backoff.failures() == 0 {
                warn!(error = %format!("{error:#}"), "cannot look for partitions in Postgres");
            }
            competitor.with.reachable.unready(format!("{error:#}"));
            draining.run_until_cancelled(backoff.wait()).await;
        }
        while let Some(report) = competitor.tenures.join_next().await {
            report?;
        }
        Ok(())
    }

    async fn enter(&self) -> anyhow::Result<PgConnection> {
        let mut postgres = connect(&self.postgres).await?;
        if !self.allow_unsafe_postgres {
            store::check_durability(&mut postgres).await?;
        }
        Ok(postgres)
    }
}

impl Competitor {
    /// Look after look on one connection, until the process drains or Postgres fails.
    async fn compete(&mut self, backoff: &mut Backoff) -> anyhow::Result<()> {
        let mut postgres = self.with.enter().await?;
        // The first look claims nothing: after an outage the others need a moment to come back, too.
        let (mut seen, _) = self.look(&mut postgres).await?;
        while !self.with.draining.is_cancelled() {
            self.pause(&seen).await?;
            let others;
            (seen, others) = self.look(&mut postgres).await?;
            backoff.reset();
            self.with.reachable.ready();
            self.judge(&seen, &others);
        }
        drop(timeout(ANSWER_LIMIT, store::leave(&mut postgres, self.id)).await);
        drop(timeout(ANSWER_LIMIT, postgres.close()).await);
        Ok(())
    }

    async fn look(&self, postgres: &mut PgConnection) -> anyhow::Result<(Vec<Seen>, Vec<Replica>)> {
        let me = self.me();
        timeout(ANSWER_LIMIT, async {
            let others = store::roll_call(postgres, &me).await?;
            Ok((store::look(postgres).await?, others))
        })
        .await?
    }

    /// Until the next look is due, a lease runs out, or a tenure ends.
    async fn pause(&mut self, seen: &[Seen]) -> anyhow::Result<()> {
        let others = seen
            .iter()
            .filter(|one| !self.held.contains_key(&one.partition));
        let soonest = others.filter_map(|one| one.leased_for).min();
        let regular = LOOK_EVERY.mul_f64(0.75 + jitter() / 2.0);
        let pause = soonest.map_or(regular, |lease| regular.min(lease + LOOK_AFTER_LEASE));
        tokio::select! {
            () = self.with.draining.cancelled() => {}
            () = sleep(pause) => {}
            Some(report) = self.tenures.join_next() => self.hear(report)?,
        }
        while let Some(report) = self.tenures.try_join_next() {
            self.hear(report)?;
        }
        Ok(())
    }

    fn me(&self) -> Replica {
        Replica {
            id: self.id,
            held: self.held.len(),
            can_decide: self.with.log_answers.now(),
        }
    }

    fn judge(&mut self, seen: &[Seen], others: &[Replica]) {
        metrics::gauge!("allocator_live_replicas").set((others.len() + 1) as f64);
        self.note(seen);
        let me = self.me();
        let share = fair_share(seen.len(), &me, others);
        if me.can_decide {
            self.left_behind_since = None;
            self.give_back(share);
            self.claim(share);
        } else if others.iter().any(|other| other.can_decide) {
            let since = *self.left_behind_since.get_or_insert_with(Instant::now);
            if since.elapsed() >= LEFT_BEHIND_MAX {
                self.give_back_all();
            }
        } else {
            self.left_behind_since = None;
        }
    }

    fn note(&mut self, seen: &[Seen]) {
        for one in seen {
            if self.held.contains_key(&one.partition) {
                continue;
            }
            self.free.note(one);
            if one.leased_for.is_some() {
                self.with.troubles.clear(one.partition);
            }
        }
    }

    /// Asks for what is above the share back, half of it a round.
    fn give_back(&mut self, share: usize) {
        let kept: Vec<_> = self
            .held
            .iter()
            .filter(|(_, asked)| !asked.is_cancelled())
            .collect();
        if kept.len() <= share || Instant::now() < self.rebalance_at {
            return;
        }
        let surplus = surplus_to_give_back(kept.len(), share);
        info!(
            held = kept.len(),
            share, surplus, "gives partitions back for others to take"
        );
        for (_, asked) in kept.iter().rev().take(surplus) {
            asked.cancel();
        }
        self.rebalance_at = Instant::now() + REBALANCE_EVERY;
    }

    fn give_back_all(&self) {
        if self.held.values().any(|asked| !asked.is_cancelled()) {
            error!("JetStream answers other replicas and not this one: gives all partitions back");
        }
        for asked in self.held.values() {
            asked.cancel();
        }
    }

    /// Claims up to the share, and beyond it what nobody else has claimed for a while.
    fn claim(&mut self, share: usize) {
        let mut claims = 0;
        for partition in self.free.shuffled() {
            let in_turn = self.held.len() < share;
            if claims >= CLAIMS_PER_LOOK_MAX || !self.free.may_claim(partition, in_turn) {
                continue;
            }
            if !in_turn {
                self.rebalance_at = Instant::now() + KEEP_OUT_OF_TURN;
            }
            claims += 1;
            self.begin(partition);
        }
    }

    fn begin(&mut self, partition: Partition) {
        let give_back = self.with.draining.child_token();
        self.held.insert(partition, give_back.clone());
        let tenure = Tenure {
            tools: self.with.tools.clone(),
            postgres: self.with.postgres.clone(),
            troubles: self.with.troubles.clone(),
            partition,
            stopped_before: self.free.taking(partition),
            give_back,
        };
        self.tenures.spawn(tenure.run());
    }

    /// A panic in a tenure is a bug that ends the process: it starts anew from Postgres.
    fn hear(&mut self, report: Result<Report, JoinError>) -> anyhow::Result<()> {
        let report = report?;
        self.held.remove(&report.partition);
        self.free.ended(&report);
        Ok(())
    }
}
