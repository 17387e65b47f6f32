//! What operators write: adoptions, lifted halts, and that Postgres was put back. Each leaves a row
//! that says who, when and why.

use sale::{Generation, Partition, Seq};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{number, seq};

/// Far more take-overs than there can be between a backup and its return.
const EPOCH_JUMP: i64 = 1_000_000;

/// A partition that waits for an operator.
#[derive(Clone, Debug)]
pub(crate) struct Halted {
    pub(crate) partition: Partition,
    pub(crate) reason: String,
    pub(crate) cursor: Seq,
    pub(crate) generation: Generation,
    pub(crate) stream_created: OffsetDateTime,
}

/// Where a partition shall go on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Adoption<'a> {
    /// The last sequence that nobody will decide.
    pub(crate) hole_to: Seq,
    pub(crate) stream_created: OffsetDateTime,
    pub(crate) by: &'a str,
    pub(crate) reason: &'a str,
}

/// Looks at a halted partition; `None` when there is none of that number, or it has not halted.
pub(crate) async fn halted(
    postgres: &mut PgConnection,
    partition: Partition,
) -> anyhow::Result<Option<Halted>> {
    let row = sqlx::query!(
        r#"SELECT halted AS "halted!", cursor, generation, stream_created
           FROM partitions WHERE partition = $1 AND halted IS NOT NULL"#,
        number(partition)
    )
    .fetch_optional(postgres)
    .await?;
    row.map(|row| {
        Ok(Halted {
            partition,
            reason: row.halted,
            cursor: seq(row.cursor)?,
            generation: Generation::new(u32::try_from(row.generation)?),
            stream_created: row.stream_created,
        })
    })
    .transpose()
}

/// Begins a new generation after a hole and lifts the halt; the generation, or `None` when the
/// partition is not any more what was looked at.
pub(crate) async fn adopt(
    postgres: &mut PgConnection,
    halted: &Halted,
    adoption: Adoption<'_>,
) -> anyhow::Result<Option<Generation>> {
    let generation = sqlx::query_scalar!(
        r#"WITH adopted AS (
            UPDATE partitions
            SET epoch = epoch + 1, owner = NULL, lease_until = '-infinity',
                generation = generation + 1, cursor = $4, begins_after = $4,
                last_record_hash = NULL, stream_created = $5, halted = NULL
            WHERE partition = $1 AND generation = $2 AND cursor = $3 AND halted IS NOT NULL
            RETURNING partition, generation, epoch
        ), noted AS (
            INSERT INTO interventions (partition, action, actor, reason, halted, epoch)
            SELECT partition, 'adopt-stream', $7, $8, $9, epoch FROM adopted
        )
        INSERT INTO generations (partition, generation, first_seq, hole_from, hole_to, adopted_by,
                                 reason, old_stream_created, new_stream_created)
        SELECT partition, generation, $4 + 1, $3 + 1, $4, $7, $8, $6, $5 FROM adopted
        RETURNING generation"#,
        number(halted.partition),
        i32::try_from(halted.generation.get())?,
        signed(halted.cursor),
        signed(adoption.hole_to),
        adoption.stream_created,
        halted.stream_created,
        adoption.by,
        adoption.reason,
        halted.reason
    )
    .fetch_optional(postgres)
    .await?;
    generation
        .map(|generation| Ok(Generation::new(u32::try_from(generation)?)))
        .transpose()
}

/// Lifts the halt of a partition; what it had halted on, or `None` when it had not.
pub(crate) async fn lift_halt(
    postgres: &mut PgConnection,
    partition: Partition,
    by: &str,
    reason: &str,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        r#"WITH halted AS (
            SELECT partition, halted FROM partitions
            WHERE partition = $1 AND halted IS NOT NULL FOR UPDATE
        ), lifted AS (
            UPDATE partitions SET halted = NULL FROM halted
            WHERE partitions.partition = halted.partition
            RETURNING partitions.partition, halted.halted, epoch
        )
        INSERT INTO interventions (partition, action, actor, reason, halted, epoch)
        SELECT partition, 'lift-halt', $2, $3, halted, epoch FROM lifted
        RETURNING halted AS "halted!""#,
        number(partition),
        by,
        reason
    )
    .fetch_optional(postgres)
    .await
}

/// Takes every partition from its owner under an epoch that is higher than any that was ever
/// announced, so that everybody replaces what they remember; how many partitions that were.
pub(crate) async fn jump_epochs(
    postgres: &mut PgConnection,
    by: &str,
    reason: &str,
) -> sqlx::Result<u64> {
    let jumped = sqlx::query!(
        "WITH jumped AS (
            UPDATE partitions
            SET epoch = epoch + $1, owner = NULL, lease_until = '-infinity'
            RETURNING partition, epoch, halted
        )
        INSERT INTO interventions (partition, action, actor, reason, halted, epoch)
        SELECT partition, 'restored', $2, $3, halted, epoch FROM jumped",
        EPOCH_JUMP,
        by,
        reason
    )
    .execute(postgres)
    .await?;
    Ok(jumped.rows_affected())
}

fn signed(seq: Seq) -> i64 {
    seq.get().cast_signed()
}
