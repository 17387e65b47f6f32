//! `docs/api.md` is true: its commands are run as they stand there, and what they print is compared.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use crate::shop::Shop;

/// All commands of the document, on a machine that is busy with other tests.
const WALK_LIMIT: Duration = Duration::from_secs(120);

/// What a reader has defined before any chapter.
const PRELUDE: &str = "Before you start";

const FOR_SHOPPERS: [&str; 3] = ["Buy one unit", "All your orders", "An account"];
const FOR_OPERATORS: [&str; 1] = ["Run a sale"];

/// Ends the output of a step; no answer has it.
const STEP_END: &str = "\u{1e}\n";

/// Stands in the document for what differs: in a line for anything, alone for any lines.
const ANYTHING: char = '…';

/// Commands that stand together, and what must come out.
#[derive(Debug, Default)]
struct Step {
    commands: String,
    printed: Vec<String>,
}

#[tokio::test]
async fn a_newcomer_follows_the_document_and_buys() -> Result<()> {
    follow(&FOR_SHOPPERS).await
}

#[tokio::test]
async fn an_operator_follows_the_document_through_a_sale() -> Result<()> {
    follow(&FOR_OPERATORS).await
}

#[test]
fn every_command_of_the_document_is_run_by_a_story() -> Result<()> {
    let run = [&[PRELUDE], &FOR_SHOPPERS[..], &FOR_OPERATORS[..]].concat();
    for chapter in document()?.split("\n## ").skip(1) {
        let (title, text) = chapter.split_once('\n').context("an empty chapter")?;
        let has_commands = !steps(text).is_empty();
        assert_eq!(has_commands, run.contains(&title), "{title}");
    }
    Ok(())
}

#[test]
fn an_answer_that_differs_is_noticed() {
    let is = |printed: &[&str], said: &str| {
        let printed: Vec<String> = printed.iter().map(|line| (*line).to_owned()).collect();
        is_printed(&printed, &said.lines().collect::<Vec<_>>())
    };
    assert!(is(
        &["{\"id\":\"…\",\"sold\":0}"],
        "{\"id\":\"x\",\"sold\":0}"
    ));
    assert!(!is(
        &["{\"id\":\"…\",\"sold\":0}"],
        "{\"id\":\"x\",\"sold\":1}"
    ));
    assert!(is(&["a", "…", "d"], "a\nb\nc\nd"));
    assert!(is(&["a", "…", "d"], "a\nd"));
    assert!(!is(&["a", "…", "d"], "a\nb\nc"));
    assert!(!is(&["a"], "a\nb"));
    assert!(!is(&["a"], ""));
    assert!(!is(&["…a"], "ab"));
}

/// Runs the chapters' commands in a shop as `cargo demo` opens it.
async fn follow(chapters: &[&str]) -> Result<()> {
    let shop = Shop::selling(100).await?;
    let mut all = Vec::new();
    for title in [PRELUDE].iter().chain(chapters) {
        all.extend(steps(&chapter(title)?));
    }
    let output = run(&script(&all), &shop).await?;
    let said = String::from_utf8(output.stdout)?;
    let mut said = said.split(STEP_END);
    for step in &all {
        let said = said.next().unwrap_or_default().trim_end();
        let lines: Vec<&str> = said.lines().map(str::trim_end).collect();
        ensure!(
            step.printed.is_empty() || is_printed(&step.printed, &lines),
            "{}prints\n{said}\nand the document says\n{}",
            step.commands,
            step.printed.join("\n")
        );
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {errors}", output.status);
    shop.stack.stop().await
}

/// Every step in one shell that ends at the first failure.
fn script(steps: &[Step]) -> String {
    let mut script = "set -euo pipefail\n".to_owned();
    for step in steps {
        script += &step.commands;
        script += "printf '\\n\\036\\n'\n";
    }
    script
}

async fn run(script: &str, shop: &Shop) -> Result<Output> {
    let is_there = Command::new("curl").arg("--version").output().await.is_ok();
    ensure!(is_there, "this story needs curl: install it");
    let mut shell = Command::new("bash");
    shell
        .args(["-c", script])
        .env("URL", &shop.doors[0])
        .env("OPERATOR_TOKEN", shop.stack.operator_token().await?)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(WALK_LIMIT, shell.output()).await;
    output
        .context("the document takes too long")?
        .context("this story needs bash: install it")
}

fn document() -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/api.md");
    std::fs::read_to_string(&path).with_context(|| path.display().to_string())
}

fn chapter(title: &str) -> Result<String> {
    let document = document()?;
    let heading = format!("\n## {title}\n");
    let (_, rest) = document.split_once(&heading).context(heading)?;
    Ok(rest.split("\n## ").next().unwrap_or_default().to_owned())
}

/// The steps of all shell blocks: lines with `# ` are what the commands before them print.
fn steps(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for block in text.split("```sh\n").skip(1) {
        let mut step = Step::default();
        for line in block.lines().take_while(|line| *line != "```") {
            match line.strip_prefix("# ") {
                Some(printed) => step.printed.push(printed.to_owned()),
                None => {
                    if !step.printed.is_empty() {
                        steps.push(std::mem::take(&mut step));
                    }
                    step.commands += line;
                    step.commands.push('\n');
                }
            }
        }
        steps.push(step);
    }
    steps
}

/// Whether the document's lines describe these.
fn is_printed(printed: &[String], said: &[&str]) -> bool {
    let Some((line, rest)) = printed.split_first() else {
        return said.is_empty();
    };
    if line.chars().eq([ANYTHING]) {
        return (0..=said.len()).any(|skipped| is_printed(rest, &said[skipped..]));
    }
    said.split_first()
        .is_some_and(|(first, others)| is_like(line, first) && is_printed(rest, others))
}

fn is_like(pattern: &str, line: &str) -> bool {
    let Some((before, after)) = pattern.split_once(ANYTHING) else {
        return pattern == line;
    };
    line.strip_prefix(before).is_some_and(|rest| {
        rest.char_indices()
            .map(|(at, _)| at)
            .chain([rest.len()])
            .any(|at| is_like(after, &rest[at..]))
    })
}
