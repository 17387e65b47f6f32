//! One run: a full log, an allocator, and a clock.

use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use devstack::{Process, Role, Servers, Stack};
use sqlx::PgPool;

use crate::fill::Filler;
use crate::{Settings, plain};

/// A drained million takes seconds; this long means that something is wrong.
const DRAINED_WITHIN: Duration = Duration::from_secs(300);

/// Between two looks at the cursor: a thousandth of what is measured.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The heap gives back what a table that grew has left, but not at once.
const SETTLES_WITHIN: Duration = Duration::from_secs(2);

const TOOK_OVER: &str = "took the partition over";

/// Bytes of log that a purchase takes, generously.
const PURCHASE_BYTES: u64 = 160;

/// A stack whose allocator is stopped, and a full log.
pub(crate) struct Drain {
    stack: Stack,
    filler: Filler,
    settings: Settings,
    stock: u32,
    last_seq: u64,
    idle_kib: u64,
}

impl Drain {
    pub(crate) async fn prepare(
        servers: &Arc<Servers>,
        settings: Settings,
        stock: u32,
    ) -> Result<Self> {
        let log_bytes = 64 * 1024 * 1024 + u64::from(settings.purchases) * PURCHASE_BYTES;
        let stack = Stack::builder().on(servers).ingress(0).notifiers(0).env(
            Role::Setup,
            "LOG_MAX_BYTES",
            &log_bytes.to_string(),
        );
        let stack = stack.start().await?;
        let allocator = stack.allocator(0);
        allocator.wait_for_log(TOOK_OVER, DRAINED_WITHIN).await?;
        let idle_kib = memory_kib(allocator, "VmRSS:")?;
        allocator.terminate().await?;
        if settings.without_foreign_key {
            sqlx::query("ALTER TABLE orders DROP CONSTRAINT orders_sale_id_fkey")
                .execute(stack.pool())
                .await?;
        }
        let filler = Filler::open(&stack, stock).await?;
        let last_seq = filler.fill(settings.purchases).await?;
        Ok(Self {
            stack,
            filler,
            settings,
            stock,
            last_seq,
            idle_kib,
        })
    }

    /// Measures and prints; whether the replay agreed.
    pub(crate) async fn run(self) -> Result<bool> {
        println!(
            "\n  {} purchases, stock {}",
            self.settings.purchases, self.stock
        );
        let took = self.drained(self.last_seq).await?;
        let orders = orders(self.stack.pool()).await?;
        let expected = self.stock.min(self.settings.purchases);
        ensure!(
            orders == u64::from(expected),
            "{orders} orders, not {expected}"
        );
        row("drained in", format!("{:.2} s", took.as_secs_f64()));
        row(
            "decisions/s",
            per_s(u64::from(self.settings.purchases), took),
        );
        row("orders/s", per_s(orders, took));
        self.memory("after the drain", orders).await?;
        if self.stock >= self.settings.purchases {
            self.beside_plain_inserts(orders, took).await?;
        }
        self.restart(orders).await?;
        let is_proven = self.replay().await?;
        self.stack.stop().await?;
        Ok(is_proven)
    }

    /// Starts the allocator; from taking over until the log is decided up to `seq`.
    async fn drained(&self, seq: u64) -> Result<Duration> {
        let allocator = self.stack.allocator(0);
        allocator.spawn()?;
        allocator.wait_for_log(TOOK_OVER, DRAINED_WITHIN).await?;
        let begun = Instant::now();
        decided(self.stack.pool(), seq).await?;
        Ok(begun.elapsed())
    }

    async fn beside_plain_inserts(&self, orders: u64, took: Duration) -> Result<()> {
        for (name, has_foreign_key) in [("plain inserts", true), ("  without foreign key", false)] {
            let plain = plain::insert(&self.stack, has_foreign_key).await?;
            row(&format!("{name}/s"), per_s(orders, plain));
            let ratio = plain.as_secs_f64() / took.as_secs_f64();
            row("  orders ÷ plain", format!("{ratio:.2}"));
        }
        Ok(())
    }

    /// A process that starts does what it does after a crash: it loads every winner.
    async fn restart(&self, winners: u64) -> Result<()> {
        self.stack.allocator(0).terminate().await?;
        let seq = self.filler.fill(1).await?;
        let begun = Instant::now();
        self.drained(seq).await?;
        let took = begun.elapsed().as_secs_f64();
        row("restart until it decides", format!("{took:.2} s"));
        self.memory("after the restart", winners).await
    }

    /// What it keeps, and the most it ever had: buffers and tables that grew are in the latter.
    async fn memory(&self, when: &str, winners: u64) -> Result<()> {
        tokio::time::sleep(SETTLES_WITHIN).await;
        let allocator = self.stack.allocator(0);
        let (kib, most_kib) = (
            memory_kib(allocator, "VmRSS:")?,
            memory_kib(allocator, "VmHWM:")?,
        );
        let mib = |kib| format!("{} MiB", kib / 1024);
        row("resident when idle", mib(self.idle_kib));
        row(&format!("resident {when}"), mib(kib));
        row("  at most", mib(most_kib));
        if self.stock >= self.settings.purchases {
            let grown = kib.saturating_sub(self.idle_kib) * 1024;
            row(
                "  grown, per winner",
                format!("{} B", grown / winners.max(1)),
            );
        }
        Ok(())
    }

    async fn replay(&self) -> Result<bool> {
        let begun = Instant::now();
        let output = self.stack.allocator_command(&["replay", "--check"]).await?;
        let took = begun.elapsed().as_secs_f64();
        row("replay --check", format!("{took:.2} s, {}", output.status));
        print!("{}", String::from_utf8_lossy(&output.stdout));
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        Ok(output.status.success())
    }
}

fn row(name: &str, value: impl Display) {
    println!("  {name:<28} {value:>24}");
}

fn per_s(count: u64, took: Duration) -> String {
    format!("{:.0}", count as f64 / took.as_secs_f64())
}

async fn decided(pool: &PgPool, seq: u64) -> Result<()> {
    let waiting = async {
        loop {
            let cursor: i64 = sqlx::query_scalar("SELECT cursor FROM partitions")
                .fetch_one(pool)
                .await?;
            if cursor.cast_unsigned() >= seq {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let done = tokio::time::timeout(DRAINED_WITHIN, waiting).await;
    done.context("the log was not drained")?
}

async fn orders(pool: &PgPool) -> Result<u64> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM orders")
        .fetch_one(pool)
        .await?;
    Ok(count.cast_unsigned())
}

/// A line of `/proc/<pid>/status`.
fn memory_kib(process: &Process, name: &str) -> Result<u64> {
    let pid = process.pid().context("it does not run")?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kib
        .with_context(|| format!("no {name} in /proc"))?
        .trim()
        .parse()?)
}
