//! Products: added once, listed page by page, never changed.

use anyhow::{Context, Result};
use devstack::{Http, Operator, Stack};
use serde_json::{Value, json};

use crate::request::is_problem;

async fn stack(doors: usize) -> Result<Stack> {
    let stack = Stack::builder().notifiers(0).allocators(0).ingress(doors);
    stack.start().await
}

async fn add(operator: &Operator, name: &str) -> Result<Value> {
    let product = json!({ "name": name, "description": "Scarce" });
    let answer = operator.post("/v1/products", Some(&product)).await?;
    assert_eq!(answer.status, 201, "{}", answer.body);
    Ok(answer.body)
}

fn names(page: &Value) -> Vec<&str> {
    let products = page["products"].as_array().map_or(&[][..], Vec::as_slice);
    products
        .iter()
        .filter_map(|product| product["name"].as_str())
        .collect()
}

#[tokio::test]
async fn products_are_listed_the_newest_first_whatever_is_added_meanwhile() -> Result<()> {
    let stack = stack(1).await?;
    let operator = stack.operator().await?;
    let first = add(&operator, "one").await?;
    for name in ["two", "three"] {
        add(&operator, name).await?;
    }

    // When: somebody reads page by page, and a product comes in between.
    let url = |path: &str| format!("{}/v1/products{path}", stack.ingress(0).url());
    let http = Http::new();
    let begin = http.get(&url("?limit=2")).await?;
    add(&operator, "four").await?;
    let cursor = begin.text("next_cursor").context("one page only")?;
    let end = http.get(&url(&format!("?limit=2&cursor={cursor}"))).await?;

    // Then: what was there is told once, and the new one is found from the beginning.
    assert_eq!(names(&begin.body), ["three", "two"]);
    assert_eq!(names(&end.body), ["one"]);
    assert_eq!(end.body["next_cursor"], Value::Null);
    let all = http.get(&url("")).await?;
    assert_eq!(names(&all.body), ["four", "three", "two", "one"]);

    let id = first["id"].as_str().context("no id")?;
    let one = http.get(&url(&format!("/{id}"))).await?;
    assert_eq!((one.status, &one.body), (200, &first));
    let created_at = one.text("created_at").unwrap_or_default();
    assert_eq!(
        created_at.len(),
        "2026-11-21T10:30:00.123Z".len(),
        "{created_at}"
    );
    stack.stop().await
}

#[tokio::test]
async fn a_key_adds_one_product_at_whichever_door() -> Result<()> {
    let stack = stack(2).await?;
    let operator = stack.operator().await?;
    let other_door = operator.at(&stack.ingress(1).url());
    let product = json!({ "name": "A scarce thing" });

    let first = operator.post_once("/v1/products", "k", &product).await?;
    let again = other_door.post_once("/v1/products", "k", &product).await?;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.body, again.body);
    let location = format!("/v1/products/{}", first.text("id").unwrap_or_default());
    assert_eq!(again.header("location"), Some(&*location));

    let changed = json!({ "name": "A scarce thing", "description": "Blue" });
    let changed = other_door.post_once("/v1/products", "k", &changed).await?;
    is_problem("another product", &changed, (422, "key-reused"));
    let other = operator.post_once("/v1/products", "l", &product).await?;
    assert_ne!(other.body["id"], first.body["id"]);
    let all = operator.get("/v1/products").await?;
    assert_eq!(names(&all.body).len(), 2);
    stack.stop().await
}

#[tokio::test]
async fn what_is_no_product_is_refused() -> Result<()> {
    let stack = stack(1).await?;
    let operator = stack.operator().await?;
    for (what, body) in [
        ("no name", json!({})),
        ("an empty name", json!({ "name": "" })),
        ("a long name", json!({ "name": "n".repeat(201) })),
        (
            "a long description",
            json!({ "name": "n", "description": "d".repeat(4_001) }),
        ),
        ("a name with a NUL", json!({ "name": "n\0" })),
        (
            "a description with a NUL",
            json!({ "name": "n", "description": "\0" }),
        ),
        ("a name of a wrong type", json!({ "name": 1 })),
        ("an unknown field", json!({ "name": "n", "colour": "red" })),
    ] {
        let answer = operator.post("/v1/products", Some(&body)).await?;
        is_problem(what, &answer, (422, "invalid"));
    }
    let product = json!({ "name": "n" });
    let long_key = "k".repeat(256);
    for key in ["", &long_key, "a\tb"] {
        let answer = operator.post_once("/v1/products", key, &product).await?;
        is_problem("a bad key", &answer, (400, "bad-request"));
    }
    let all = operator.get("/v1/products").await?;
    assert_eq!(names(&all.body).len(), 0);
    stack.stop().await
}

#[tokio::test]
async fn products_and_pages_that_are_not_there_are_refused() -> Result<()> {
    let stack = stack(1).await?;
    let operator = stack.operator().await?;
    for path in [
        "/00000000-0000-0000-0000-000000000000",
        "/none",
        "/%ff",
        "/%00",
    ] {
        let answer = operator.get(&format!("/v1/products{path}")).await?;
        is_problem(path, &answer, (404, "not-found"));
    }
    for query in [
        "limit=0",
        "limit=1001",
        "limit=-1",
        "limit=many",
        "cursor=",
        "cursor=none",
        "cursor=%27%20OR%201=1%20--",
        "cursor=%00",
        "cursor=AQ",
        "colour=red",
        "limit=1&limit=2",
    ] {
        let answer = operator.get(&format!("/v1/products?{query}")).await?;
        is_problem(query, &answer, (400, "bad-request"));
    }
    stack.stop().await
}
