//! The commit: one statement, one round trip. It begins with a compare-and-set on the partition's
//! row, and everything else it writes hangs on that row having been hit. Either the cursor moves
//! with all of its decisions, or nothing happens: the answer to "did my commit land?" is the row.

use feed::timestamp;
use sale::decided::DecidedRecord;
use sale::{Control, Effect, Moment, Sale, Seq, Ticket};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Grant, LEASE_S, number};
use crate::group::{CommandGroup, PurchaseGroup};

/// What became of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Committed {
    /// The cursor has moved.
    Yes,
    /// The partition is somebody else's, or its cursor is not where it was believed to be.
    Fenced,
}

/// The step of the cursor that a commit covers.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) from: Seq,
    pub(crate) to: Seq,
    pub(crate) log_time: Moment,
    pub(crate) record_hash: [u8; 32],
    pub(crate) purchases: u64,
}

pub(crate) async fn commit_purchases(
    postgres: &mut PgConnection,
    grant: Grant,
    group: &PurchaseGroup,
) -> sqlx::Result<Committed> {
    let PurchaseGroup {
        step,
        records,
        orders,
        quarantined,
        sales,
        ..
    } = group;
    let owned = sqlx::query_scalar!(
        r#"WITH owned AS (
            UPDATE partitions
            SET cursor = $5, log_time = $6, last_record_hash = $7,
                decided_total = decided_total + $8,
                lease_until = clock_timestamp() + make_interval(secs => $9)
            WHERE partition = $1 AND epoch = $2 AND owner = $3 AND cursor = $4 AND halted IS NULL
            RETURNING partition
        ), decided AS (
            INSERT INTO decisions (partition, seq, sale_id, rulings, refs)
            SELECT partition, record.seq, record.sale_id, record.rulings, record.refs::bigint[]
            FROM owned, UNNEST($10::bigint[], $11::uuid[], $12::text[], $13::text[])
                AS record (seq, sale_id, rulings, refs)
        ), ordered AS (
            INSERT INTO orders (id, sale_id, shopper_id, nth, unit_limit, key_hash, ordered_at)
            SELECT won.*
            FROM owned, UNNEST($14::uuid[], $15::uuid[], $16::uuid[], $17::smallint[],
                               $18::smallint[], $19::bigint[], $20::timestamptz[]) AS won
            RETURNING sale_id
        ), moved AS (
            UPDATE sales SET sold = sold + units, revision = touched.revision
            FROM (SELECT sale_id, count(*) AS units FROM ordered GROUP BY sale_id) AS counted
                 JOIN UNNEST($21::uuid[], $22::bigint[]) AS touched (id, revision)
                      ON touched.id = counted.sale_id
            WHERE sales.id = touched.id
        ), quarantined AS (
            INSERT INTO quarantine (partition, seq, subject, body, error)
            SELECT partition, damaged.*
            FROM owned, UNNEST($23::bigint[], $24::text[], $25::bytea[], $26::text[]) AS damaged
        )
        SELECT count(*) AS "owned!" FROM owned"#,
        number(grant.partition),
        grant.epoch,
        grant.owner,
        signed(step.from),
        signed(step.to),
        timestamp(step.log_time),
        step.record_hash.as_slice(),
        step.purchases.cast_signed(),
        LEASE_S,
        &column(records, |record| signed(record.seq)),
        &column(records, |record| record.sale.map(sale::SaleId::uuid)) as &[Option<Uuid>],
        &column(records, |record| record.rulings.as_str().to_owned()),
        &column(records, refs) as &[Option<String>],
        &column(orders, |order| order.id.uuid()),
        &column(orders, |order| order.sale.uuid()),
        &column(orders, |order| order.won.shopper.uuid()),
        &column(orders, |order| order.won.nth.cast_signed()),
        &column(orders, |order| order.won.unit_limit.cast_signed()),
        &column(orders, |order| order.won.key.bits().cast_signed()),
        &column(orders, |order| timestamp(order.log_time)),
        &column(sales, |sale| sale.id.uuid()),
        &column(sales, |sale| signed(sale.revision)),
        &column(quarantined, |one| signed(one.seq)),
        &column(quarantined, |one| one.subject.clone()),
        &column(quarantined, |one| one.body.to_vec()),
        &column(quarantined, |one| one.error.clone()),
    )
    .fetch_one(postgres)
    .await?;
    Ok(committed(owned))
}

pub(crate) async fn commit_command(
    postgres: &mut PgConnection,
    grant: Grant,
    group: &CommandGroup,
) -> sqlx::Result<Committed> {
    let CommandGroup {
        step,
        control,
        decision,
    } = group;
    let (ruling, effect) = (decision.ruling, decision.effect.as_ref());
    let changed = effect.map(changed_sale);
    let (first, last) = cancelled_ids(effect);
    let log_time = timestamp(step.log_time);
    let owned = sqlx::query_scalar!(
        r#"WITH owned AS (
            UPDATE partitions
            SET cursor = $5, log_time = $6, last_record_hash = $7,
                lease_until = clock_timestamp() + make_interval(secs => $8)
            WHERE partition = $1 AND epoch = $2 AND owner = $3 AND cursor = $4 AND halted IS NULL
            RETURNING partition, cursor, log_time
        ), decided AS (
            INSERT INTO decisions (partition, seq, sale_id, rulings)
            SELECT partition, cursor, $9, $10 FROM owned
        ), acted AS (
            INSERT INTO operator_actions
                (partition, seq, sale_id, command_id, action, details, actor, reason, ruling, decided_at)
            SELECT partition, cursor, $9, $11, $12, $13, $14, $15, $16, log_time FROM owned
        ), cancelled AS (
            UPDATE orders SET cancelled_at = owned.log_time
            FROM owned
            WHERE id BETWEEN $17 AND $18 AND cancelled_at IS NULL
            RETURNING id
        ), changed AS (
            INSERT INTO sales (id, partition, product_id, product_name, price_minor, currency,
                               unit_limit, starts_at, ends_at, stock, paused, closed, version, revision)
            SELECT $9, partition, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, cursor
            FROM owned WHERE $30
            ON CONFLICT (id) DO UPDATE
            SET unit_limit = excluded.unit_limit, starts_at = excluded.starts_at,
                ends_at = excluded.ends_at, stock = excluded.stock, paused = excluded.paused,
                closed = excluded.closed, version = excluded.version, revision = excluded.revision,
                sold = sales.sold - (SELECT count(*) FROM cancelled)
        )
        SELECT count(*) AS "owned!" FROM owned"#,
        number(grant.partition),
        grant.epoch,
        grant.owner,
        signed(step.from),
        signed(step.to),
        log_time,
        step.record_hash.as_slice(),
        LEASE_S,
        control.sale.uuid(),
        ruling.letter().to_string(),
        control.command.uuid(),
        control.action.name(),
        details(control),
        control.by,
        control.reason,
        ruling.as_str(),
        first,
        last,
        changed.map(|sale| sale.product.id.uuid()),
        changed.map(|sale| sale.product.name.clone()),
        changed.map(|sale| i64::from(sale.price.amount_minor)),
        changed.map(|sale| sale.price.currency.clone()),
        changed.map(|sale| sale.unit_limit.cast_signed()),
        changed.map(|sale| timestamp(sale.starts_at_ms)),
        changed.map(|sale| timestamp(sale.ends_at_ms)),
        changed.map(|sale| sale.stock.cast_signed()),
        changed.map(|sale| sale.paused),
        changed.map(|sale| sale.closed),
        changed.map(|sale| sale.version.cast_signed()),
        changed.is_some(),
    )
    .fetch_one(postgres)
    .await?;
    Ok(committed(owned))
}

fn committed(rows: i64) -> Committed {
    if rows == 1 {
        Committed::Yes
    } else {
        Committed::Fenced
    }
}

fn changed_sale(effect: &Effect) -> &Sale {
    match effect {
        Effect::Opened(sale) | Effect::Changed(sale) | Effect::Cancelled { sale, .. } => sale,
    }
}

/// The ids the cancelled order can have; none when nothing was cancelled.
fn cancelled_ids(effect: Option<&Effect>) -> (Option<Uuid>, Option<Uuid>) {
    match effect {
        Some(Effect::Cancelled { order, .. }) => {
            let (first, last) = Ticket::range_of(*order);
            (Some(first), Some(last))
        }
        Some(Effect::Opened(_) | Effect::Changed(_)) | None => (None, None),
    }
}

fn details(control: &Control) -> String {
    serde_json::to_string(&control.action).expect("an action has no map keys that are not strings")
}

/// An array literal, because a parameter cannot be an array of arrays of different lengths.
fn refs(record: &DecidedRecord) -> Option<String> {
    if record.refs.is_empty() {
        return None;
    }
    let refs: Vec<String> = record
        .refs
        .iter()
        .map(|place| place.pack().cast_signed().to_string())
        .collect();
    Some(format!("{{{}}}", refs.join(",")))
}

fn column<T, C>(rows: &[T], cell: impl Fn(&T) -> C) -> Vec<C> {
    rows.iter().map(cell).collect()
}

fn signed(seq: Seq) -> i64 {
    seq.get().cast_signed()
}
