//! The drill of `docs/runbooks/restore-postgres.md`: Postgres is put back to a backup of some
//! minutes ago, the log is kept, and what was decided since is decided again, to the same orders.

use anyhow::{Context, Result, ensure};
use devstack::OpenSale;
use devstack::audit::{Attempt, Verdict};
use sale::subject::{Channel, LogSubject};
use sale::{RECORD_VERSION, Ticket};
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};

use crate::shop::{Shop, cursor, is_contiguous, stack};

/// What the log writes, parents first.
const TABLES: [&str; 6] = [
    "partitions",
    "sales",
    "orders",
    "decisions",
    "quarantine",
    "operator_actions",
];

/// Everything as of one moment, while the sale goes on: what `pg_dump` does.
async fn back_up(pool: &PgPool) -> Result<()> {
    let copies =
        TABLES.map(|table| format!("CREATE TABLE backup.{table} AS TABLE public.{table};"));
    let script = format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ; CREATE SCHEMA backup; {} COMMIT;",
        copies.concat()
    );
    sqlx::raw_sql(AssertSqlSafe(script)).execute(pool).await?;
    Ok(())
}

async fn put_back(pool: &PgPool) -> Result<()> {
    let copies = TABLES.map(|table| format!("INSERT INTO {table} SELECT * FROM backup.{table};"));
    let script = format!(
        "BEGIN; TRUNCATE {} CASCADE; {} COMMIT;",
        TABLES.join(", "),
        copies.concat()
    );
    sqlx::raw_sql(AssertSqlSafe(script)).execute(pool).await?;
    Ok(())
}

/// One hash over every order, ruling, sale and command, in order. Not over the times at which
/// Postgres wrote them, which are reported and never decided on.
async fn fingerprint(pool: &PgPool) -> Result<String> {
    let hash = sqlx::query_scalar(
        "SELECT encode(sha256(convert_to(string_agg(line, E'\\n' ORDER BY line), 'UTF8')), 'hex')
         FROM (SELECT orders::text AS line FROM orders
               UNION ALL SELECT (partition, seq, sale_id, rulings, refs)::text FROM decisions
               UNION ALL SELECT sales::text FROM sales
               UNION ALL SELECT operator_actions::text FROM operator_actions
               UNION ALL SELECT (partition, cursor, log_time, last_record_hash, decided_total)::text
                         FROM partitions) AS lines",
    );
    Ok(hash.fetch_one(pool).await?)
}

/// As an operator's command that the log holds.
async fn cancel(shop: &Shop, order: Ticket) -> Result<()> {
    let place = order.claimed_place();
    let command = json!({
        "v": RECORD_VERSION,
        "sale": shop.sale,
        "command": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "by": "a test",
        "action": { "cancel": { "seq": place.seq, "index": place.index } },
    });
    let subject = LogSubject::of(shop.sale.parse()?, Channel::Control).to_string();
    let seq = shop.log(&subject, command.to_string()).await?;
    shop.decided(seq).await?;
    let cancelled: i64 =
        sqlx::query_scalar("SELECT count(*) FROM orders WHERE cancelled_at IS NOT NULL")
            .fetch_one(shop.pool())
            .await?;
    ensure!(cancelled == 1, "{cancelled} orders are cancelled");
    Ok(())
}

fn first_won(attempts: &[Attempt]) -> Result<Ticket> {
    let told = attempts.iter().filter_map(Attempt::accepted);
    let won = told
        .filter_map(|accepted| accepted.verdict())
        .find_map(|verdict| match verdict {
            Verdict::Won(order) => Some(Ticket::from_order_id(*order)),
            Verdict::Lost(_) => None,
        });
    won.context("nobody won")
}

#[tokio::test]
async fn a_backup_put_back_is_decided_again_to_the_same_orders() -> Result<()> {
    // Given: a backup that is made in the middle of a sale.
    let terms = OpenSale {
        unit_limit: 2,
        ..OpenSale::of(80)
    };
    let shop = Shop::open(stack(), 2, &terms).await?;
    let mut attempts = shop.crowd(15, &["a", "b", "a"]).await?;
    let (crowd, backed_up) = tokio::join!(shop.crowd(15, &["a", "b"]), back_up(shop.pool()));
    backed_up?;
    attempts.extend(crowd?);

    // And: a cancelled order, more purchases than units, and the end of the sale after it.
    let operator = shop.stack.operator().await?;
    let later = shop.crowd(10, &["a", "b"]).await?;
    cancel(&shop, first_won(&later)?).await?;
    attempts.extend(shop.crowd(10, &["a"]).await?);
    ensure!(
        operator.close(&shop.sale).await?.status == 200,
        "not closed"
    );
    let (end, before) = (cursor(shop.pool()).await?, fingerprint(shop.pool()).await?);

    // When: Postgres is put back, and everybody is told.
    shop.stack.allocator(0).kill().await?;
    put_back(shop.pool()).await?;
    let put_back_to = cursor(shop.pool()).await?;
    ensure!(
        put_back_to < end,
        "the backup was made too late: {put_back_to}"
    );
    let reason = ["--reason", "a drill", "--by", "a test"];
    shop.stack
        .administer(&[&["restored"][..], &reason].concat())
        .await?;
    shop.stack.allocator(0).start().await?;
    shop.decided(end).await?;

    // Then: the books are what they were, to the last letter.
    assert_eq!(fingerprint(shop.pool()).await?, before);
    assert!(is_contiguous(shop.pool()).await?);

    // And: the doors, which were open all the time, tell every shopper what they told before.
    let anybody = shop.shopper().await?;
    for attempt in &attempts {
        let Some(accepted) = attempt.accepted() else {
            continue;
        };
        let ticket = accepted.ticket.to_string();
        let told = anybody.learn(&shop.doors, &ticket).await?;
        ensure!(Some(&told) == accepted.verdict(), "{ticket}: {told:?}");
    }

    // And: the next sale goes on from there.
    let next = operator.open_sale(&OpenSale::of(1)).await?;
    let sold = anybody.see_through(&shop.doors, &next, "a").await?;
    ensure!(first_won(&[sold]).is_ok(), "nothing is sold any more");
    shop.stack.stop().await
}
