//! How fast one allocator drains a full log, on private servers: once with stock for everybody, beside a plain insert of
//! the same rows, and once with stock for few. Then it starts again on what it has, and the log is replayed, and audited.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use devstack::{OpenSale, Role, Servers, Stack, binaries, say};

use crate::books::{Audited, decided, ordered};
use crate::config;
use crate::log::{LogWriter, OTHER_BYTES, PURCHASE_BYTES};
use crate::memory::Resident;
use crate::parts;
use crate::proof::Replay;
use crate::report::drain::{Memory, Report, Run};

/// A drained million takes seconds; this long means that something is wrong.
const DRAINED_WITHIN: Duration = Duration::from_secs(300);

/// The heap gives back what a table that grew has left, but not at once.
const SETTLES_WITHIN: Duration = Duration::from_secs(2);

/// What an allocator says before it decides anything.
const TOOK_OVER: &str = "took the partition over";

/// The purchase that all others are made after takes one.
const UNITS_BEFORE: u32 = 1;

/// Fills a log, drains it, and so on; new servers each time, for the second run must not pay for what the first left.
pub(crate) async fn run(config: &config::Drain) -> Result<Report> {
    say("building the processes");
    binaries::folder().await?;
    let mut runs = Vec::new();
    for stock in config.stocks() {
        let servers = Servers::own().await?;
        let bench = Bench::prepare(&servers, config.purchases, stock).await?;
        runs.push(bench.measure().await?);
        bench.stack.stop().await?;
        servers.stop().await?;
    }
    Ok(Report {
        purchases: u64::from(config.purchases),
        runs,
    })
}

/// A stack whose allocator is stopped, and a full log.
struct Bench {
    stack: Stack,
    sale: String,
    writer: LogWriter,
    purchases: u32,
    stock: u32,
    last_seq: u64,
    idle: Resident,
}

impl Bench {
    async fn prepare(servers: &Arc<Servers>, purchases: u32, stock: u32) -> Result<Self> {
        let log_bytes = OTHER_BYTES + u64::from(purchases) * PURCHASE_BYTES;
        let builder = Stack::builder().on(servers).notifiers(0);
        let builder = builder.env(Role::Setup, "LOG_MAX_BYTES", &log_bytes.to_string());
        let stack = builder.start().await?;
        let sale = OpenSale::of(stock + UNITS_BEFORE);
        let sale = stack.open_sale(&sale).await?;
        let writer = LogWriter::of(&stack, &sale).await?;
        let idle = resident(&stack)?;
        // Only the log and who drains it may run.
        stack.ingress(0).terminate().await?;
        stack.allocator(0).terminate().await?;
        say(&format!(
            "{purchases} purchases of {stock} units: filling the log"
        ));
        let last_seq = writer.fill(u64::from(purchases)).await?;
        Ok(Self {
            stack,
            sale,
            writer,
            purchases,
            stock,
            last_seq,
            idle,
        })
    }

    async fn measure(&self) -> Result<Run> {
        say("draining it");
        let drained = self.drained(self.last_seq).await?;
        let orders = ordered(self.stack.pool(), &self.sale).await?;
        let after_drain = self.settled().await?;
        let is_ample = self.stock >= self.purchases;
        let insert = match is_ample {
            true => Some(parts::insert(&self.stack, &self.sale).await?),
            false => None,
        };
        say("starting again");
        let restart = self.restart().await?;
        let memory = Memory {
            idle: self.idle,
            after_drain,
            after_restart: self.settled().await?,
        };
        Ok(Run {
            stock: u64::from(self.stock),
            purchases: u64::from(self.purchases),
            orders: orders.saturating_sub(u64::from(UNITS_BEFORE)),
            drained,
            insert,
            memory,
            restart,
            replay: Replay::check(&self.stack).await?,
            audited: Audited::of_logged(&self.stack, &self.sale).await?,
        })
    }

    /// Starts the allocator; from taking over until the log is decided up to `seq`.
    async fn drained(&self, seq: u64) -> Result<Duration> {
        let allocator = self.stack.allocator(0);
        allocator.spawn()?;
        allocator.wait_for_log(TOOK_OVER, DRAINED_WITHIN).await?;
        let began = Instant::now();
        decided(self.stack.pool(), seq, DRAINED_WITHIN).await?;
        Ok(began.elapsed())
    }

    /// A process that starts does what it does after a crash: it loads every winner. From its start to a decision.
    async fn restart(&self) -> Result<Duration> {
        self.stack.allocator(0).terminate().await?;
        let seq = self.writer.fill(1).await?;
        let began = Instant::now();
        self.drained(seq).await?;
        Ok(began.elapsed())
    }

    async fn settled(&self) -> Result<Resident> {
        tokio::time::sleep(SETTLES_WITHIN).await;
        resident(&self.stack)
    }
}

fn resident(stack: &Stack) -> Result<Resident> {
    let pid = stack.allocator(0).pid();
    Resident::of(pid.context("the allocator does not run")?)
}
