//! [wrk](https://github.com/wg/wrk), a load tool of other people's: sends what our client sends.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use devstack::install::find_on_path;
use devstack::places::{Home, ScratchFolder, write_secret};
use tokio::process::Command;

/// What every script ends with: a line of our own in the output.
const DONE: &str = r#"
function done(summary, latency, requests)
  local e = summary.errors
  local failed = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format("told %d %d %d\n", summary.requests, summary.duration, failed))
end
"#;

/// A request that is not a `GET`. wrk makes it once and sends it again and again, as it does best.
const POST: &str = r#"
wrk.method = "POST"
wrk.body = "{}"
wrk.headers["content-type"] = "application/json"
for token in io.lines(file) do
  wrk.headers["authorization"] = "Bearer " .. token
end
"#;

/// The program.
pub(crate) struct Wrk(PathBuf);

/// What it counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Counted {
    pub(crate) answers: u64,
    pub(crate) took: Duration,
    /// Answers that are refusals, and what was not answered at all.
    pub(crate) failed: u64,
}

impl Wrk {
    /// Where PATH says.
    pub(crate) fn find() -> Result<Self> {
        let found = find_on_path("wrk");
        let program = found.context(
            "calibrate compares with wrk, which is not on PATH: install it, with `apt install wrk` or `brew install wrk`",
        )?;
        Ok(Self(program))
    }

    /// Gets a path for so long, with what wrk itself makes of it: the request that never changes is its fastest.
    pub(crate) async fn get(&self, door: SocketAddr, path: &str, load: Load) -> Result<Counted> {
        self.run(&format!("http://{door}{path}"), DONE, load).await
    }

    /// Posts `{}` to a path, as the shopper with this token.
    pub(crate) async fn post(
        &self,
        door: SocketAddr,
        path: &str,
        token: &str,
        load: Load,
    ) -> Result<Counted> {
        let scratch = ScratchFolder::make(&Home::find()?.folder)?;
        let file = scratch.path().join("token");
        write_secret(&file, token)?;
        let file = quoted(file.to_str().context("the target folder is not UTF-8")?);
        let script = format!("local file = {file}\n{POST}\n{DONE}");
        self.run(&format!("http://{door}{path}"), &script, load)
            .await
    }

    async fn run(&self, url: &str, script: &str, load: Load) -> Result<Counted> {
        let scratch = ScratchFolder::make(&Home::find()?.folder)?;
        let file = scratch.path().join("load.lua");
        std::fs::write(&file, script)?;
        let output = self.command(url, &file, load).output().await;
        let output = output.context("cannot run wrk")?;
        let (said, told) = (
            String::from_utf8_lossy(&output.stderr),
            String::from_utf8_lossy(&output.stdout),
        );
        ensure!(
            output.status.success(),
            "wrk ended with {}: {said}",
            output.status
        );
        let counted = told.lines().find_map(Counted::parse);
        counted.with_context(|| format!("wrk has not said what it counted: {said}{told}"))
    }

    fn command(&self, url: &str, script: &Path, load: Load) -> Command {
        let cpus = std::thread::available_parallelism().map_or(1, |cpus| cpus.get() as u64);
        let threads = cpus.min(load.connections);
        let mut command = Command::new(&self.0);
        command
            .args(["--threads", &threads.to_string()])
            .args(["--connections", &load.connections.to_string()])
            .args(["--duration", &format!("{}s", load.lasts.as_secs())])
            .arg("--script")
            .arg(script)
            .arg(url)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }
}

/// How much is sent.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) connections: u64,
    /// Whole seconds.
    pub(crate) lasts: Duration,
}

impl Counted {
    /// `told <answers> <microseconds> <failed>`, as the script prints it.
    fn parse(line: &str) -> Option<Self> {
        let mut numbers = line.strip_prefix("told ")?.split(' ').map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some(Self {
            answers: next()?,
            took: Duration::from_micros(next()?),
            failed: next()?,
        })
    }
}

/// A string in Lua: a path, which has no control characters.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_string_of_lua() {
        assert_eq!(quoted(r#"say "\""#), r#""say \"\\\"""#);
    }

    #[test]
    fn only_our_own_line_is_read() {
        let counted = Counted::parse("told 5000 2000000 3").unwrap();
        assert_eq!((counted.answers, counted.failed), (5_000, 3));
        assert_eq!(counted.took, Duration::from_secs(2));
        for line in [
            "  5000 requests in 2.00s",
            "told 5000 2000000",
            "told many 1 0",
        ] {
            assert_eq!(Counted::parse(line), None, "{line}");
        }
    }
}
