//! `allocator replay --check`: decides everything that is still in the log once more, and compares
//! with Postgres. Changes nothing, and may run beside the owners.
//!
//! One snapshot of Postgres says how far each partition was decided; its log is read up to there,
//! and rows are fetched for a batch of records at a time. What grows with the log is what an owner
//! holds too: the winners.

mod again;
mod compare;
mod pairs;
mod report;

use std::collections::VecDeque;
use std::io::IsTerminal;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use async_nats::jetstream::{self, stream::Stream};
use indicatif::{ProgressBar, ProgressStyle};
use sale::{Partition, SaleId, Seq, TicketKeys, subject};
use sqlx::PgConnection;

use crate::group::Entry;
use crate::log::Log;
use crate::store;
use crate::store::replay::{self as rows, PartitionRow, Stretch};
use again::Again;
use compare::{Batch, Bench};
pub(crate) use report::Report;

/// Most purchases whose rows are fetched at once: a few megabytes of orders.
const BATCH_PURCHASES_MAX: usize = 16_384;

/// Most records whose rows are fetched at once, for logs whose records hold one purchase each.
const BATCH_RECORDS_MAX: usize = 2_048;

/// Records that JetStream says it has come within milliseconds; this long without any is a fault.
const LOG_PATIENCE: Duration = Duration::from_secs(10);

/// What of a partition can be compared.
struct Part {
    row: PartitionRow,
    stream: Stream,
    /// The first record that is still there.
    first: Seq,
    /// Sales whose opening is no longer in the log.
    unchecked: Vec<SaleId>,
}

/// Compares all partitions, or one.
pub(crate) async fn check(
    jetstream: &jetstream::Context,
    postgres: &mut PgConnection,
    keys: &TicketKeys,
    only: Option<Partition>,
) -> anyhow::Result<Report> {
    let mut snapshot = rows::snapshot(postgres).await?;
    let mut parts = Vec::new();
    for row in rows::partitions(&mut snapshot).await? {
        if only.is_none_or(|only| only == row.partition) {
            parts.push(part(jetstream, &mut snapshot, row).await?);
        }
    }
    if let (Some(only), true) = (only, parts.is_empty()) {
        bail!("there is no partition {only}");
    }
    let bar = progress(parts.iter().map(Part::records).sum())?;
    let mut report = Report::default();
    for part in parts {
        let partition = part.row.partition;
        replay(&mut snapshot, keys, part, &bar, &mut report)
            .await
            .with_context(|| format!("partition {partition}"))?;
    }
    bar.finish_and_clear();
    snapshot.rollback().await?;
    Ok(report)
}

async fn part(
    jetstream: &jetstream::Context,
    snapshot: &mut PgConnection,
    row: PartitionRow,
) -> anyhow::Result<Part> {
    let name = subject::stream(row.partition);
    let stream = jetstream
        .get_stream(&name)
        .await
        .with_context(|| format!("stream {name}"))?;
    let found = stream.cached_info();
    ensure!(
        store::same_stream(row.stream_created, found.created),
        "stream {name} was created at {}, but partition {} was decided from one created at {}",
        found.created,
        row.partition,
        row.stream_created
    );
    ensure!(
        found.state.last_sequence >= row.cursor.get(),
        "stream {name} ends at record {}, but partition {} was decided up to record {}",
        found.state.last_sequence,
        row.partition,
        row.cursor
    );
    // A stream that never held a record says 0 or 1, depending on the server.
    let first = Seq::try_from(found.state.first_sequence)?.max(Seq::ZERO.next());
    let unchecked = rows::opened_before(snapshot, row.partition, first).await?;
    Ok(Part {
        row,
        stream,
        first,
        unchecked,
    })
}

impl Part {
    fn records(&self) -> u64 {
        (self.row.cursor.get() + 1).saturating_sub(self.first.get())
    }

    fn stretch(&self) -> Stretch {
        Stretch {
            partition: self.row.partition,
            first: self.first,
            last: self.row.cursor,
        }
    }
}

async fn replay(
    snapshot: &mut PgConnection,
    keys: &TicketKeys,
    part: Part,
    bar: &ProgressBar,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (row, stretch) = (&part.row, part.stretch());
    let log_time = rows::log_time_before(snapshot, row.partition, part.first).await?;
    let mut again = Again::new(row, keys, log_time, &part.unchecked);
    let mut bench = Bench::new(snapshot, stretch, report);
    if part.records() > 0 {
        let mut log = Log::replay(&part.stream, row.partition, part.first).await?;
        let mut waiting = VecDeque::new();
        let mut batch = Batch::default();
        while again.cursor() < row.cursor {
            if waiting.is_empty() {
                gather(&mut log, &mut waiting).await?;
            }
            let Some(entry) = waiting.pop_front() else {
                continue;
            };
            batch.add(again.decide(entry)?);
            if batch.is_full() {
                bar.inc(batch.len());
                bench.compare(std::mem::take(&mut batch), &again).await?;
            }
        }
        bar.inc(batch.len());
        bench.compare(batch, &again).await?;
    }
    bench.conclude(row, &again).await?;
    report.partitions += 1;
    report.unchecked.extend(part.unchecked);
    Ok(())
}

async fn gather(log: &mut Log, waiting: &mut VecDeque<Entry>) -> anyhow::Result<()> {
    log.gather(LOG_PATIENCE, waiting).await?;
    ensure!(
        !waiting.is_empty(),
        "JetStream sent nothing for {} s",
        LOG_PATIENCE.as_secs()
    );
    Ok(())
}

/// On a terminal a bar, elsewhere nothing.
fn progress(records: u64) -> anyhow::Result<ProgressBar> {
    if !std::io::stderr().is_terminal() {
        return Ok(ProgressBar::hidden());
    }
    let style = "  {bar:40} {human_pos} of {human_len} records, {eta} to go";
    Ok(ProgressBar::new(records).with_style(ProgressStyle::with_template(style)?))
}
