//! Which programs are used, and as whom.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use devstack::install;
use devstack::places::{Home, ScratchFolder, ServerUser};
use sqlx::Connection;

use crate::held::Held;

/// A target folder of its own below a folder that everybody can reach, with a copy of devstack in it.
struct Elsewhere {
    scratch: ScratchFolder,
}

impl Elsewhere {
    fn make() -> Result<Self> {
        let user = rustix::process::getuid().as_raw();
        let scratch = ScratchFolder::make(Path::new(&format!("/var/tmp/firstcome-tests-{user}")))?;
        fs::create_dir_all(scratch.path().join("target/debug"))?;
        fs::create_dir_all(scratch.path().join("bin"))?;
        fs::copy(
            env!("CARGO_BIN_EXE_devstack"),
            scratch.path().join("target/debug/devstack"),
        )?;
        Ok(Self { scratch })
    }

    fn path(&self) -> &Path {
        self.scratch.path()
    }

    fn bin(&self) -> PathBuf {
        self.path().join("bin")
    }

    /// `devstack hold` there, which finds our nats-server on PATH, so that nothing is fetched again.
    fn command(&self) -> Result<Command> {
        fs::copy(
            install::nats_server(&Home::find()?.folder)?,
            self.bin().join("nats-server"),
        )?;
        let mut command = Held::command_of(&self.path().join("target/debug/devstack"));
        command.env("PATH", format!("{}:/usr/bin:/bin", self.bin().display()));
        Ok(command)
    }
}

fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test puts a program in front of everybody's PATH"
)]
fn a_nats_server_that_is_too_old_is_ignored_with_a_line_saying_so() -> Result<()> {
    let elsewhere = Elsewhere::make()?;
    let old = elsewhere.bin().join("nats-server");
    fs::write(&old, "#!/bin/sh\necho 'nats-server: v2.9.0'\n")?;
    fs::set_permissions(&old, Permissions::from_mode(0o755))?;
    let path = std::env::var("PATH")?;
    let path = format!("{}:{path}", elsewhere.bin().display());
    let held = Held::start(Held::command().env("PATH", path))?;
    ensure!(
        held.fact("nats_version").contains("2.15.1"),
        "not the fetched one: {}",
        held.fact("nats_version")
    );
    let said = held.leaves_nothing()?;
    ensure!(
        said.contains("ignoring") && said.contains("(2.9)"),
        "it said nothing: {said}"
    );
    Ok(())
}

#[tokio::test]
async fn the_fetched_postgres_works_where_the_system_has_none() -> Result<()> {
    let held = Held::start(Held::command().env("FIRSTCOME_NO_SYSTEM_POSTGRES", "1"))?;
    let mut connection = sqlx::PgConnection::connect(held.fact("database_url")).await?;
    let version: String = sqlx::query_scalar("SELECT version()")
        .fetch_one(&mut connection)
        .await?;
    ensure!(
        version.starts_with("PostgreSQL 18"),
        "not the fetched one: {version}"
    );
    drop(connection);
    held.leaves_nothing()?;
    Ok(())
}

#[test]
fn without_python_one_sentence_says_what_to_install() -> Result<()> {
    let elsewhere = Elsewhere::make()?;
    let refused = Held::start(elsewhere.command()?.env("PATH", "/nowhere"));
    let said = refused
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default();
    ensure!(
        said.contains("install python3 and python3-pip"),
        "it said: {said}"
    );
    ensure!(
        said.trim_end().lines().count() == 1,
        "not one sentence: {said}"
    );
    Ok(())
}

#[test]
fn an_unprivileged_user_runs_everything_as_themselves() -> Result<()> {
    let elsewhere = Elsewhere::make()?;
    let mut command = elsewhere.command()?;
    if is_root() {
        let user = ServerUser::find()?;
        chown(
            elsewhere.path().join("target"),
            Some(user.uid),
            Some(user.gid),
        )?;
        command.uid(user.uid).gid(user.gid);
    }
    let held = Held::start(&mut command)?;
    let inside = elsewhere.path().join("target/firstcome");
    ensure!(
        held.folders()
            .iter()
            .all(|folder| folder.starts_with(&inside)),
        "outside: {:?}",
        held.folders()
    );
    held.leaves_nothing()?;
    Ok(())
}

#[test]
fn roots_target_folder_may_be_closed_to_others() -> Result<()> {
    let elsewhere = Elsewhere::make()?;
    fs::set_permissions(elsewhere.path(), Permissions::from_mode(0o700))?;
    let held = Held::start(&mut elsewhere.command()?)?;
    let outside = held
        .folders()
        .into_iter()
        .find(|folder| !folder.starts_with(elsewhere.path()));
    ensure!(
        outside.is_some() == is_root(),
        "folders: {:?}",
        held.folders()
    );
    let said = held.leaves_nothing()?;
    if let Some(home) = outside
        .as_deref()
        .and_then(Path::parent)
        .and_then(Path::parent)
    {
        ensure!(
            said.contains("only root may enter"),
            "it said nothing: {said}"
        );
        fs::remove_dir_all(home)?;
    }
    Ok(())
}
