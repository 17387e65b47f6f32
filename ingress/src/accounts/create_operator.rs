//! `ingress create-operator`: somebody who runs sales, made by whoever has the database's address.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use anyhow::{Context, bail, ensure};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use sale::ShopperId;
use sqlx::PgPool;
use uuid::Uuid;

use crate::accounts::credentials::{Email, Password};
use crate::accounts::passwords;
use crate::accounts::session::Role;
use crate::config::CreateOperator;
use crate::store::accounts as store;

/// One question at a time.
const POSTGRES_CONNECTIONS: u32 = 1;

/// More than any password and its line's end: what is longer is refused, not cut.
const LINE_BYTES_MAX: u64 = 1_024;

/// Runs `ingress create-operator`.
pub async fn create_operator(config: &CreateOperator) -> anyhow::Result<()> {
    let email: Email = config.email.parse()?;
    let url = config.database.database_url.expose();
    let pool = feed::pool(url, "create-operator", POSTGRES_CONNECTIONS)?;
    match config.promote {
        true => promote(&pool, &email).await?,
        false => create(&pool, &email).await?,
    }
    println!("{email} is an operator");
    Ok(())
}

async fn promote(pool: &PgPool, email: &Email) -> anyhow::Result<()> {
    ensure!(
        store::promote(pool, email).await?,
        "there is no account of {email}; without --promote one is made"
    );
    Ok(())
}

async fn create(pool: &PgPool, email: &Email) -> anyhow::Result<()> {
    let password = Password::new(ask_for_password()?)?;
    let hash = passwords::hash(password.as_bytes())?;
    let id = ShopperId::new(Uuid::new_v4());
    ensure!(
        store::insert_account(pool, id, email, &hash, Role::Operator).await?,
        "there is an account of {email}; --promote makes an operator of it"
    );
    Ok(())
}

/// At a terminal twice, since nobody sees what they type; else the first line.
fn ask_for_password() -> anyhow::Result<String> {
    if !io::stdin().is_terminal() {
        return line();
    }
    let _silence = Silence::begin()?;
    let password = ask("Password: ")?;
    if password != ask("Again: ")? {
        bail!("these were two passwords");
    }
    Ok(password)
}

fn ask(what: &str) -> anyhow::Result<String> {
    let mut terminal = io::stderr();
    write!(terminal, "{what}")?;
    let answer = line();
    writeln!(terminal)?;
    answer
}

fn line() -> anyhow::Result<String> {
    let mut line = String::new();
    let mut input = io::stdin().lock().take(LINE_BYTES_MAX);
    input
        .read_line(&mut line)
        .context("cannot read the password from standard input")?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}

/// A terminal that does not show what is typed, until dropped.
struct Silence {
    before: Termios,
}

impl Silence {
    fn begin() -> anyhow::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self { before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // Nothing better can be done: the terminal may be gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.before);
    }
}
