//! `cargo demo`: the whole product on this machine.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::Args;
use devstack::places::{Home, write_secret};
use devstack::ports::PortLease;
use devstack::role::Passwords;
use devstack::stack::Keys;
use devstack::{OpenSale, Role, Servers, Stack, Tenant, say};
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};

use super::{npm, once, operator};

/// Tried first, so that the shop has the same address every time.
const USUAL_PORT: u16 = 8080;

/// Units of the demo's sale.
const STOCK: u32 = 100;

/// Where a kept demo's data and secrets are, below the folders of devstack.
const FOLDER: &str = "demo";

/// Arguments of `devstack demo`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Sell 100 units to 1,000 shoppers, check the result, and end
    #[arg(long)]
    once: bool,
    /// Go on with the data of the last demo
    #[arg(long, conflicts_with = "once")]
    keep: bool,
    /// How many ingress processes
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
    ingress: u8,
    /// Port of the shop; 8080 or a free one if not said
    #[arg(long)]
    port: Option<u16>,
}

/// What has to be the same when a demo goes on.
#[derive(Serialize, Deserialize)]
struct Secrets {
    passwords: Passwords,
    keys: Keys,
    /// A demo that was kept before there was a console has none.
    #[serde(default = "operator::random_password")]
    operator: String,
}

/// Runs until Ctrl-C, or once. Whatever ends it, the reaper ends what it started.
pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    match arguments.once {
        true => once::run(usize::from(arguments.ingress)).await,
        false => serve(arguments).await,
    }
}

async fn serve(arguments: Arguments) -> Result<ExitCode> {
    let home = Home::find()?;
    let lock = File::create(home.folder.join("demo.lock"))?;
    if lock.try_lock().is_err() {
        bail!("a demo of this checkout is running already");
    }
    let mut stop = std::pin::pin!(stop_asked());
    let (servers, stack) = tokio::select! {
        started = start(&arguments, &home) => started?,
        asked = &mut stop => return asked.map(|()| ExitCode::FAILURE),
    };
    stop.await?;
    say("stopping; once more to stop at once");
    tokio::select! {
        stopped = stop_in_order(&servers, &stack) => stopped?,
        // The reaper does the rest.
        asked = stop_asked() => return asked.map(|()| ExitCode::FAILURE),
    }
    Ok(ExitCode::SUCCESS)
}

async fn start(arguments: &Arguments, home: &Home) -> Result<(Arc<Servers>, Stack)> {
    let page = page().await?;
    if !arguments.keep {
        forget_the_last(home)?;
    }
    let secrets = secrets(home)?;
    say("building the three processes");
    devstack::binaries::folder().await?;
    let servers = Servers::kept_in(FOLDER, secrets.passwords).await?;
    let tenant = Tenant::kept(&servers).await?;
    let mut builder = Stack::builder()
        .partitions(4)
        .ingress(usize::from(arguments.ingress))
        .tenant(tenant)
        .with_keys(secrets.keys)
        .echo();
    if let Some(page) = &page {
        builder = builder.env(Role::Ingress, "WEB_DIR", &page.display().to_string());
    }
    if let Some(port) = arguments.port.or_else(usual_port) {
        builder = builder.ingress_port(port);
    }
    let stack = builder.start().await?;
    open_a_sale(&stack).await?;
    operator::make(&stack, &secrets.operator, arguments.keep).await?;
    let token = stack.operator_token().await?;
    println!("{}", welcome(&stack, page.is_some(), &token));
    if page.is_some() {
        let shop = stack.ingress(0).url();
        let (email, password) = (operator::EMAIL, &secrets.operator);
        println!("  console    {shop}/console/  sign in as {email}, password {password}\n");
    }
    Ok((servers, stack))
}

async fn stop_in_order(servers: &Servers, stack: &Stack) -> Result<()> {
    stack.stop().await?;
    servers.stop().await
}

/// Ctrl-C or SIGTERM.
async fn stop_asked() -> Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => Ok(pressed?),
        _ = terminated.recv() => Ok(()),
    }
}

/// The built page, if this checkout has one.
async fn page() -> Result<Option<PathBuf>> {
    let Some(folder) = npm::folder() else {
        return Ok(None);
    };
    Ok(Some(
        tokio::task::spawn_blocking(move || npm::build(&folder)).await??,
    ))
}

fn usual_port() -> Option<u16> {
    // The lease ends here and the stack takes it again; nobody else of ours wants this port.
    PortLease::exactly(USUAL_PORT)
        .ok()
        .flatten()
        .map(|lease| lease.port())
}

fn forget_the_last(home: &Home) -> Result<()> {
    for folder in [&home.folder, &home.postgres_folder].map(|home| home.join(FOLDER)) {
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot remove {}", folder.display()))?;
        }
    }
    Ok(())
}

fn secrets(home: &Home) -> Result<Secrets> {
    let folder = home.folder.join(FOLDER);
    let file = folder.join("secrets.json");
    let secrets = match file.exists() {
        true => serde_json::from_str(&fs::read_to_string(&file)?)?,
        false => Secrets {
            passwords: Passwords::random(),
            keys: Keys::random(),
            operator: operator::random_password(),
        },
    };
    fs::create_dir_all(&folder)?;
    write_secret(&file, &serde_json::to_string(&secrets)?)?;
    Ok(secrets)
}

/// Unless one is active, which is what `--keep` may find.
async fn open_a_sale(stack: &Stack) -> Result<()> {
    let operator = stack.operator().await?;
    let active = operator.get("/v1/sales?state=active").await?;
    if active.body["sales"].as_array().is_some_and(Vec::is_empty) {
        operator.open_sale(&OpenSale::of(STOCK)).await?;
    }
    Ok(())
}

fn welcome(stack: &Stack, has_page: bool, operator_token: &str) -> String {
    let shop = stack.ingress(0).url();
    let page = if has_page {
        format!("{shop}/")
    } else {
        format!("{shop}/v1/sales (there is no web page in this checkout)")
    };
    let health = |name: &str, process: &devstack::Process| {
        format!("\n  {name:<10} {}/metrics", process.health_url())
    };
    let mut text = format!(
        "\n  shop       {page}\n  live       {}",
        stack.notifier(0).live_url()
    );
    if has_page {
        text.push_str(&format!("\n  API        {shop}/docs/"));
    }
    text.push_str(&health("ingress", stack.ingress(0)));
    text.push_str(&health("allocator", stack.allocator(0)));
    text.push_str(&health("notifier", stack.notifier(0)));
    text.push_str(&format!(
        "\n  database   {}\n  operator   {operator_token}\n\n  Ctrl-C stops everything.\n",
        stack.tenant().database_url(Role::Setup)
    ));
    text
}
