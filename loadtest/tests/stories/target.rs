//! Loading what runs already, and what cannot be loaded.

use std::net::TcpListener;

use anyhow::{Context, Result};
use devstack::places::{Home, ScratchFolder};
use devstack::{OpenSale, Proxy, Role, Shopper, Stack};

use crate::run::{BROKEN, FAILED, INVALID, run, run_until};

/// Of a hundred: more than a run may lose and still mean something.
const LOST: usize = 5;

const FEW: [&str; 4] = ["--shoppers", "100", "--within", "1"];

/// Reads as the auditor, who may do nothing else.
fn books(stack: &Stack) -> [String; 2] {
    let (user, password) = stack.tenant().nats_login(Role::Auditor);
    let nats = stack.tenant().nats_url();
    let nats = nats.replace("nats://", &format!("nats://{user}:{password}@"));
    [
        format!(
            "--database-url={}",
            stack.tenant().database_url(Role::Auditor)
        ),
        format!("--nats-url={nats}"),
    ]
}

#[tokio::test]
async fn a_running_target_is_loaded_and_audited() -> Result<()> {
    let stack = Stack::builder().start().await?;
    let scratch = ScratchFolder::make(&Home::find()?.folder)?;
    let token = scratch.path().join("token");
    std::fs::write(&token, stack.operator_token().await? + "\n")?;
    let url = stack.ingress(0).url();
    let token = token.to_str().context("a path that is not text")?;
    let [database, nats] = books(&stack);
    let at = [
        "--target",
        &url,
        "--operator-token-file",
        token,
        &database,
        &nats,
    ];
    let told = run(&[&["burst"], FEW.as_slice(), &at].concat()).await?;
    assert!(matches!(told.code, Some(0 | INVALID)), "{told:?}");
    assert_eq!(told.json["target"], url);
    assert_eq!(told.json["audit"]["phantom"], 0, "{:#}", told.json);
    assert!(!told.said.contains("postgres://"), "{}", told.said);
    stack.stop().await
}

#[tokio::test]
async fn without_the_books_nothing_is_judged_and_nothing_made_up() -> Result<()> {
    let stack = Stack::builder().start().await?;
    let sale = stack.open_sale(&OpenSale::of(10)).await?;
    let url = stack.ingress(0).url();
    let at = ["--target", &url, "--sale", &sale];
    let told = run(&[&["burst"], FEW.as_slice(), &at].concat()).await?;
    assert!(matches!(told.code, Some(0 | INVALID)), "{told:?}");
    assert!(told.json["audit"].is_null(), "{:#}", told.json);
    assert!(told.json["inversion_ms"].is_null(), "{:#}", told.json);
    stack.stop().await
}

#[tokio::test]
async fn a_wrong_history_ends_with_a_code_of_its_own() -> Result<()> {
    let stack = Stack::builder().start().await?;
    let sale = stack.open_sale(&OpenSale::of(10)).await?;
    let url = stack.ingress(0).url();
    let ticket = Shopper::guest(&url).await?.buy(&sale, None).await?;
    let ticket = ticket.text("ticket").context("no ticket")?.to_owned();
    devstack::until("an order", std::time::Duration::from_secs(30), async || {
        let deleted = sqlx::query("DELETE FROM orders WHERE id = $1::text::uuid");
        let deleted = deleted.bind(&ticket).execute(stack.pool()).await?;
        Ok((deleted.rows_affected() == 1).then_some(()))
    })
    .await?;

    let [database, nats] = books(&stack);
    let at = ["--target", &url, "--sale", &sale, &database, &nats];
    let told = run(&[&["burst"], FEW.as_slice(), &at].concat()).await?;
    assert_eq!(told.code, Some(BROKEN), "{told:?}");
    assert!(
        told.json["audit"]["out_of_order"].as_u64() > Some(0),
        "{:#}",
        told.json
    );
    stack.stop().await
}

#[tokio::test]
async fn what_cannot_be_loaded_is_said_in_a_line() -> Result<()> {
    let stack = Stack::builder().notifiers(0).start().await?;
    let operator = stack.operator().await?;
    let sale = operator.open_sale(&OpenSale::of(10)).await?;
    operator.close(&sale).await?;
    let url = stack.ingress(0).url();
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        format!("http://{}", listener.local_addr()?)
    };
    let unknown = "01a1b2c3-0000-8000-8000-000000000000";
    for (arguments, why) in [
        (
            vec!["--target", nobody.as_str(), "--sale", &sale],
            "does not answer",
        ),
        (vec!["--target", "https://shop.example"], "TLS"),
        (vec!["--target", &url], "--operator-token-file"),
        (vec!["--target", &url, "--sale", &sale], "closed"),
        (vec!["--target", &url, "--sale", unknown], "no sale"),
        (
            vec!["--target", &url, "--operator-token-file", "/nowhere"],
            "/nowhere",
        ),
        (
            vec![
                "--target",
                &url,
                "--sale",
                &sale,
                "--database-url",
                "postgres://me:secret@127.0.0.1:1/x",
            ],
            "--database-url",
        ),
        (vec!["--sale", &sale], "--target"),
        (vec!["--target", &url, "--ingress", "2"], "--ingress"),
        (vec!["--sockets", "101"], "--sockets"),
        (vec!["--within", "0"], "--within"),
    ] {
        let told = run(&[&["burst"], arguments.as_slice()].concat()).await?;
        assert_eq!(told.code, Some(FAILED), "{arguments:?}: {told:?}");
        assert!(told.said.contains(why), "{arguments:?}: {}", told.said);
        assert!(!told.said.contains("secret"), "{}", told.said);
        assert!(!told.said.contains("panicked"), "{}", told.said);
    }
    stack.stop().await
}

#[tokio::test]
async fn an_interrupted_run_tells_what_it_has_seen() -> Result<()> {
    let long = ["soak", "--minutes", "10", "--rate", "50"];
    let told = run_until(&long, "soak, ").await?;
    assert_eq!(told.code, Some(INVALID), "{told:?}");
    assert_eq!(told.json["valid"], false);
    assert!(told.table.contains("interrupted"), "{}", told.table);
    assert_eq!(told.json["audit"]["oversold"], 0, "{:#}", told.json);
    Ok(())
}

#[tokio::test]
async fn an_answer_that_is_lost_is_no_refusal() -> Result<()> {
    let stack = Stack::builder().start().await?;
    let sale = stack.open_sale(&OpenSale::of(1_000)).await?;
    let proxy = Proxy::before(&stack.ingress(0).url()).await?;
    proxy.cut_before(b"HTTP/1.1 202", LOST);
    let [database, nats] = books(&stack);
    let at = ["--target", proxy.url(), "--sale", &sale, &database, &nats];
    let told = run(&[&["burst"], FEW.as_slice(), &at].concat()).await?;
    // Whoever heard nothing has asked again with the same key: everybody has one unit, and nobody two.
    assert_eq!(told.json["unanswered"], LOST, "{told:?}");
    assert_eq!(told.json["won"], 100, "{:#}", told.json);
    assert_eq!(told.json["orders"], 100, "{:#}", told.json);
    assert_eq!(
        told.json["verdict"], "invalid",
        "too many had no answer: {:#}",
        told.json
    );
    stack.stop().await
}
