//! What every operation of the API refuses, read from its description: a new operation is asked the
//! same questions, and one that is described in a way not known here fails the story.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::description::{description, entries};
use crate::request::Case;
use crate::shop::{Shop, ticket};
use crate::tokens;

/// More than any request's body may be.
const TOO_LARGE: usize = 33 * 1024;

/// An operation as it is described.
struct Operation {
    method: String,
    /// With real ids in it.
    path: String,
    has_path_parameter: bool,
    has_query: bool,
    is_keyed: bool,
    needs_session: bool,
    is_for_operators: bool,
    /// The schema of its body, and a body that is right.
    body: Option<(Value, Value)>,
}

/// What is there to ask about.
struct Things {
    sale: String,
    ticket: String,
    product: String,
}

impl Things {
    fn named(&self, parameter: &str) -> Result<&str> {
        Ok(match parameter {
            "sale" => &self.sale,
            "ticket" | "order" => &self.ticket,
            "product" => &self.product,
            new => bail!("no story knows a path with {{{new}}}"),
        })
    }

    /// A body that would be accepted.
    fn body(&self, schema: &str) -> Result<Value> {
        Ok(match schema {
            "Credentials" => json!({ "email": "ada@example.org", "password": "correct horse" }),
            "NewProduct" => json!({ "name": "A thing", "description": "Scarce" }),
            "NewSale" => json!({
                "product_id": self.product, "stock": 1, "unit_limit": 1,
                "price": { "amount_minor": 100, "currency": "EUR" },
                "starts_at": "2030-01-01T10:00:00Z", "ends_at": "2030-01-01T11:00:00Z",
            }),
            "ChangedTerms" => json!({ "unit_limit": 2 }),
            "Restock" => json!({ "stock": 5, "version": 1 }),
            "Why" => json!({ "reason": "a story" }),
            "Purchase" => json!({ "quantity": 1 }),
            new => bail!("no story knows a body like {new}"),
        })
    }
}

#[tokio::test]
async fn nobody_gets_in_without_the_session_that_an_operation_needs() -> Result<()> {
    let (shop, operations, _) = a_shop_and_its_operations().await?;
    let key = &shop.stack.keys().sessions;
    let shopper = tokens::claims();
    let operator = tokens::but(shopper.clone(), "role", json!("operator"));
    let expired = tokens::but(operator.clone(), "exp", json!(1_700_000_000));
    let strangers = [
        ("expired", tokens::hs256(key, &expired)?),
        ("forged", tokens::hs256(&"ab".repeat(32), &operator)?),
        ("alg none", tokens::none(&operator)),
        ("garbage", "garbage".to_owned()),
    ];
    let mut asked = 0;
    for operation in operations.iter().filter(|it| it.needs_session) {
        let refused = |why: &str| operation.case(why, (401, "unauthorized"));
        let door = &shop.doors[0];
        refused("no token").answered_by(door).await?;
        for (why, token) in &strangers {
            let case = refused(why).header("authorization", format!("Bearer {token}"));
            case.answered_by(door).await?;
        }
        if operation.is_for_operators {
            let theirs = format!("Bearer {}", tokens::hs256(key, &shopper)?);
            let case = operation.case("a shopper", (403, "forbidden"));
            case.header("authorization", theirs)
                .answered_by(door)
                .await?;
        }
        asked += 1;
    }
    assert!(asked > 10, "the description tells which need a session");
    nothing_happened(shop).await
}

#[tokio::test]
async fn no_operation_takes_a_body_that_is_not_as_described() -> Result<()> {
    let (shop, operations, right) = a_shop_and_its_operations().await?;
    let mut asked = 0;
    for operation in &operations {
        let Some((schema, body)) = &operation.body else {
            continue;
        };
        let case = |why: &str, refusal| {
            let case = operation.case(why, refusal);
            case.header("authorization", &*right)
        };
        let mut cases: Vec<Case> = wrong_bodies(schema, body)
            .into_iter()
            .map(|(why, body)| case(&why, (422, "invalid")).body(body.to_string()))
            .collect();
        let padding = " ".repeat(TOO_LARGE);
        cases.push(case("too large", (413, "too-large")).body(format!("{body}{padding}")));
        cases.push(case("half a body", (400, "bad-request")).body("{\"a"));
        cases.push(
            case("not JSON", (415, "unsupported-media-type")).header("content-type", "text/plain"),
        );
        if operation.is_keyed {
            let long = "k".repeat(256);
            cases.push(case("a long key", (400, "bad-request")).header("idempotency-key", long));
        }
        for case in cases {
            case.answered_by(&shop.doors[0]).await?;
            asked += 1;
        }
    }
    assert!(asked > 100, "the description tells the bodies: {asked}");
    nothing_happened(shop).await
}

#[tokio::test]
async fn no_operation_finds_what_is_not_there_or_takes_what_it_does_not_know() -> Result<()> {
    let (shop, operations, right) = a_shop_and_its_operations().await?;

    for operation in &operations {
        if operation.has_path_parameter {
            for name in [
                "none",
                "%FF",
                "00000000-0000-0000-0000-000000000000",
                "0192f0c1-2b3c-8000-8000-000000000001",
            ] {
                let case = operation.case(name, (404, operation.nothing_there()));
                let path = operation.path_to(name);
                case.header("authorization", &*right)
                    .to(&operation.method, path)
                    .answered_by(&shop.doors[0])
                    .await?;
            }
        }
        if operation.has_query {
            let case = operation.case("an unknown parameter", (400, "bad-request"));
            let path = format!("{}?colour=red", operation.path);
            case.header("authorization", &*right)
                .to(&operation.method, path)
                .answered_by(&shop.doors[0])
                .await?;
        }
    }
    nothing_happened(shop).await
}

/// A sale with one order, every operation on them, and an operator's authorization.
async fn a_shop_and_its_operations() -> Result<(Shop, Vec<Operation>, String)> {
    let shop = Shop::selling(2).await?;
    let shopper = shop.shopper().await?;
    let bought = shopper.buy(&shop.sale, None).await?;
    let won = shopper.ticket(ticket(&bought)?, 20).await?;
    assert_eq!(won.text("state"), Some("won"));
    let things = Things {
        sale: shop.sale.clone(),
        ticket: ticket(&bought)?.to_owned(),
        product: product(&shop).await?,
    };
    let description = description()?;
    let mut operations = Vec::new();
    for (path, methods) in entries(&description["paths"]) {
        for (method, described) in entries(methods) {
            let at = (method.as_str(), path.as_str());
            let operation = Operation::read(&description, at, described, &things);
            operations.push(operation.with_context(|| format!("{method} {path}"))?);
        }
    }
    let operator = tokens::but(tokens::claims(), "role", json!("operator"));
    let token = tokens::hs256(&shop.stack.keys().sessions, &operator)?;
    Ok((shop, operations, format!("Bearer {token}")))
}

async fn product(shop: &Shop) -> Result<String> {
    let sale = shop.stack.operator().await?;
    let sale = sale.get(&format!("/v1/sales/{}", shop.sale)).await?;
    let id = sale.body["product"]["id"].as_str();
    id.map(str::to_owned).context("a sale has a product")
}

/// The sale's opening and the purchase are the log still, and the order stands.
async fn nothing_happened(shop: Shop) -> Result<()> {
    assert_eq!(shop.records().await?, 2);
    let count = |what| sqlx::query_scalar::<_, i64>(what).fetch_one(shop.stack.pool());
    assert_eq!(count("SELECT count(*) FROM products").await?, 1);
    assert_eq!(count("SELECT count(*) FROM accounts").await?, 0);
    shop.stack.stop().await
}

impl Operation {
    fn read(
        description: &Value,
        (method, path): (&str, &str),
        described: &Value,
        things: &Things,
    ) -> Result<Self> {
        let parameters = described["parameters"].as_array();
        let parameters = parameters.map_or(&[][..], Vec::as_slice);
        let mut filled = path.to_owned();
        for parameter in parameters.iter().filter(|it| it["in"] == "path") {
            let name = parameter["name"].as_str().context("a nameless parameter")?;
            filled = filled.replace(&format!("{{{name}}}"), things.named(name)?);
        }
        let needs_session = described["security"].is_array();
        Ok(Self {
            method: method.to_uppercase(),
            has_path_parameter: filled != path,
            path: filled,
            has_query: parameters.iter().any(|it| it["in"] == "query"),
            is_keyed: parameters.iter().any(|it| it["name"] == "Idempotency-Key"),
            needs_session,
            is_for_operators: needs_session
                && described["responses"]["403"]["description"]
                    .as_str()
                    .is_some_and(|when| when.contains("operator")),
            body: body(description, described, things)?,
        })
    }

    /// The request that would be accepted but for the session, and what it must be answered.
    fn case(&self, why: &str, refusal: (u16, &'static str)) -> Case {
        let name = format!("{} {}: {why}", self.method, self.path);
        let case = Case::new(name, &self.method, &self.path, refusal);
        match &self.body {
            Some((_, body)) => case
                .header("content-type", "application/json")
                .body(body.to_string()),
            None => case,
        }
    }

    /// The same path to something else.
    fn path_to(&self, name: &str) -> String {
        let mut parts: Vec<&str> = self.path.split('/').collect();
        let id = parts
            .iter_mut()
            .find(|part| uuid::Uuid::try_parse(part).is_ok());
        id.into_iter().for_each(|id| *id = name);
        parts.join("/")
    }

    fn nothing_there(&self) -> &'static str {
        let kind = self.path.split('/').rev();
        let mut kind = kind.skip_while(|part| uuid::Uuid::try_parse(part).is_err());
        match kind.nth(1) {
            Some("sales") => "unknown-sale",
            Some("orders") => "unknown-order",
            Some("tickets") => "bad-ticket",
            _ => "not-found",
        }
    }
}

fn body(description: &Value, described: &Value, things: &Things) -> Result<Option<(Value, Value)>> {
    let body = &described["requestBody"];
    if body.is_null() {
        return Ok(None);
    }
    let schema = &body["content"]["application/json"]["schema"];
    let reference = schema["$ref"].as_str();
    let reference = reference.or_else(|| schema["oneOf"][0]["$ref"].as_str());
    let reference = reference.context("a body without a name")?;
    let name = reference.rsplit('/').next().unwrap_or_default();
    let schema = description["components"]["schemas"][name].clone();
    Ok(Some((schema, things.body(name)?)))
}

/// Bodies that are wrong in one way each.
fn wrong_bodies(schema: &Value, right: &Value) -> Vec<(String, Value)> {
    let mut wrong = vec![("a list".to_owned(), json!([right]))];
    let with = |name: &str, value: Value| {
        let mut body = right.clone();
        body[name] = value;
        body
    };
    wrong.push(("an unknown field".to_owned(), with("colour", json!("red"))));
    for (name, property) in entries(&schema["properties"]) {
        for value in not_of(&property["type"]) {
            wrong.push((format!("{name} is {value}"), with(name, value)));
        }
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        let mut body = right.clone();
        let name = name.as_str().unwrap_or_default();
        body.as_object_mut().map(|body| body.remove(name));
        wrong.push((format!("no {name}"), body));
    }
    wrong
}

/// Values that are not of a JSON schema's type; of integers also those that none of ours can be.
fn not_of(kind: &Value) -> Vec<Value> {
    let is = |name: &str| {
        kind == name
            || kind
                .as_array()
                .is_some_and(|any| any.contains(&json!(name)))
    };
    let mut values = vec![json!([1]), json!(true)];
    values.extend((!is("null")).then_some(Value::Null));
    if is("integer") {
        values.extend([
            json!(1.5),
            json!(-1),
            json!(1e30),
            json!("1"),
            json!(u64::MAX),
        ]);
    } else {
        values.push(json!(1));
    }
    values
}
