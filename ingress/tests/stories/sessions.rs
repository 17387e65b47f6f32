//! Sessions: by token or by cookie, how they end, and those that are not ours.

use anyhow::{Context, Result};
use devstack::{Http, OpenSale, Role, Servers, Shopper, Stack, until};
use serde_json::{Value, json};

use crate::accounts::{EMAIL, PASSWORD, doors};
use crate::request::{Right, is_problem};
use crate::shop::{SOON, Shop, ticket};
use crate::tokens;

#[tokio::test]
async fn somebody_registers_signs_in_buys_and_signs_out_everywhere() -> Result<()> {
    // Given: an account, and a session of it at two doors.
    let shop = Shop::open(Stack::builder(), 2, &OpenSale::of(9)).await?;
    let registered = Shopper::register(&shop.doors[0], " Ada@Example.org ", PASSWORD).await?;
    let here = Shopper::sign_in(&shop.doors[0], EMAIL, PASSWORD).await?;
    let there = here.at(&shop.doors[1]);
    assert_eq!(here.id(), registered.id(), "one account");
    for session in [&registered, &here, &there] {
        let who = session.who_am_i().await?;
        assert_eq!((who.status, who.text("email")), (200, Some(EMAIL)));
        assert_eq!(who.text("role"), Some("shopper"));
        assert_eq!(who.text("shopper_id"), Some(here.id()));
        assert_eq!(who.header("cache-control"), Some("no-store"));
    }
    ticket(&there.buy(&shop.sale, None).await?)?;

    // When: that session is ended at one of them.
    let ended = here.sign_out().await?;
    assert_eq!((ended.status, &ended.body), (204, &Value::Null));
    let cleared = ended.header("set-cookie").context("no cookie")?;
    assert!(
        cleared.starts_with("firstcome_session=; ") && cleared.contains("Max-Age=0"),
        "{cleared}"
    );

    // Then: it is refused there at once, and at the other one soon.
    is_problem("at once", &here.who_am_i().await?, (401, "unauthorized"));
    is_problem("twice", &here.sign_out().await?, (401, "unauthorized"));
    let refused = until("the other door to know", SOON, async || {
        let answer = there.buy(&shop.sale, None).await?;
        Ok((answer.status != 202).then_some(answer))
    });
    is_problem("at the other door", &refused.await?, (401, "unauthorized"));
    // The account's other session goes on.
    assert_eq!(registered.who_am_i().await?.status, 200);
    shop.stack.stop().await
}

#[tokio::test]
async fn a_browser_is_known_by_its_cookie() -> Result<()> {
    for (secure, ending) in [("true", "; Secure"), ("false", "")] {
        let stack = Stack::builder().notifiers(0).allocators(0);
        let stack = stack
            .env(Role::Ingress, "COOKIE_SECURE", secure)
            .start()
            .await?;
        let door = stack.ingress(0).url();
        let credentials = json!({ "email": EMAIL, "password": PASSWORD });
        for path in ["/v1/accounts", "/v1/sessions", "/v1/sessions/guest"] {
            let body = (path != "/v1/sessions/guest").then_some(&credentials);
            let url = format!("{door}{path}");
            let begun = Http::new().send("POST".parse()?, &url, &[], body).await?;
            assert_eq!(begun.status, 201, "{path}: {}", begun.body);
            let cookie = begun.header("set-cookie").context("no cookie")?;
            let (token, attributes) = cookie.split_once("; ").context("no attributes")?;
            let lifetime = attributes.split("; ").nth(1).context("no Max-Age")?;
            assert_eq!(
                attributes,
                format!("Path=/; {lifetime}; HttpOnly; SameSite=Lax{ending}")
            );
            let mine = format!("{door}/v1/sessions/mine");
            let headers = [("cookie", token)];
            let who = Http::new()
                .send("GET".parse()?, &mine, &headers, None)
                .await?;
            assert_eq!(who.text("shopper_id"), begun.text("shopper_id"), "{path}");
            let is_guest = body.is_none();
            assert_eq!(who.body.get("email").is_none(), is_guest, "{path}");
        }
        stack.stop().await?;
    }
    Ok(())
}

#[tokio::test]
async fn tokens_that_we_did_not_make_are_refused() -> Result<()> {
    let shop = Shop::selling(9).await?;
    let right = Right::of_a_guest(&shop).await?;
    let key = &shop.stack.keys().sessions;
    let good = tokens::claims();
    let refused = |name, token: String| {
        let case = right.purchase(name, 401, "unauthorized");
        case.header("authorization", format!("Bearer {token}"))
    };
    let saying = |name, claims: &Value| anyhow::Ok(refused(name, tokens::hs256(key, claims)?));
    let but = |claim, value| tokens::but(tokens::claims(), claim, value);

    // Control: made by hand the right way it is as good as ours.
    let made = format!("Bearer {}", tokens::hs256(key, &good)?);
    let mine = format!("{}/v1/sessions/mine", shop.doors[0]);
    let headers = [("authorization", made.as_str())];
    let who = Http::new()
        .send("GET".parse()?, &mine, &headers, None)
        .await?;
    assert_eq!((who.status, &who.body["shopper_id"]), (200, &good["sub"]));

    let operator = but("role", json!("operator"));
    let tampered = {
        let (theirs, ours) = (tokens::hs256(key, &good)?, tokens::none(&operator));
        let signature = theirs
            .rsplit('.')
            .next()
            .context("no signature")?
            .to_owned();
        let claims = ours.split('.').nth(1).context("no claims")?;
        format!(
            "{}.{claims}.{signature}",
            theirs.split('.').next().context("no header")?
        )
    };
    for case in [
        refused("alg none", tokens::none(&good)),
        refused("HS512 with our key", tokens::hs512(key, &good)?),
        refused("another key", tokens::hs256(&"ab".repeat(32), &good)?),
        refused("other claims under our signature", tampered),
        saying("expired", &but("exp", json!(1_700_000_000)))?,
        saying("an end that is text", &but("exp", json!("2100-01-01")))?,
        saying("a role nobody has", &but("role", json!("owner")))?,
        saying("nobody", &but("sub", json!("nobody")))?,
        saying("no end", &tokens::without(good.clone(), "exp"))?,
        saying(
            "no name that could be revoked",
            &tokens::without(good.clone(), "jti"),
        )?,
        saying("no role", &tokens::without(good.clone(), "role"))?,
    ] {
        case.answered_by(&shop.doors[0]).await?;
    }
    let close = format!("/v1/sales/{}/close", shop.sale);
    let case = right.purchase("a shopper who closes", 403, "forbidden");
    let case = case.to("POST", close).header("authorization", made);
    case.answered_by(&shop.doors[0]).await?;
    shop.stack.stop().await
}

#[tokio::test]
async fn a_session_survives_a_new_key_until_the_old_one_is_dropped() -> Result<()> {
    // Given: a session of the old key, at a door that knows no other.
    let mut stack = doors(1).await?;
    let old_key = stack.keys().sessions.clone();
    let new_key = "ab".repeat(32);
    let old = Shopper::register(&stack.ingress(0).url(), EMAIL, PASSWORD).await?;

    // When: one door is told both, the new one first, and a last one the new one alone.
    stack.set_env(
        Role::Ingress,
        "SESSION_KEYS",
        &format!("{new_key},{old_key}"),
    );
    let rotating = stack.add_ingress().await?;
    let rotating = stack.ingress(rotating).url();
    stack.set_env(Role::Ingress, "SESSION_KEYS", &new_key);
    let rotated = stack.add_ingress().await?;
    let rotated = stack.ingress(rotated).url();
    let new = Shopper::sign_in(&rotating, EMAIL, PASSWORD).await?;

    // Then: the old session is good until the last door, and the new one from the second on.
    assert_eq!(old.who_am_i().await?.status, 200);
    assert_eq!(old.at(&rotating).who_am_i().await?.status, 200);
    let gone = old.at(&rotated).who_am_i().await?;
    is_problem("the old key is gone", &gone, (401, "unauthorized"));
    assert_eq!(new.who_am_i().await?.status, 200);
    assert_eq!(new.at(&rotated).who_am_i().await?.status, 200);
    let early = new.at(&stack.ingress(0).url()).who_am_i().await?;
    is_problem(
        "the new key is not known yet",
        &early,
        (401, "unauthorized"),
    );
    stack.stop().await
}

#[tokio::test]
async fn a_door_that_starts_knows_every_session_that_was_ended() -> Result<()> {
    // Given: a session ended an hour ago, after more others than one question reads, and one long over.
    let stack = doors(1).await?;
    let shopper = Shopper::guest(&stack.ingress(0).url()).await?;
    assert_eq!(shopper.sign_out().await?.status, 204);
    for rows in [
        "UPDATE revoked_sessions SET revoked_at = now() - interval '1 hour'",
        "INSERT INTO revoked_sessions SELECT gen_random_uuid(), now() + interval '1 day', now() - interval '1 day'
         FROM generate_series(1, 5000)",
        "INSERT INTO revoked_sessions VALUES (gen_random_uuid(), now() - interval '2 hours')",
    ] {
        sqlx::query(rows).execute(stack.pool()).await?;
    }

    // When: the door starts again.
    stack.ingress(0).restart().await?;

    // Then: it refuses that session, and the one that is over is deleted.
    let who = shopper.who_am_i().await?;
    is_problem("ended before the start", &who, (401, "unauthorized"));
    until("an end of what is over", SOON, async || {
        let rows = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM revoked_sessions");
        Ok((rows.fetch_one(stack.pool()).await? == 5001).then_some(()))
    })
    .await?;
    stack.stop().await
}

#[tokio::test]
async fn sign_outs_are_learned_again_after_postgres_was_away() -> Result<()> {
    // Given: a Postgres of our own, two doors, and two sessions.
    let servers = Servers::own().await?;
    let builder = Stack::builder().on(&servers).notifiers(0).allocators(0);
    let stack = builder.ingress(2).start().await?;
    let doors = [stack.ingress(0).url(), stack.ingress(1).url()];
    let (before, after) = (
        Shopper::guest(&doors[0]).await?,
        Shopper::guest(&doors[0]).await?,
    );
    assert_eq!(before.sign_out().await?.status, 204);
    until("the other door to know", SOON, async || {
        let who = before.at(&doors[1]).who_am_i().await?;
        Ok((who.status == 401).then_some(()))
    })
    .await?;

    // When: Postgres goes away.
    servers.postgres()?.kill().await?;
    for door in [0, 1] {
        let told = "cannot read which sessions were ended";
        stack.ingress(door).wait_for_log(told, SOON).await?;
    }

    // Then: what was known counts, and signing out says that it failed.
    assert_eq!(before.at(&doors[1]).who_am_i().await?.status, 401);
    let refused = after.sign_out().await?;
    is_problem("signing out", &refused, (503, "unavailable"));
    assert_eq!(refused.header("retry-after"), Some("5"));
    assert!(refused.text("request_id").is_some(), "{}", refused.body);
    let refused = Shopper::sign_in(&doors[0], EMAIL, PASSWORD).await;
    let refused = refused.err().context("signed in")?.to_string();
    assert!(refused.contains("/problems/unavailable"), "{refused}");
    assert_eq!(after.who_am_i().await?.status, 200, "it did not happen");

    // And when it is back: it can be repeated, and the other door learns of it.
    servers.postgres()?.restart().await?;
    until("signing out", SOON, async || {
        Ok((after.sign_out().await?.status != 503).then_some(()))
    })
    .await?;
    until("the other door to know", SOON, async || {
        let who = after.at(&doors[1]).who_am_i().await?;
        Ok((who.status == 401).then_some(()))
    })
    .await?;
    let door = stack.ingress(1);
    door.wait_for_log("ended sessions are read again", SOON)
        .await?;
    stack.stop().await
}
