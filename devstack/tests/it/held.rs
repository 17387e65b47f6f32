//! A `devstack hold` process: somebody else who owns servers.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use devstack::ports::PortLease;
use serde_json::Value;

/// The process and what it said about its servers.
pub(crate) struct Held {
    child: Child,
    facts: Value,
}

impl Held {
    /// Our own devstack.
    pub(crate) fn command() -> Command {
        Self::command_of(Path::new(env!("CARGO_BIN_EXE_devstack")))
    }

    /// A copy of it somewhere else.
    pub(crate) fn command_of(program: &Path) -> Command {
        let mut command = Command::new(program);
        command.arg("hold").env_remove("FIRSTCOME_TEST_SERVERS");
        command
    }

    /// Starts it and waits until its servers are ready.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        if line.is_empty() {
            let mut said = String::new();
            child
                .stderr
                .take()
                .context("no errors")?
                .read_to_string(&mut said)?;
            child.wait()?;
            anyhow::bail!("{said}");
        }
        Ok(Self {
            facts: serde_json::from_str(&line)?,
            child,
        })
    }

    /// A text among the facts.
    pub(crate) fn fact(&self, name: &str) -> &str {
        self.facts[name].as_str().unwrap_or_default()
    }

    /// The folders that must go.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let folders = self.facts["folders"].as_array().into_iter().flatten();
        folders
            .filter_map(Value::as_str)
            .map(PathBuf::from)
            .collect()
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) -> Result<()> {
        Ok(self.child.kill()?)
    }

    /// Ends its standard input, waits until it and its reaper are gone, and gives what it said on
    /// standard error. Fails when anything is left.
    pub(crate) fn leaves_nothing(mut self) -> Result<String> {
        let pids: Vec<i32> = serde_json::from_value(self.facts["pids"].clone())?;
        let ports = [self.port("nats_url")?, self.port("database_url")?];
        drop(self.child.stdin.take());
        let mut said = String::new();
        self.child
            .stderr
            .take()
            .context("no errors")?
            .read_to_string(&mut said)?;
        self.child.wait()?;
        for pid in pids.into_iter().filter_map(rustix::process::Pid::from_raw) {
            ensure!(
                rustix::process::test_kill_process(pid).is_err(),
                "process {pid:?} is left\n{said}"
            );
        }
        for port in ports {
            ensure!(
                PortLease::exactly(port)?.is_some(),
                "port {port} is still taken\n{said}"
            );
        }
        for folder in self.folders() {
            ensure!(!folder.exists(), "{} is left\n{said}", folder.display());
        }
        Ok(said)
    }

    fn port(&self, url: &str) -> Result<u16> {
        let mut parts = self.fact(url).split(['@', '/']);
        let address = parts.find_map(|part| part.parse::<SocketAddr>().ok());
        Ok(address
            .with_context(|| format!("no address in {url}"))?
            .port())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Its reaper does the rest.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
