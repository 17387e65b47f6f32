//! The decided feed of one partition: what each commit decided, and a pulse when nothing did.

use std::time::Duration;

use async_nats::Client;
use sale::decided::{DECIDED_VERSION, Decided, DecidedRecord};
use sale::{Generation, Sale, Seq, subject};
use tracing::warn;

use crate::group::Group;
use crate::store::Taken;

/// How much of a measured rate the latest commit is: about the last twenty commits count.
const LATEST_WEIGHT: f64 = 0.05;

/// Announces for one owner of one partition.
pub(crate) struct Announcer {
    feed: Client,
    message: Decided,
    pace: Pace,
}

/// How fast decisions are made, as a moving average over commits.
#[derive(Debug, Default)]
struct Pace {
    busy_s: f64,
    purchases: f64,
    records: f64,
}

impl Pace {
    fn measure(&mut self, purchases: u64, records: usize, busy: Duration) {
        let keep = 1.0 - LATEST_WEIGHT;
        self.busy_s = self.busy_s * keep + busy.as_secs_f64();
        self.purchases = self.purchases * keep + purchases as f64;
        self.records = self.records * keep + records as f64;
    }

    fn drain_per_s(&self) -> f64 {
        ratio(self.purchases, self.busy_s)
    }

    fn mean_group(&self) -> f64 {
        ratio(self.purchases, self.records)
    }
}

fn ratio(of: f64, to: f64) -> f64 {
    if to > 0.0 { of / to } else { 0.0 }
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
            pace: Pace::default(),
        }
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
