//! A Postgres server with the product's roles.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tokio::time::timeout;

use crate::environment::inherited;
use crate::install::PostgresPrograms;
use crate::log::Log;
use crate::places::{ServerUser, make_open_folder, write_secret};
use crate::program::{Program, Ready, Spec};
use crate::role::{Passwords, Role};

/// Some fifty stacks of a few small pools each.
const MAX_CONNECTIONS: u32 = 400;

/// Administration is a few statements; nothing here may hang a test run.
const ADMINISTRATION_LIMIT: Duration = Duration::from_secs(30);

/// Settings that differ from Postgres' own. Durability stays on: it is what the product promises.
const SETTINGS: [(&str, &str); 7] = [
    ("listen_addresses", "127.0.0.1"),
    // TCP only: a socket's path has a length limit that deep target folders break.
    ("unix_socket_directories", ""),
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("shared_buffers", "128MB"),
    // A spread-out checkpoint would make every stop wait for it.
    ("max_wal_size", "2GB"),
    ("lc_messages", "C"),
];

/// Creates the cluster in `folder` unless it is there, and describes the server.
pub(crate) fn server(
    programs: &PostgresPrograms,
    folder: &Path,
    port: u16,
    user: Option<ServerUser>,
    passwords: &Passwords,
    log: Log,
) -> Result<Program> {
    let data = folder.join("data");
    if !data.join("PG_VERSION").exists() {
        create_cluster(programs, folder, &data, user.as_ref(), passwords)?;
    }
    let mut arguments = vec![
        "-D".to_owned(),
        data.display().to_string(),
        "-p".to_owned(),
        port.to_string(),
    ];
    let connections = MAX_CONNECTIONS.to_string();
    for (name, value) in SETTINGS
        .into_iter()
        .chain([("max_connections", connections.as_str())])
    {
        arguments.extend(["-c".to_owned(), format!("{name}={value}")]);
    }
    let spec = Spec {
        name: "postgres".to_owned(),
        path: programs.program("postgres"),
        arguments,
        environment: vec![("LC_ALL".to_owned(), "C".to_owned())],
        user,
        ready: Ready::Line("database system is ready to accept connections"),
        // The fast stop: open transactions are rolled back.
        stop_signal: Signal::INT,
        // Its immediate stop takes its children along.
        last_signal: Signal::QUIT,
        has_offspring: true,
    };
    Ok(Program::new(spec, log))
}

fn create_cluster(
    programs: &PostgresPrograms,
    folder: &Path,
    data: &Path,
    user: Option<&ServerUser>,
    passwords: &Passwords,
) -> Result<()> {
    make_open_folder(folder)?;
    let password_file = folder.join("password");
    write_secret(&password_file, passwords.superuser())?;
    fs::create_dir(data).with_context(|| format!("cannot make {}", data.display()))?;
    if let Some(user) = user {
        for path in [data, &password_file] {
            chown(path, Some(user.uid), Some(user.gid))?;
        }
    }
    let mut command = initdb(programs.program("initdb"), data, &password_file);
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid);
    }
    let output = command.output().context("cannot run initdb")?;
    fs::remove_file(&password_file)?;
    ensure!(
        output.status.success(),
        "initdb failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

fn initdb(program: PathBuf, data: &Path, password_file: &Path) -> Command {
    let mut command = Command::new(program);
    command.args([
        "--username=postgres",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
    ]);
    // An empty cluster need not survive a power cut; what the server writes later does.
    command.arg("--no-sync").arg("-D").arg(data);
    command.arg(format!("--pwfile={}", password_file.display()));
    command
        .env_clear()
        .envs(inherited())
        .current_dir("/")
        .stdin(Stdio::null());
    command
}

/// How to connect to a server of ours, as the superuser or as a role.
pub(crate) fn options(port: u16, user: &str, password: &str, database: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(port)
        .username(user)
        .password(password)
        .database(database)
        .ssl_mode(PgSslMode::Disable)
}

/// Runs statements one by one as superuser. They are made of our own names and hex digits only.
pub(crate) async fn administer(
    port: u16,
    passwords: &Passwords,
    statements: &[String],
) -> Result<()> {
    let work = async {
        let mut connection = superuser(port, passwords).await?;
        for statement in statements {
            sqlx::raw_sql(AssertSqlSafe(statement.as_str()))
                .execute(&mut connection)
                .await?;
        }
        connection.close().await
    };
    let done = timeout(ADMINISTRATION_LIMIT, work).await;
    done.context("Postgres did not answer")?
        .context("cannot administer Postgres")
}

/// Whether the server has a database of this name.
pub(crate) async fn has_database(port: u16, passwords: &Passwords, name: &str) -> Result<bool> {
    let work = async {
        let question =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)");
        question
            .bind(name)
            .fetch_one(&mut superuser(port, passwords).await?)
            .await
    };
    let answer = timeout(ADMINISTRATION_LIMIT, work).await;
    answer
        .context("Postgres did not answer")?
        .context("cannot administer Postgres")
}

async fn superuser(port: u16, passwords: &Passwords) -> sqlx::Result<PgConnection> {
    options(port, "postgres", passwords.superuser(), "postgres")
        .connect()
        .await
}

/// The statements that create the product's login roles, unless they exist.
pub(crate) fn create_roles(passwords: &Passwords) -> Vec<String> {
    let create = |role: Role| {
        let (name, password) = (role.postgres_role(), passwords.of(role));
        format!(
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN \
             CREATE ROLE {name} LOGIN PASSWORD '{password}'; END IF; END $$"
        )
    };
    Role::ALL.map(create).to_vec()
}
