//! nats-server with one account per test.
//!
//! The product's subjects and streams carry no prefix, so tests that share a server are kept apart by
//! accounts. Settings and permissions are those of the `nats` folder, not a second copy.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::process::Signal;

use crate::log::Log;
use crate::places::{make_open_folder, write_secret};
use crate::program::{Program, Ready, Spec};
use crate::role::{Passwords, Role};

const SERVER_CONF: &str = include_str!("../../nats/server.conf");
const ACCOUNT_CONF: &str = include_str!("../../nats/account.conf");

/// What all streams of all accounts may reserve together. A reservation, not disk space: each test's
/// streams reserve their `max_bytes`.
const MAX_FILE_STORE: &str = "16TB";

/// The name of the `index`-th account.
pub(crate) fn account(index: usize) -> String {
    format!("t{index:03}")
}

/// The NATS user of a role in an account.
pub(crate) fn user(role: Role, account: &str) -> String {
    format!("{}-{account}", role.nats_user())
}

/// Writes the configuration into `folder` and describes the server. Its data stays below `folder`.
pub(crate) fn server(
    program: PathBuf,
    folder: &Path,
    port: u16,
    accounts: usize,
    passwords: &Passwords,
    log: Log,
) -> Result<Program> {
    make_open_folder(folder)?;
    let config = folder.join("server.conf");
    write_secret(&config, &server_conf(accounts, passwords)?)?;
    let argument = |path: &Path| path.display().to_string();
    let spec = Spec {
        name: "nats-server".to_owned(),
        path: program,
        arguments: [
            "-c",
            &argument(&config),
            "-a",
            "127.0.0.1",
            "-p",
            &port.to_string(),
        ]
        .map(str::to_owned)
        .to_vec(),
        environment: vec![
            ("SERVER_NAME".to_owned(), "firstcome".to_owned()),
            (
                "STORE_DIR".to_owned(),
                quoted(&argument(&folder.join("data"))),
            ),
            ("MAX_FILE_STORE".to_owned(), MAX_FILE_STORE.to_owned()),
        ],
        user: None,
        ready: Ready::Line("Server is ready"),
        stop_signal: Signal::TERM,
        last_signal: Signal::KILL,
        has_offspring: false,
    };
    Ok(Program::new(spec, log))
}

/// The settings of `nats/server.conf`, without its monitoring port, which would be the same for every
/// server, and with our accounts in place of its one.
fn server_conf(accounts: usize, passwords: &Passwords) -> Result<String> {
    let (settings, _) = SERVER_CONF
        .split_once("\naccounts {")
        .context("nats/server.conf has no accounts")?;
    let settings: Vec<&str> = settings
        .lines()
        .filter(|line| !line.starts_with("http:"))
        .collect();
    let mut text = settings.join("\n");
    text.push_str("\naccounts {\n");
    for index in 0..accounts {
        let name = account(index);
        text.push_str(&format!(
            "{name}: {{\n{}\n}}\n",
            account_conf(&name, passwords)
        ));
    }
    text.push_str("}\n");
    Ok(text)
}

/// The body of `nats/account.conf` with this account's users.
fn account_conf(account: &str, passwords: &Passwords) -> String {
    let body: Vec<&str> = ACCOUNT_CONF
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect();
    Role::ALL.into_iter().fold(body.join("\n"), |body, role| {
        let variable = role.nats_user().to_uppercase();
        body.replace(&format!("${variable}_USER"), &quoted(&user(role, account)))
            .replace(
                &format!("${variable}_PASSWORD"),
                &quoted(passwords.of(role)),
            )
    })
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_user_of_every_account_gets_a_name_and_a_password() {
        let passwords = Passwords::random();
        let text = server_conf(2, &passwords).expect("a configuration");
        for name in [
            "admin-t000",
            "ingress-t000",
            "allocator-t001",
            "notifier-t001",
        ] {
            assert!(text.contains(&format!("\"{name}\"")), "{name} is missing");
        }
        assert!(
            !text.contains("_USER") && !text.contains("_PASSWORD"),
            "a placeholder is left"
        );
        assert!(text.contains("sync_interval: always"));
    }
}
