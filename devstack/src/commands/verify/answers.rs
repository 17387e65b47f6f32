//! Every answer in the API's description is seen by a test, or is excused with a reason.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use devstack::{places, say};
use serde_json::Value;

use super::tally::Tally;

/// Answers that need not be seen of each operation.
const EXCUSED: [(&str, &str); 4] = [
    (
        "408",
        "slow bodies are sent below HTTP, past the client that keeps the list; one deadline serves all operations",
    ),
    (
        "429",
        "one limit by address stands before all operations, and has its stories",
    ),
    ("500", "ours to solve: no request may bring it about"),
    (
        "503",
        "needs a server to be away or a queue to be full, told by the stories of durability and limits",
    ),
];

/// One answer that no test can bring about over HTTP, with why.
const OUT_OF_REACH: [(&str, &str); 1] = [(
    "POST /v1/sales 409",
    "a sale's id is its command's own; and an adoption within the 2 s of a call has a test of the unit",
)];

/// Compares what the tests have seen with the committed description.
pub(super) fn check(exchanges: &Path) -> Result<Tally> {
    let path = Path::new(places::workspace()).join("docs/openapi.json");
    let description = std::fs::read_to_string(path).context("docs/openapi.json")?;
    let seen = std::fs::read_to_string(exchanges).context("what the tests have seen")?;
    let described = described(&serde_json::from_str(&description)?);
    let unseen = unseen(&described, &seen);
    for answer in &unseen {
        say(&format!("no test has seen {answer}"));
    }
    Ok(Tally {
        passed: described.len() - unseen.len(),
        failed: unseen.len(),
    })
}

/// Method, path template and status of each answer that is not excused.
fn described(description: &Value) -> Vec<[String; 3]> {
    let entries = |value: &Value| value.as_object().cloned().into_iter().flatten();
    let mut answers = Vec::new();
    for (path, methods) in entries(&description["paths"]) {
        for (method, operation) in entries(&methods) {
            for (status, _) in entries(&operation["responses"]) {
                if EXCUSED.iter().all(|(excused, _)| *excused != status) {
                    answers.push([method.to_uppercase(), path.clone(), status]);
                }
            }
        }
    }
    answers
}

fn unseen(described: &[[String; 3]], exchanges: &str) -> Vec<String> {
    let seen: BTreeSet<Vec<&str>> = exchanges
        .lines()
        .map(|line| line.split(' ').collect())
        .collect();
    let is_unseen = |[method, template, status]: &&[String; 3]| {
        !seen.iter().any(|exchange| match exchange[..] {
            [by, path, with] => by == method && with == status && fits(template, path),
            _ => false,
        })
    };
    let unseen = described.iter().filter(is_unseen);
    let is_in_reach = |answer: &String| OUT_OF_REACH.iter().all(|(out, _)| out != answer);
    unseen
        .map(|answer| answer.join(" "))
        .filter(is_in_reach)
        .collect()
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template
            .zip(path)
            .all(|(wanted, part)| wanted.starts_with('{') || wanted == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_no_test_has_seen_is_named() {
        let description = serde_json::json!({ "paths": { "/v1/sales/{sale}": {
            "get": { "responses": { "200": {}, "404": {}, "503": {} } },
            "patch": { "responses": { "200": {} } },
        } } });
        let described = described(&description);
        let all = "GET /v1/sales/a 200\nGET /v1/sales/b 404\nPATCH /v1/sales/a 200\n";
        assert_eq!(unseen(&described, all), [""; 0]);
        let others = "GET /v1/sales/a 200\nGET /v1/sales/a/orders 404\nGET /v1/orders/b 404\n";
        let missing = ["GET /v1/sales/{sale} 404", "PATCH /v1/sales/{sale} 200"];
        assert_eq!(unseen(&described, others), missing);
    }
}
