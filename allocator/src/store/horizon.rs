//! What the replay horizon leaves of a log.

use std::time::Duration;

use sale::Seq;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Grant, number, seq};

/// How far a log may be trimmed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trimmable {
    /// By Postgres' clock, as everything here.
    pub(crate) now: OffsetDateTime,
    /// Older records may go,
    pub(crate) horizon: OffsetDateTime,
    /// but this one and all after it stay: the record at the cursor, or the one that opened a sale
    /// which was open within the horizon.
    pub(crate) keep_from: Seq,
    pub(crate) stream_created: OffsetDateTime,
}

/// Asks what may be trimmed; `None` when the grant is over, or the partition has halted and all of
/// its log may still be needed to find out why.
pub(crate) async fn trimmable(
    postgres: &mut PgConnection,
    grant: Grant,
    horizon: Duration,
) -> anyhow::Result<Option<Trimmable>> {
    let row = sqlx::query!(
        r#"WITH clock AS MATERIALIZED (
            SELECT clock_timestamp() AS now, clock_timestamp() - make_interval(secs => $4) AS horizon
        ), kept AS (
            -- A sale whose opening is not known keeps everything.
            SELECT min(coalesce(opened.seq, 0)) AS seq
            FROM clock, sales
                 LEFT JOIN operator_actions AS opened ON opened.sale_id = sales.id
                      AND opened.action = 'open' AND opened.ruling = 'applied'
                 LEFT JOIN operator_actions AS ended ON ended.sale_id = sales.id
                      AND ended.action = 'close' AND ended.ruling = 'applied'
            WHERE sales.partition = $1
                  AND least(sales.ends_at, ended.decided_at) > clock.horizon
        )
        SELECT clock.now AS "now!", clock.horizon AS "horizon!", stream_created,
               least(cursor, kept.seq) AS "keep_from!"
        FROM partitions, clock, kept
        WHERE partition = $1 AND epoch = $2 AND owner = $3 AND halted IS NULL"#,
        number(grant.partition),
        grant.epoch,
        grant.owner,
        horizon.as_secs_f64()
    )
    .fetch_optional(postgres)
    .await?;
    row.map(|row| {
        Ok(Trimmable {
            now: row.now,
            horizon: row.horizon,
            keep_from: seq(row.keep_from)?,
            stream_created: row.stream_created,
        })
    })
    .transpose()
}
