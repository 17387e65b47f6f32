//! Who is there to decide, and which partitions are free.

use std::time::Duration;

use sale::{Partition, Seq};
use sqlx::PgConnection;
use uuid::Uuid;

use super::seq;
use crate::balance::Replica;

/// How long a replica counts as there after its last sign of life. Below a lease (2 s) less the time
/// between two renewals (0.5 s): when the lease of a killed owner runs out, nobody counts on it any more.
const PRESENCE_S: f64 = 1.25;

/// How long the row of a replica that is gone is kept, for people who look.
const FORGOTTEN_AFTER_S: f64 = 60.0;

/// A partition as a replica sees it that does not hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) partition: Partition,
    /// Until the lease runs out; `None` when nobody has one.
    pub(crate) leased_for: Option<Duration>,
    /// The next record, when an allocator must not decide it.
    pub(crate) stopped_before: Option<Seq>,
}

/// Says that this replica is there, and hears who else is.
pub(crate) async fn roll_call(
    postgres: &mut PgConnection,
    me: &Replica,
) -> anyhow::Result<Vec<Replica>> {
    let others = sqlx::query!(
        "WITH present AS (
            INSERT INTO allocators (id, alive_until, held, can_decide)
            VALUES ($1, clock_timestamp() + make_interval(secs => $2), $3, $4)
            ON CONFLICT (id) DO UPDATE
            SET alive_until = excluded.alive_until, held = excluded.held,
                can_decide = excluded.can_decide
        ), forgotten AS (
            DELETE FROM allocators WHERE id IN (
                SELECT id FROM allocators
                WHERE alive_until < clock_timestamp() - make_interval(secs => $5) AND id <> $1
                FOR UPDATE SKIP LOCKED
            )
        )
        SELECT id, held, can_decide FROM allocators
        WHERE alive_until > clock_timestamp() AND id <> $1",
        me.id,
        PRESENCE_S,
        i32::try_from(me.held)?,
        me.can_decide,
        FORGOTTEN_AFTER_S
    )
    .fetch_all(postgres)
    .await?;
    others
        .into_iter()
        .map(|row| {
            Ok(Replica {
                id: row.id,
                held: usize::try_from(row.held)?,
                can_decide: row.can_decide,
            })
        })
        .collect()
}

/// Every partition, and whether anybody has it.
pub(crate) async fn look(postgres: &mut PgConnection) -> anyhow::Result<Vec<Seen>> {
    let rows = sqlx::query!(
        r#"SELECT partition,
                  CASE WHEN lease_until > clock_timestamp()
                       THEN extract(epoch FROM lease_until - clock_timestamp())::float8
                  END AS leased_for_s,
                  CASE WHEN stopped_seq = cursor + 1 THEN stopped_seq END AS stopped_before
           FROM partitions ORDER BY partition"#
    )
    .fetch_all(postgres)
    .await?;
    rows.into_iter()
        .map(|row| {
            let leased_for = row.leased_for_s.map(|s| s.max(0.0));
            Ok(Seen {
                partition: Partition::try_from(row.partition.cast_unsigned())?,
                leased_for: leased_for.map(Duration::try_from_secs_f64).transpose()?,
                stopped_before: row.stopped_before.map(seq).transpose()?,
            })
        })
        .collect()
}

/// Says that this replica takes no more partitions.
pub(crate) async fn leave(postgres: &mut PgConnection, id: Uuid) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM allocators WHERE id = $1", id)
        .execute(postgres)
        .await?;
    Ok(())
}
