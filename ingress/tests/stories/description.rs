//! The description of the API is what the code says.

use std::path::Path;

use anyhow::{Context, Result};
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
