//! All SQL of the allocator. Every statement that changes something states what it expects.

mod commit;
mod horizon;
mod intervene;
mod presence;
pub(crate) mod replay;

use std::collections::HashMap;

use anyhow::Context;
use feed::{SaleRow, moment};
use futures_util::TryStreamExt;
use sale::{
    Allocation, CommandId, Generation, KeyHash, Moment, Partition, Sale, SaleId, Seq, ShopperId,
    Ticket, Win,
};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) use commit::{Committed, Step, commit_command, commit_purchases};
pub(crate) use presence::{Seen, leave, look, roll_call};

pub(crate) use horizon::{Trimmable, trimmable};
pub(crate) use intervene::{Adoption, Halted, adopt, halted, jump_epochs, lift_halt};

/// How long a partition stays with an owner that does not renew.
pub(crate) const LEASE_S: f64 = 2.0;

/// What an allocator was granted: it must name all of it in every commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) partition: Partition,
    pub(crate) epoch: i64,
    pub(crate) owner: Uuid,
}

/// A partition as it was when it was taken over.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) grant: Grant,
    pub(crate) cursor: Seq,
    pub(crate) log_time: Moment,
    pub(crate) generation: Generation,
    pub(crate) stream_created: OffsetDateTime,
    pub(crate) last_record_hash: Option<Vec<u8>>,
    pub(crate) decided_total: u64,
    pub(crate) halted: Option<String>,
    /// Why another allocator did not decide the next record.
    pub(crate) stopped: Option<String>,
}

/// Refuses a Postgres that may forget what it committed.
pub(crate) async fn check_durability(postgres: &mut PgConnection) -> anyhow::Result<()> {
    let settings = sqlx::query!(
        r#"SELECT current_setting('fsync') AS "fsync!",
                  current_setting('synchronous_commit') AS "synchronous_commit!""#
    )
    .fetch_one(postgres)
    .await?;
    if settings.fsync != "on" || settings.synchronous_commit == "off" {
        anyhow::bail!(
            "Postgres runs with fsync = {} and synchronous_commit = {}: a crash would lose \
             committed orders",
            settings.fsync,
            settings.synchronous_commit
        );
    }
    Ok(())
}

pub(crate) async fn partition_count(postgres: &mut PgConnection) -> anyhow::Result<u16> {
    let count = sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM partitions"#)
        .fetch_one(postgres)
        .await?;
    Ok(u16::try_from(count)?)
}

/// Makes the row of a partition unless there is one; answers which stream the row knows.
pub(crate) async fn ensure_partition(
    postgres: &mut PgConnection,
    partition: Partition,
    stream_created: OffsetDateTime,
) -> anyhow::Result<OffsetDateTime> {
    sqlx::query!(
        "INSERT INTO partitions (partition, stream_created) VALUES ($1, $2)
         ON CONFLICT (partition) DO NOTHING",
        number(partition),
        stream_created
    )
    .execute(&mut *postgres)
    .await?;
    let known = sqlx::query_scalar!(
        "SELECT stream_created FROM partitions WHERE partition = $1",
        number(partition)
    )
    .fetch_one(postgres)
    .await?;
    Ok(known)
}

/// JetStream tells nanoseconds, Postgres keeps microseconds.
pub(crate) fn same_stream(known: OffsetDateTime, found: OffsetDateTime) -> bool {
    known.unix_timestamp_nanos() / 1_000 == found.unix_timestamp_nanos() / 1_000
}

/// Takes over a partition whose lease has run out; `None` when it has not, or somebody else is
/// just taking it.
pub(crate) async fn claim(
    postgres: &mut PgConnection,
    partition: Partition,
    owner: Uuid,
) -> anyhow::Result<Option<Taken>> {
    let row = sqlx::query!(
        r#"UPDATE partitions
           SET epoch = epoch + 1, owner = $2,
               lease_until = clock_timestamp() + make_interval(secs => $3)
           WHERE partition = (
               SELECT partition FROM partitions
               WHERE partition = $1 AND lease_until < clock_timestamp()
               FOR UPDATE SKIP LOCKED
           )
           RETURNING epoch, cursor, log_time, generation, stream_created, last_record_hash,
                     decided_total, halted,
                     CASE WHEN stopped_seq = cursor + 1 THEN stopped END AS stopped"#,
        number(partition),
        owner,
        LEASE_S
    )
    .fetch_optional(postgres)
    .await?;
    row.map(|row| {
        Ok(Taken {
            grant: Grant {
                partition,
                epoch: row.epoch,
                owner,
            },
            cursor: seq(row.cursor)?,
            log_time: moment(row.log_time),
            generation: Generation::new(u32::try_from(row.generation)?),
            stream_created: row.stream_created,
            last_record_hash: row.last_record_hash,
            decided_total: u64::try_from(row.decided_total)?,
            halted: row.halted,
            stopped: row.stopped,
        })
    })
    .transpose()
}

/// Whether a granted partition could be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Renewed {
    /// For another lease.
    Yes,
    /// Kept, but nobody may decide it.
    Halted(String),
    /// It is somebody else's by now.
    Fenced,
}

/// Keeps a granted partition.
pub(crate) async fn renew(postgres: &mut PgConnection, grant: Grant) -> sqlx::Result<Renewed> {
    let renewed = sqlx::query!(
        "UPDATE partitions SET lease_until = clock_timestamp() + make_interval(secs => $4)
         WHERE partition = $1 AND epoch = $2 AND owner = $3
         RETURNING halted",
        number(grant.partition),
        grant.epoch,
        grant.owner,
        LEASE_S
    )
    .fetch_optional(postgres)
    .await?;
    Ok(match renewed.map(|row| row.halted) {
        None => Renewed::Fenced,
        Some(None) => Renewed::Yes,
        Some(Some(reason)) => Renewed::Halted(reason),
    })
}

/// Gives a partition back at once, so that a standby need not wait for the lease to run out; `false`
/// when it was somebody else's already.
pub(crate) async fn release(postgres: &mut PgConnection, grant: Grant) -> sqlx::Result<bool> {
    let released = sqlx::query!(
        "UPDATE partitions SET lease_until = '-infinity', owner = NULL
         WHERE partition = $1 AND epoch = $2 AND owner = $3",
        number(grant.partition),
        grant.epoch,
        grant.owner
    )
    .execute(postgres)
    .await?;
    Ok(released.rows_affected() == 1)
}

/// Stops a partition until an operator has looked; the first reason stays.
pub(crate) async fn halt(
    postgres: &mut PgConnection,
    grant: Grant,
    reason: &str,
) -> sqlx::Result<bool> {
    let halted = sqlx::query!(
        "UPDATE partitions SET halted = coalesce(halted, $4)
         WHERE partition = $1 AND epoch = $2 AND owner = $3",
        number(grant.partition),
        grant.epoch,
        grant.owner,
        reason
    )
    .execute(postgres)
    .await?;
    Ok(halted.rows_affected() == 1)
}

/// Writes down before which record a partition stopped, for whoever takes it next.
pub(crate) async fn stop(
    postgres: &mut PgConnection,
    grant: Grant,
    before: Seq,
    reason: &str,
) -> sqlx::Result<bool> {
    let stopped = sqlx::query!(
        "UPDATE partitions SET stopped_seq = $4, stopped = $5
         WHERE partition = $1 AND epoch = $2 AND owner = $3",
        number(grant.partition),
        grant.epoch,
        grant.owner,
        before.get().cast_signed(),
        reason
    )
    .execute(postgres)
    .await?;
    Ok(stopped.rows_affected() == 1)
}

/// Loads everything the next decision of a partition depends on.
pub(crate) async fn load(
    postgres: &mut PgConnection,
    partition: Partition,
    log_time: Moment,
) -> anyhow::Result<Allocation> {
    let mut allocation = Allocation::new(partition, log_time);
    let mut commands = applied_commands(postgres, partition).await?;
    for sale in sales(postgres, partition).await? {
        let commands = commands.remove(&sale.id.uuid()).unwrap_or_default();
        allocation.load_sale(sale, commands)?;
    }
    load_wins(postgres, partition, &mut allocation)
        .await
        .context("loading winners")?;
    allocation.check_loaded()?;
    Ok(allocation)
}

async fn sales(postgres: &mut PgConnection, partition: Partition) -> anyhow::Result<Vec<Sale>> {
    let rows = sqlx::query_as!(
        SaleRow,
        "SELECT id, product_id, product_name, price_minor, currency, unit_limit, starts_at, ends_at,
                stock, sold, paused, closed, version, revision
         FROM sales WHERE partition = $1",
        number(partition)
    )
    .fetch_all(postgres)
    .await?;
    rows.into_iter()
        .map(|row| Ok(Sale::try_from(row)?))
        .collect()
}

async fn applied_commands(
    postgres: &mut PgConnection,
    partition: Partition,
) -> anyhow::Result<HashMap<Uuid, Vec<CommandId>>> {
    let rows = sqlx::query!(
        "SELECT sale_id, command_id FROM operator_actions
         WHERE partition = $1 AND ruling = 'applied'",
        number(partition)
    )
    .fetch_all(postgres)
    .await?;
    let mut commands: HashMap<Uuid, Vec<CommandId>> = HashMap::new();
    for row in rows {
        commands
            .entry(row.sale_id)
            .or_default()
            .push(CommandId::new(row.command_id));
    }
    Ok(commands)
}

/// Row by row: a million winners must not be held twice.
async fn load_wins(
    postgres: &mut PgConnection,
    partition: Partition,
    allocation: &mut Allocation,
) -> anyhow::Result<()> {
    let mut rows = sqlx::query!(
        r#"SELECT orders.id, sale_id, shopper_id, nth, key_hash,
                  cancelled_at IS NOT NULL AS "cancelled!"
           FROM orders JOIN sales ON sales.id = sale_id WHERE sales.partition = $1"#,
        number(partition)
    )
    .fetch(postgres);
    while let Some(row) = rows.try_next().await? {
        let place = Ticket::from_order_id(row.id).claimed_place();
        let win = Win {
            key: KeyHash::from_bits(row.key_hash.cast_unsigned()),
            seq: place.seq,
            index: place.index,
            nth: row.nth.cast_unsigned(),
            cancelled: row.cancelled,
        };
        allocation.load_win(
            SaleId::try_from(row.sale_id)?,
            ShopperId::new(row.shopper_id),
            win,
        )?;
    }
    Ok(())
}

fn number(partition: Partition) -> i16 {
    partition.get().cast_signed()
}

fn seq(number: i64) -> anyhow::Result<Seq> {
    Ok(Seq::try_from(u64::try_from(number)?)?)
}
