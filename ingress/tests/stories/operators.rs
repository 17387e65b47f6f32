//! Operators: made by command, and known in the audit trail.

use anyhow::{Context, Result};
use devstack::{OpenSale, Operator, Shopper, Stack};

use crate::request::is_problem;
use crate::shop::ticket;

const EMAIL: &str = "grace@example.org";
const PASSWORD: &str = "correct horse battery";
const CREATE: [&str; 3] = ["create-operator", "--email", EMAIL];

/// Runs it and gives whether it went well, and what it said.
async fn command(stack: &Stack, arguments: &[&str], told: &str) -> Result<(bool, String)> {
    let output = stack.ingress_command(arguments, told).await?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), String::from_utf8(said)?))
}

#[tokio::test]
async fn an_operator_made_by_command_runs_a_sale() -> Result<()> {
    let stack = Stack::builder().notifiers(0).start().await?;
    let door = stack.ingress(0).url();
    let (went_well, said) = command(&stack, &CREATE, &format!("{PASSWORD}\nsecond line\n")).await?;
    assert!(went_well, "{said}");
    assert!(!said.contains("horse"), "{said}");

    let grace = Shopper::sign_in(&door, EMAIL, PASSWORD).await?;
    let who = grace.who_am_i().await?;
    assert_eq!(
        (who.text("role"), who.text("email")),
        (Some("operator"), Some(EMAIL))
    );
    let operator = Operator::new(&door, grace.token());
    let sale = operator.open_sale(&OpenSale::of(1)).await?;
    // Whoever runs sales may buy.
    ticket(&grace.buy(&sale, None).await?)?;
    assert_eq!(operator.close(&sale).await?.status, 200);
    let actors = sqlx::query_scalar::<_, String>("SELECT DISTINCT actor FROM operator_actions");
    assert_eq!(actors.fetch_all(stack.pool()).await?, [EMAIL]);
    stack.stop().await
}

#[tokio::test]
async fn an_operator_is_not_made_of_nothing() -> Result<()> {
    let stack = Stack::builder().notifiers(0).allocators(0).start().await?;
    let wrong: [(&[&str], &str, &str); 6] = [
        (&CREATE, "", "8 to 256 bytes"),
        (&CREATE, "\n12345678\n", "8 to 256 bytes"),
        (&CREATE, "1234567\r\n", "8 to 256 bytes"),
        (&CREATE, &"x".repeat(257), "8 to 256 bytes"),
        (
            &["create-operator", "--email", "grace"],
            PASSWORD,
            "an email has",
        ),
        (
            &["create-operator", "--email", EMAIL, "--promote"],
            "",
            "no account of grace",
        ),
    ];
    for (arguments, told, complaint) in wrong {
        let (went_well, said) = command(&stack, arguments, told).await?;
        assert!(!went_well && said.contains(complaint), "{told:?}: {said}");
        assert_eq!(said.trim().lines().count(), 1, "one line: {said}");
    }
    let accounts = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM accounts");
    assert_eq!(accounts.fetch_one(stack.pool()).await?, 0);
    stack.stop().await
}

#[tokio::test]
async fn an_account_that_is_there_is_promoted_only_when_asked() -> Result<()> {
    let stack = Stack::builder().notifiers(0).start().await?;
    let door = stack.ingress(0).url();
    let before = Shopper::register(&door, EMAIL, PASSWORD).await?;

    let (went_well, said) = command(&stack, &CREATE, "another password").await?;
    assert!(!went_well && said.contains("--promote"), "{said}");
    let still = Shopper::sign_in(&door, EMAIL, PASSWORD).await?;
    assert_eq!(still.who_am_i().await?.text("role"), Some("shopper"));

    let promote = [&CREATE[..], &["--promote"]].concat();
    let (went_well, said) = command(&stack, &promote, "").await?;
    assert!(went_well, "{said}");
    let grace = Shopper::sign_in(&door, EMAIL, PASSWORD).await?;
    assert_eq!(grace.id(), before.id(), "the same account, and password");
    let operator = Operator::new(&door, grace.token());
    operator
        .open_sale(&OpenSale::of(1))
        .await
        .context("as an operator")?;
    // A session says what it said when it began.
    let product = Operator::new(&door, before.token())
        .post("/v1/products", None)
        .await?;
    is_problem("the session from before", &product, (403, "forbidden"));
    stack.stop().await
}
