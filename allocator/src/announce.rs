//! The decided feed of one partition: what each commit decided, and a pulse when nothing did.

use std::num::NonZeroU32;
use std::time::Duration;

use async_nats::Client;
use sale::decided::{DECIDED_VERSION, Decided, DecidedRecord};
use sale::{Generation, Sale, Seq, subject};
use tracing::warn;

use crate::group::Group;
use crate::pace::Pace;
use crate::store::Taken;

/// Announces for one owner of one partition.
pub(crate) struct Announcer {
    feed: Client,
    message: Decided,
    pace: Pace,
}

impl Announcer {
    pub(crate) fn new(feed: Client, taken: &Taken) -> Self {
        let message = Decided {
            v: DECIDED_VERSION,
            partition: taken.grant.partition,
            epoch: taken.grant.epoch.cast_unsigned(),
            generation: Generation::new(taken.generation.get()),
            after: taken.cursor,
            cursor: taken.cursor,
            last_seq: taken.cursor,
            decided_total: taken.decided_total,
            drain_per_s: 0.0,
            mean_group: 0.0,
            halted: taken.halted.clone().or_else(|| taken.stopped.clone()),
            committed_at_ms: None,
            records: Vec::new(),
            sales: Vec::new(),
        };
        Self {
            feed,
            message,
            pace: Pace::of(None, u64::MAX),
        }
    }

    /// For an owner that decides at most so many purchases a second, in commits of at most so many.
    pub(crate) fn throttled(
        mut self,
        decisions_max_per_s: Option<NonZeroU32>,
        commit_max: u64,
    ) -> Self {
        self.pace = Pace::of(decisions_max_per_s, commit_max);
        self
    }

    /// Tells what a commit decided; `busy` is how long reading, deciding and committing took.
    pub(crate) async fn committed(&mut self, group: Group, last_seq: Seq, busy: Duration) {
        let step = group.step().clone();
        let (records, sales) = group.announcement();
        if step.purchases > 0 {
            self.pace.measure(step.purchases, records.len(), busy);
        }
        self.message.decided_total += step.purchases;
        self.message.cursor = step.to;
        // Whatever stopped an allocator before, this one went on.
        self.message.halted = None;
        self.message.committed_at_ms = Some(feed::now());
        self.publish(last_seq, records, sales).await;
        self.message.committed_at_ms = None;
        self.message.after = step.to;
    }

    /// Tells that the owner is there and where the log ends.
    pub(crate) async fn pulse(&mut self, last_seq: Seq) {
        self.publish(last_seq, Vec::new(), Vec::new()).await;
    }

    /// Tells why the partition has stopped.
    pub(crate) async fn halted(&mut self, reason: &str) {
        self.message.halted = Some(reason.to_owned());
        self.pulse(self.message.last_seq).await;
    }

    async fn publish(&mut self, last_seq: Seq, records: Vec<DecidedRecord>, sales: Vec<Sale>) {
        self.message.last_seq = last_seq.max(self.message.cursor);
        self.message.drain_per_s = self.pace.drain_per_s();
        self.message.mean_group = self.pace.mean_group();
        self.message.records = records;
        self.message.sales = sales;
        let body = serde_json::to_vec(&self.message).expect("the feed's fields are all JSON");
        let to = subject::decided(self.message.partition);
        // The feed is a hint: whoever misses this message sees the gap and reads Postgres.
        if let Err(error) = self.feed.publish(to, body.into()).await {
            warn!(partition = %self.message.partition, %error, "a decision was not announced");
        }
    }
}
