//! Accounts: making one, signing in with a password, and what is kept and told of it.

use anyhow::Result;
use devstack::{Answer, Http, Role, Shopper, Stack};
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use crate::request::{Right, is_problem};
use crate::shop::{SOON, Shop};

pub(crate) const EMAIL: &str = "ada@example.org";
pub(crate) const PASSWORD: &str = "correct horse battery";

async fn post(door: &str, path: &str, body: &Value) -> Result<Answer> {
    let url = format!("{door}{path}");
    Http::new()
        .send("POST".parse()?, &url, &[], Some(body))
        .await
}

async fn sign_in(door: &str, email: &str, password: &str) -> Result<Answer> {
    let credentials = json!({ "email": email, "password": password });
    post(door, "/v1/sessions", &credentials).await
}

/// Doors, and nothing behind them: for stories in which nobody buys.
pub(crate) async fn doors(count: usize) -> Result<Stack> {
    Stack::builder()
        .notifiers(0)
        .allocators(0)
        .ingress(count)
        .start()
        .await
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_email_are_answered_alike() -> Result<()> {
    let stack = doors(1).await?;
    let door = stack.ingress(0).url();
    Shopper::register(&door, EMAIL, PASSWORD).await?;
    let comparable = |mut answer: Answer| {
        for changing in ["date", "x-request-id"] {
            answer.headers.remove(changing);
        }
        if let Some(body) = answer.body.as_object_mut() {
            body.remove("request_id");
        }
        answer
    };
    let wrong = comparable(sign_in(&door, EMAIL, "another password").await?);
    is_problem("a wrong password", &wrong, (401, "wrong-credentials"));
    let unknown = comparable(sign_in(&door, "nobody@example.org", PASSWORD).await?);
    assert_eq!(wrong.body.to_string(), unknown.body.to_string());
    assert_eq!(wrong.headers, unknown.headers);
    // A short one cannot be right, and is no other case either.
    let short = comparable(sign_in(&door, EMAIL, "").await?);
    assert_eq!(wrong.body.to_string(), short.body.to_string());
    assert_eq!(
        sign_in(&door, EMAIL, PASSWORD).await?.status,
        201,
        "the right one"
    );
    stack.stop().await
}

#[tokio::test]
async fn an_email_has_one_account() -> Result<()> {
    let stack = doors(1).await?;
    let door = stack.ingress(0).url();
    Shopper::register(&door, EMAIL, PASSWORD).await?;
    for email in [EMAIL, "ADA@example.org", "\tada@EXAMPLE.org "] {
        let credentials = json!({ "email": email, "password": "another password" });
        let answer = post(&door, "/v1/accounts", &credentials).await?;
        is_problem(email, &answer, (409, "email-taken"));
    }
    assert_eq!(
        sign_in(&door, EMAIL, PASSWORD).await?.status,
        201,
        "unchanged"
    );
    let racing = (0..4).map(|_| {
        let credentials = json!({ "email": "eve@example.org", "password": PASSWORD });
        let door = door.clone();
        async move { post(&door, "/v1/accounts", &credentials).await }
    });
    let mut answered: Vec<u16> = try_join_all(racing)
        .await?
        .iter()
        .map(|one| one.status)
        .collect();
    answered.sort_unstable();
    assert_eq!(
        answered,
        [201, 409, 409, 409],
        "one of those who come at once"
    );
    stack.stop().await
}

#[tokio::test]
async fn credentials_that_cannot_be_are_refused() -> Result<()> {
    let shop = Shop::selling(1).await?;
    let right = Right::of_a_guest(&shop).await?;
    let long = |field: &str, chars: usize| {
        let mut body = json!({ "email": EMAIL, "password": PASSWORD });
        body[field] = json!(format!("{}@x", "a".repeat(chars - 2)));
        body.to_string()
    };
    let with = |email: &str| json!({ "email": email, "password": PASSWORD }).to_string();
    for path in ["/v1/accounts", "/v1/sessions"] {
        let at = |name, status, problem| {
            right
                .purchase(name, status, problem)
                .to("POST", path)
                .without("authorization")
        };
        let invalid = |name, body: &str| at(name, 422, "invalid").body(body);
        for case in [
            invalid("nothing", "{}"),
            invalid("null", "null"),
            invalid("a list", "[\"ada@example.org\",\"correct horse battery\"]"),
            invalid("no password", "{\"email\":\"ada@example.org\"}"),
            invalid("no email", "{\"password\":\"correct horse battery\"}"),
            invalid(
                "an email that is a number",
                "{\"email\":1,\"password\":\"12345678\"}",
            ),
            invalid(
                "a password that is a number",
                "{\"email\":\"a@b\",\"password\":12345678}",
            ),
            invalid(
                "a password that is null",
                "{\"email\":\"a@b\",\"password\":null}",
            ),
            invalid(
                "a role",
                "{\"email\":\"a@b\",\"password\":\"12345678\",\"role\":\"operator\"}",
            ),
            invalid(
                "an email twice",
                "{\"email\":\"a@b\",\"email\":\"a@b\",\"password\":\"12345678\"}",
            ),
            invalid("an empty email", &with("")),
            invalid("no at", &with("ada.example.org")),
            invalid("two ats", &with("ada@example@org")),
            invalid("nobody at", &with("@example.org")),
            invalid("nowhere", &with("ada@")),
            invalid("a space", &with("ada lovelace@example.org")),
            invalid(
                "a line's end",
                &with("ada@example.org\nbcc:eve@example.org"),
            ),
            invalid("a NUL", &with("ada\0@example.org")),
            invalid("beyond ASCII", &with("ädä@example.org")),
            invalid("a long email", &long("email", 255)),
            invalid("a long password", &long("password", 257)),
            at("half a body", 400, "bad-request").body("{\"email\":"),
            at("no body", 400, "bad-request").body(""),
            at("a huge body", 413, "too-large").body(long("password", 33 * 1024)),
            at("no content type", 415, "unsupported-media-type").without("content-type"),
            at("a form", 415, "unsupported-media-type")
                .header("content-type", "application/x-www-form-urlencoded")
                .body("email=a@b&password=12345678"),
        ] {
            case.answered_by(&shop.doors[0]).await?;
        }
    }
    for password in ["", "1234567"] {
        let body = json!({ "email": EMAIL, "password": password }).to_string();
        let case = right
            .purchase("a short password", 422, "invalid")
            .body(body);
        case.to("POST", "/v1/accounts")
            .answered_by(&shop.doors[0])
            .await?;
    }
    let accounts = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM accounts");
    assert_eq!(accounts.fetch_one(shop.stack.pool()).await?, 0);
    shop.stack.stop().await
}

#[tokio::test]
async fn a_hash_of_old_parameters_is_made_anew_at_the_next_sign_in() -> Result<()> {
    let stack = doors(1).await?;
    let door = stack.ingress(0).url();
    Shopper::register(&door, EMAIL, PASSWORD).await?;
    // "correct horse battery" with 64 KiB and one pass.
    let old = {
        use argon2::PasswordHasher;
        let params =
            argon2::Params::new(64, 1, 1, None).map_err(|error| anyhow::anyhow!("{error}"))?;
        let argon2 = argon2::Argon2::from(params);
        let hash = argon2.hash_password_with_salt(PASSWORD.as_bytes(), &[7; 16]);
        hash.map_err(|error| anyhow::anyhow!("{error}"))?
            .to_string()
    };
    let aged = sqlx::query("UPDATE accounts SET password_hash = $1").bind(&old);
    aged.execute(stack.pool()).await?;
    let stored = async || {
        let hash = sqlx::query_scalar::<_, String>("SELECT password_hash FROM accounts");
        hash.fetch_one(stack.pool()).await
    };

    assert_eq!(sign_in(&door, EMAIL, "another password").await?.status, 401);
    assert_eq!(
        stored().await?,
        old,
        "only the right password can be hashed anew"
    );
    assert_eq!(sign_in(&door, EMAIL, PASSWORD).await?.status, 201);
    let new = stored().await?;
    assert!(new.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{new}");
    assert_eq!(sign_in(&door, EMAIL, PASSWORD).await?.status, 201);
    assert_eq!(stored().await?, new, "once");
    stack.stop().await
}

#[tokio::test]
async fn nothing_of_a_password_is_logged() -> Result<()> {
    let stack = Stack::builder().notifiers(0).allocators(0);
    let stack = stack
        .env(Role::Ingress, "LOG_FILTER", "debug")
        .start()
        .await?;
    let ingress = stack.ingress(0);
    let door = ingress.url();
    let shopper = Shopper::register(&door, EMAIL, PASSWORD).await?;
    sign_in(&door, EMAIL, PASSWORD).await?;
    sign_in(&door, EMAIL, "wrong horse battery").await?;
    // A password in the wrong field, and one where the database answers with an error.
    post(
        &door,
        "/v1/sessions",
        &json!({ "email": PASSWORD, "password": PASSWORD }),
    )
    .await?;
    post(&door, "/v1/sessions", &json!({ PASSWORD: EMAIL })).await?;
    sqlx::query("ALTER TABLE accounts RENAME TO gone")
        .execute(stack.pool())
        .await?;
    let broken = sign_in(&door, EMAIL, PASSWORD).await?;
    assert_eq!(broken.status, 500);
    ingress.wait_for_log("a request failed", SOON).await?;

    assert!(
        ingress.log_contains("serving"),
        "the log goes back to the start"
    );
    for secret in ["horse", "argon2id", shopper.token(), &stack.keys().sessions] {
        assert!(!ingress.log_contains(secret), "{secret} is in the log");
    }
    stack.stop().await
}

#[tokio::test]
async fn a_flood_of_sign_ins_is_answered_or_told_to_come_back() -> Result<()> {
    let stack = doors(1).await?;
    let door = stack.ingress(0).url();
    Shopper::register(&door, EMAIL, PASSWORD).await?;
    // Many more than may wait, on however many cores.
    let cores = std::thread::available_parallelism()?.get();
    let flood = (0..100 * (1 + cores)).map(|_| sign_in(&door, EMAIL, PASSWORD));
    let answers = try_join_all(flood).await?;
    let (welcome, busy): (Vec<_>, Vec<_>) = answers.iter().partition(|one| one.status == 201);
    assert!(
        !welcome.is_empty() && !busy.is_empty(),
        "{} of {}",
        busy.len(),
        answers.len()
    );
    for refused in busy {
        is_problem("a flood", refused, (503, "busy"));
        assert!(refused.header("retry-after").is_some());
    }
    assert_eq!(
        sign_in(&door, EMAIL, PASSWORD).await?.status,
        201,
        "afterwards"
    );
    stack.stop().await
}
