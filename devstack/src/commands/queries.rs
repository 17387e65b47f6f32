//! `devstack queries`: what the compiler has to know of every SQL statement, kept in `.sqlx` so that the
//! workspace builds without a database.
//!
//! The statements are described by a Postgres with today's migrations: while sqlx's macros see a
//! `DATABASE_URL` and a `SQLX_OFFLINE_DIR`, each writes a file about its statement into that folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use clap::Args;
use devstack::places::{Home, ScratchFolder, workspace};
use devstack::{Role, Servers, Tenant, binaries, say};
use sqlx::migrate::Migrator;

/// The macros, as they begin in source.
const MACROS: [&str; 3] = ["query!(", "query_as!(", "query_scalar!("];

/// Arguments of `devstack queries`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Change nothing; fail and name the differences
    #[arg(long)]
    check: bool,
}

/// File name and content of each description.
type Descriptions = BTreeMap<String, String>;

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let servers = Servers::own().await?;
    if arguments.check {
        let differences = differences(&servers).await?;
        differences.iter().for_each(|line| say(line));
        return Ok(if differences.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    let fresh = describe(&servers).await?;
    replace(&committed_folder(), &fresh)?;
    say(&format!("{} statements described", fresh.len()));
    Ok(ExitCode::SUCCESS)
}

/// What is committed and not true any more, one line each.
pub(crate) async fn differences(servers: &Arc<Servers>) -> Result<Vec<String>> {
    let fresh = describe(servers).await?;
    let committed = read(&committed_folder())?;
    let missing = fresh
        .iter()
        .filter(|(name, _)| !committed.contains_key(*name));
    let changed = fresh
        .iter()
        .filter(|(name, text)| committed.get(*name).is_some_and(|old| old != *text));
    let unused = committed
        .iter()
        .filter(|(name, _)| !fresh.contains_key(*name));
    let line = |what: &'static str| {
        move |(name, text): (&String, &String)| format!("{what}: {name} ({})", statement(text))
    };
    Ok(missing
        .map(line("missing"))
        .chain(changed.map(line("changed")))
        .chain(unused.map(line("unused")))
        .collect())
}

fn committed_folder() -> PathBuf {
    workspace().join(".sqlx")
}

async fn describe(servers: &Arc<Servers>) -> Result<Descriptions> {
    let tenant = Tenant::lease(servers).await?;
    let migrator = Migrator::new(workspace().join("migrations"))
        .await
        .context("cannot read the migrations")?;
    migrator
        .run(&tenant.pool(Role::Setup))
        .await
        .context("the migrations failed")?;
    let url = tenant.database_url(Role::Setup);
    let scratch = ScratchFolder::make(&Home::find()?.folder)?;
    let folder = scratch.path().to_owned();
    tokio::task::spawn_blocking(move || {
        for package in packages()? {
            compile(&package, &url, &folder)?;
        }
        read(&folder)
    })
    .await?
}

/// The packages that use the macros.
fn packages() -> Result<Vec<String>> {
    let mut packages = Vec::new();
    for entry in fs::read_dir(workspace())? {
        let folder = entry?.path();
        let name = folder
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if name != "devstack"
            && folder.join("Cargo.toml").is_file()
            && uses_macros(&folder.join("src"))?
        {
            packages.push(name.to_owned());
        }
    }
    packages.sort();
    Ok(packages)
}

fn uses_macros(folder: &Path) -> Result<bool> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let found = match path.is_dir() {
            true => uses_macros(&path)?,
            false => {
                let text = fs::read_to_string(&path).unwrap_or_default();
                MACROS.iter().any(|start| text.contains(start))
            }
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Checks one library. Macros run only when it is compiled, so it gets a flag that nothing was compiled
/// with before; what it depends on is used as it is.
fn compile(package: &str, database_url: &str, folder: &Path) -> Result<()> {
    let flag = format!("described_{:016x}", rand::random::<u64>());
    let mut command = binaries::cargo();
    command.args([
        "rustc",
        "--quiet",
        "-p",
        package,
        "--lib",
        "--profile",
        "check",
        "--",
        "--cfg",
        &flag,
    ]);
    command
        .env("DATABASE_URL", database_url)
        .env("SQLX_OFFLINE_DIR", folder)
        .env("SQLX_OFFLINE", "false");
    let output = command
        .stdin(Stdio::null())
        .output()
        .context("cannot run cargo")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{package} does not fit the migrations:\n{said}"
    );
    Ok(())
}

fn read(folder: &Path) -> Result<Descriptions> {
    let mut found = Descriptions::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if name.starts_with("query-") && name.ends_with(".json") {
            found.insert(name.to_owned(), fs::read_to_string(&path)?);
        }
    }
    Ok(found)
}

fn replace(folder: &Path, fresh: &Descriptions) -> Result<()> {
    fs::create_dir_all(folder)?;
    for name in read(folder)?
        .keys()
        .filter(|name| !fresh.contains_key(*name))
    {
        fs::remove_file(folder.join(name))?;
    }
    for (name, text) in fresh {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// The statement's first words.
fn statement(description: &str) -> String {
    let description: serde_json::Value = serde_json::from_str(description).unwrap_or_default();
    let query = description["query"].as_str().unwrap_or_default();
    query
        .split_whitespace()
        .take(8)
        .collect::<Vec<_>>()
        .join(" ")
}
