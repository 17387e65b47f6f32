//! The description of the API is what the code says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use feed::Reason;
use sale::{CommandRuling, Lost, SaleState};
use serde_json::Value;
use tokio::process::Command;

#[tokio::test]
async fn the_committed_description_is_what_the_code_says() -> Result<()> {
    let mut print = Command::new(env!("CARGO_BIN_EXE_ingress"));
    let printed = print.arg("openapi").output().await?;
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let committed = tokio::fs::read_to_string(committed).await?;
    let is_same = committed == String::from_utf8(printed.stdout)?;
    is_same
        .then_some(())
        .context("docs/openapi.json is old: cargo run -p ingress -- openapi > docs/openapi.json")
}

#[test]
fn every_refusal_is_explained() -> Result<()> {
    let explained: BTreeSet<String> = explained()?.into_keys().collect();
    assert_eq!(explained, refusals()?);
    Ok(())
}

#[test]
fn a_refusal_is_described_with_the_status_it_has() -> Result<()> {
    let explained = explained()?;
    let description = description()?;
    let operations = entries(&description["paths"]).flat_map(|(_, path)| entries(path));
    for (_, operation) in operations {
        for (status, response) in entries(&operation["responses"]) {
            let is_problem = response["content"]["application/problem+json"].is_object();
            let when = response["description"].as_str().unwrap_or_default();
            // Up to the colon stand the words, behind it what they mean.
            let words = when.split(": ").next().unwrap_or_default();
            for word in words.split('`').skip(1).step_by(2).filter(|_| is_problem) {
                let name = &operation["operationId"];
                assert_eq!(explained.get(word), Some(status), "{name}: {word}");
            }
        }
    }
    Ok(())
}

/// The committed description.
pub(crate) fn description() -> Result<Value> {
    Ok(serde_json::from_str(&read("../docs/openapi.json")?)?)
}

#[test]
fn whatever_takes_a_body_may_refuse_it() -> Result<()> {
    let description = description()?;
    let operations = entries(&description["paths"]).flat_map(|(_, path)| entries(path));
    let mut bodies = 0;
    for (_, operation) in operations.filter(|(_, operation)| operation["requestBody"].is_object()) {
        for status in ["400", "408", "413", "415", "422"] {
            let is_described = operation["responses"][status].is_object();
            assert!(is_described, "{}: {status}", operation["operationId"]);
        }
        bodies += 1;
    }
    assert!(bodies > 0);
    Ok(())
}

#[test]
fn every_reason_to_lose_is_described_as_it_is_told() -> Result<()> {
    let description = description()?;
    let described = &description["components"]["schemas"]["Reason"]["enum"];
    let reasons = Lost::ALL.map(Reason::Ruled).into_iter();
    let told: Vec<Reason> = reasons.chain([Reason::Adopted]).collect();
    assert_eq!(described, &serde_json::to_value(told)?);
    Ok(())
}

pub(crate) fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

/// The table of `docs/api.md`: each refusal's word and status.
fn explained() -> Result<BTreeMap<String, String>> {
    let document = read("../docs/api.md")?;
    let (_, chapter) = document
        .split_once("\n## Every refusal\n")
        .context("no chapter about refusals")?;
    let mut table = BTreeMap::new();
    for line in chapter.lines().filter_map(|line| line.strip_prefix("| `")) {
        let (word, rest) = line.split_once("` | ").context("a row without a word")?;
        let (status, _) = rest.split_once(" |").context("a row without a status")?;
        let twice = table.insert(word.to_owned(), status.to_owned());
        ensure!(twice.is_none(), "{word} is explained twice");
    }
    Ok(table)
}

/// Every word that a problem's type can end in: those written in `problem.rs`, and those it takes over.
fn refusals() -> Result<BTreeSet<String>> {
    let source = read("src/problem.rs")?;
    let (_, code) = source.split_once("fn code(").context("no code")?;
    let (code, _) = code.split_once("\n    }\n").context("no end of code")?;
    let written = code.split('"').skip(1).step_by(2);
    let states = [
        SaleState::Paused,
        SaleState::SoldOut,
        SaleState::Ended,
        SaleState::Closed,
    ];
    let rulings = CommandRuling::ALL
        .iter()
        .filter(|ruling| !matches!(ruling, CommandRuling::Applied | CommandRuling::Repeated));
    Ok(written
        .chain(states.map(SaleState::as_str))
        .chain(rulings.map(|ruling| ruling.as_str()))
        .map(str::to_owned)
        .collect())
}

fn read(path: &str) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).with_context(|| path.display().to_string())
}
