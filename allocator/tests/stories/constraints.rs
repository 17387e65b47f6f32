//! Rule 4: the database alone forbids wrong results, whoever writes them.

use anyhow::{Context, Result, ensure};
use devstack::{Role, Stack};
use sqlx::{AssertSqlSafe, PgPool};

use crate::shop::stack;

/// A partition with a record decided and a sale of one unit, limit one, that is sold.
const SOLD_OUT: &str = "
    INSERT INTO sales (id, partition, product_id, product_name, price_minor, currency, unit_limit,
                       starts_at, ends_at, stock, sold, version, revision)
    VALUES ('00000000-0000-8000-8000-000000000001', 0, gen_random_uuid(), 'A scarce thing', 100, 'EUR', 1,
            now(), now() + interval '1 hour', 1, 1, 1, 2);
    INSERT INTO orders (id, sale_id, shopper_id, nth, unit_limit, key_hash, ordered_at)
    VALUES ('00000000-0000-8000-8000-00000000000a', '00000000-0000-8000-8000-000000000001',
            '00000000-0000-4000-8000-000000000005', 0, 1, 7, now());
    INSERT INTO decisions (partition, seq, sale_id, rulings)
    VALUES (0, 2, '00000000-0000-8000-8000-000000000001', 'W');
    INSERT INTO operator_actions (partition, seq, sale_id, command_id, action, details, actor, ruling, decided_at)
    VALUES (0, 1, '00000000-0000-8000-8000-000000000001', '00000000-0000-4000-8000-0000000000c0',
            'open', '{}', 'operator', 'applied', now());
    UPDATE partitions SET cursor = 2, last_record_hash = sha256('') WHERE partition = 0";

/// What must never be, and the constraint that says so.
const WRONG: [(&str, &str, &str); 12] = [
    (
        "a unit more sold than there are",
        "UPDATE sales SET sold = 2",
        "sales_never_oversold",
    ),
    (
        "less stock than is sold",
        "UPDATE sales SET stock = 0",
        "sales_never_oversold",
    ),
    (
        "a negative count",
        "UPDATE sales SET sold = -1",
        "sales_never_oversold",
    ),
    (
        "the same unit twice for one shopper",
        "INSERT INTO orders SELECT gen_random_uuid(), sale_id, shopper_id, nth, unit_limit, 8, now() FROM orders",
        "orders_one_per_unit",
    ),
    (
        "a unit above the limit",
        "INSERT INTO orders SELECT gen_random_uuid(), sale_id, shopper_id, 1, unit_limit, 8, now() FROM orders",
        "orders_within_limit",
    ),
    (
        "two orders for one place",
        "INSERT INTO orders SELECT id, sale_id, gen_random_uuid(), nth, unit_limit, 8, now() FROM orders",
        "orders_pkey",
    ),
    (
        "an order of no sale",
        "UPDATE orders SET sale_id = gen_random_uuid()",
        "orders_sale_id_fkey",
    ),
    (
        "a record decided twice",
        "INSERT INTO decisions (partition, seq, rulings) VALUES (0, 2, 'S')",
        "decisions_pkey",
    ),
    (
        "a command applied twice",
        "INSERT INTO operator_actions SELECT partition, 3, sale_id, command_id, action, details, actor,
                reason, ruling, decided_at FROM operator_actions",
        "operator_actions_once",
    ),
    (
        "a cursor without the record it stands on",
        "UPDATE partitions SET last_record_hash = NULL",
        "partitions_record_hash",
    ),
    (
        "a generation that begins after the cursor",
        "UPDATE partitions SET begins_after = 3",
        "partitions_begins_after",
    ),
    (
        "a generation that leaves a place to nobody",
        "INSERT INTO generations SELECT 0, 2, 5, 3, 3, now(), 'me', 'why', now(), now()",
        "generations_hole",
    ),
];

async fn sold_out() -> Result<Stack> {
    let stack = stack().ingress(0).allocators(0).start().await?;
    sqlx::raw_sql(SOLD_OUT).execute(stack.pool()).await?;
    Ok(stack)
}

async fn refusal(
    pool: &PgPool,
    statement: &'static str,
) -> Result<Box<dyn sqlx::error::DatabaseError>> {
    let outcome = sqlx::raw_sql(AssertSqlSafe(statement)).execute(pool).await;
    let error = outcome.err().context("it was allowed")?;
    error
        .into_database_error()
        .context("Postgres was not asked")
}

#[tokio::test]
async fn even_the_owner_of_the_database_cannot_write_a_wrong_result() -> Result<()> {
    let stack = sold_out().await?;
    for (wrong, statement, constraint) in WRONG {
        let refused = refusal(stack.pool(), statement).await.context(wrong)?;
        assert_eq!(refused.constraint(), Some(constraint), "{wrong}: {refused}");
    }
    Ok(())
}

#[tokio::test]
async fn a_cancelled_order_frees_its_unit_and_nothing_else() -> Result<()> {
    let stack = sold_out().await?;
    sqlx::raw_sql("UPDATE orders SET cancelled_at = now()")
        .execute(stack.pool())
        .await?;
    let again = "INSERT INTO orders SELECT gen_random_uuid(), sale_id, shopper_id, nth, unit_limit, 8, now()
                 FROM orders LIMIT 1";
    sqlx::raw_sql(again).execute(stack.pool()).await?;
    let refused = refusal(stack.pool(), again).await?;
    assert_eq!(refused.constraint(), Some("orders_one_per_unit"));
    Ok(())
}

/// `42501` is "insufficient privilege".
#[tokio::test]
async fn nobody_but_the_allocator_may_write_what_the_log_decides() -> Result<()> {
    let stack = sold_out().await?;
    for role in [Role::Ingress, Role::Notifier, Role::Auditor] {
        let pool = stack.tenant().pool(role);
        for statement in [
            "UPDATE sales SET sold = 0",
            "DELETE FROM orders",
            "INSERT INTO orders SELECT * FROM orders",
            "UPDATE decisions SET rulings = 'W'",
            "UPDATE partitions SET cursor = 0",
        ] {
            let refused = refusal(&pool, statement).await?;
            ensure!(
                refused.code().as_deref() == Some("42501"),
                "{role:?}: {refused}"
            );
        }
    }
    let auditor = stack.tenant().pool(Role::Auditor);
    let refused = refusal(&auditor, "SELECT FROM accounts").await?;
    assert_eq!(refused.code().as_deref(), Some("42501"), "{refused}");
    let allocator = stack.tenant().pool(Role::Allocator);
    for statement in [
        "DELETE FROM orders",
        "DELETE FROM decisions",
        "UPDATE decisions SET rulings = 'W'",
        "DELETE FROM generations",
        "DELETE FROM interventions",
    ] {
        let refused = refusal(&allocator, statement).await?;
        ensure!(
            refused.code().as_deref() == Some("42501"),
            "allocator: {refused}"
        );
    }
    Ok(())
}
