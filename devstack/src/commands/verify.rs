//! `cargo verify`: every test there is, on one pair of servers.

mod answers;
mod tally;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Args;
use devstack::places::{Home, ScratchFolder, profile_folder};
use devstack::servers::SHARED_BY_VARIABLE;
use devstack::{EXCHANGES_VARIABLE, Role, Servers, Stack, binaries, install, say};

use super::{browser, npm, operator, queries};
use tally::{Tally, rust_line, web_line};

/// Arguments of `devstack verify`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Leave the browser tests out
    #[arg(long)]
    no_browser: bool,
    /// Passed on to `cargo test`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    cargo: Vec<String>,
}

/// A closing line.
struct Part {
    name: &'static str,
    tally: Tally,
    took_s: f64,
    remark: String,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let servers = Servers::shared().await?;
    let scratch = ScratchFolder::make(&Home::find()?.folder)?;
    let description = scratch.path().join("servers.json");
    servers.describe(&description)?;
    if install::haproxy().is_none() {
        say("haproxy is not installed: the story of the sale behind it is left out");
    }
    if !install::is_on_path("wrk") {
        say("wrk is not installed: the story of the client beside it is left out");
    }
    let is_whole = arguments.cargo.is_empty();
    let exchanges = scratch.path().join("exchanges");
    let tests = rust(arguments.cargo, description, exchanges.clone());
    let mut parts = vec![
        part("queries", check_queries(&servers)).await,
        part("rust", tests).await,
        match is_whole {
            true => part("answers", async { answers::check(&exchanges) }).await,
            false => Part::left_out("answers", "not every test has run"),
        },
    ];
    match npm::folder() {
        Some(folder) => {
            parts.push(part("web", web(folder.clone())).await);
            parts.push(browser_part(&servers, folder, arguments.no_browser).await);
        }
        None => parts.push(Part::left_out(
            "web",
            "there is no web page in this checkout",
        )),
    }
    Ok(conclude(&parts))
}

/// Runs one part; a part that cannot run has failed once.
async fn part(name: &'static str, work: impl Future<Output = Result<Tally>>) -> Part {
    say(&format!("{name} tests"));
    let started = Instant::now();
    let (tally, remark) = match work.await {
        Ok(tally) => (tally, String::new()),
        Err(error) => (
            Tally {
                passed: 0,
                failed: 1,
            },
            format!("{error:#}"),
        ),
    };
    Part {
        name,
        tally,
        took_s: started.elapsed().as_secs_f64(),
        remark,
    }
}

impl Part {
    fn left_out(name: &'static str, why: &str) -> Self {
        Self {
            name,
            tally: Tally::default(),
            took_s: 0.0,
            remark: format!("left out: {why}"),
        }
    }
}

fn conclude(parts: &[Part]) -> ExitCode {
    println!();
    let mut sum = Tally::default();
    for Part {
        name,
        tally,
        took_s,
        remark,
    } in parts
    {
        println!(
            "{name:<8} {:>5} passed {:>4} failed {took_s:>7.1} s  {remark}",
            tally.passed, tally.failed
        );
        sum.add(*tally);
    }
    println!("{} passed, {} failed", sum.passed, sum.failed);
    if sum.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn check_queries(servers: &Arc<Servers>) -> Result<Tally> {
    let differences = queries::differences(servers).await?;
    for line in &differences {
        say(&format!("{line}; run `cargo run -p devstack -- queries`"));
    }
    let failed = differences.len();
    Ok(Tally {
        passed: usize::from(failed == 0),
        failed,
    })
}

/// The programs and the tests are built in one go, so that both agree on their dependencies' features.
async fn rust(arguments: Vec<String>, description: PathBuf, exchanges: PathBuf) -> Result<Tally> {
    let work = move || {
        let names_packages = arguments
            .iter()
            .any(|argument| argument == "-p" || argument.starts_with("--package"));
        let scope = if names_packages {
            Vec::new()
        } else {
            vec!["--workspace"]
        };
        let profile = binaries::profile_arguments()?;
        let mut build = binaries::cargo();
        build
            .args([
                "build",
                "--quiet",
                "--workspace",
                "--bins",
                "--examples",
                "--tests",
            ])
            .args(&profile);
        ensure!(
            build.stdin(Stdio::null()).status()?.success(),
            "the workspace does not build"
        );
        let mut test = binaries::cargo();
        test.args(["test", "--quiet", "--no-fail-fast"])
            .args(scope)
            .args(&profile)
            .args(arguments);
        test.env(SHARED_BY_VARIABLE, description)
            .env(EXCHANGES_VARIABLE, exchanges)
            .env(binaries::VARIABLE, profile_folder()?);
        tally::run(test, rust_line)
    };
    tokio::task::spawn_blocking(work).await?
}

async fn web(folder: PathBuf) -> Result<Tally> {
    let work = move || {
        npm::install(&folder)?;
        tally::run(npm::npm(&folder, &["test", "--silent"]), web_line)
    };
    tokio::task::spawn_blocking(work).await?
}

async fn browser_part(servers: &Arc<Servers>, folder: PathBuf, is_left_out: bool) -> Part {
    if is_left_out {
        return Part::left_out("browser", "--no-browser");
    }
    match npm::has_script(&folder, "test:browser") {
        Ok(false) => Part::left_out("browser", "the web page has no browser tests"),
        _ => part("browser", browser_tests(servers, folder)).await,
    }
}

/// Browser tests get a stack that serves the built page, and a Chromium, by these variables.
async fn browser_tests(servers: &Arc<Servers>, folder: PathBuf) -> Result<Tally> {
    let prepared = folder.clone();
    let prepare =
        move || Ok::<_, anyhow::Error>((browser::find_or_install()?, npm::build(&prepared)?));
    let (chromium, page) = tokio::task::spawn_blocking(prepare).await??;
    let stack = page_stack(servers, &page).await?;
    let password = operator::random_password();
    operator::make(&stack, &password, false).await?;
    let mut command: Command = npm::npm(&folder, &["run", "--silent", "test:browser"]);
    command
        .env("CHROMIUM", chromium)
        .env("FIRSTCOME_URL", stack.ingress(0).url())
        .env("FIRSTCOME_LIVE_URL", stack.notifier(0).live_url())
        .env("FIRSTCOME_OPERATOR_TOKEN", stack.operator_token().await?)
        .env("FIRSTCOME_OPERATOR_EMAIL", operator::EMAIL)
        .env("FIRSTCOME_OPERATOR_PASSWORD", password);
    let tally = tokio::task::spawn_blocking(move || tally::run(command, web_line)).await??;
    stack.stop().await?;
    Ok(tally)
}

async fn page_stack(servers: &Arc<Servers>, page: &Path) -> Result<Stack> {
    let page = page.to_str().context("the page's folder is not UTF-8")?;
    Stack::builder()
        .partitions(2)
        .on(servers)
        .env(Role::Ingress, "WEB_DIR", page)
        .start()
        .await
}
