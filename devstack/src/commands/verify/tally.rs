//! Counting tests by what their runner prints.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use devstack::guarded::Guarded;

/// Twice what all tests may take: a test that hangs must not hold a CI machine for ever.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Tests that passed and tests that did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: usize,
    pub(super) failed: usize,
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Runs a test runner, shows what it prints, and sums up the lines that `read` understands. A runner
/// that fails without a failed test, as for code that does not compile, counts as one.
pub(super) fn run(mut command: Command, read: fn(&str) -> Option<Tally>) -> Result<Tally> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut runner = Guarded::spawn(command, LIMIT)?;
    let output = runner.output().context("the tests have no output")?;
    let mut sum = Tally::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        println!("{line}");
        sum.add(read(&line).unwrap_or_default());
    }
    if !runner.wait()?.success() && sum.failed == 0 {
        sum.failed = 1;
    }
    Ok(sum)
}

/// `test result: ok. 3 passed; 0 failed; 0 ignored; …`
pub(super) fn rust_line(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |what: &str| {
        counts
            .split("; ")
            .find_map(|part| part.strip_suffix(what)?.trim().parse().ok())
    };
    Some(Tally {
        passed: count("passed")?,
        failed: count("failed")?,
    })
}

/// `12 passed, 0 failed`, which the page's test runner prints last.
pub(super) fn web_line(line: &str) -> Option<Tally> {
    let (passed, failed) = line.trim().split_once(", ")?;
    let passed = passed.strip_suffix(" passed")?.parse().ok()?;
    let failed = failed.strip_suffix(" failed")?.parse().ok()?;
    Some(Tally { passed, failed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_runners() {
        let rust = "test result: FAILED. 11 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 16.34s";
        assert_eq!(
            rust_line(rust),
            Some(Tally {
                passed: 11,
                failed: 2
            })
        );
        assert_eq!(rust_line("test servers::stop ... ok"), None);
        assert_eq!(
            web_line("12 passed, 1 failed"),
            Some(Tally {
                passed: 12,
                failed: 1
            })
        );
        assert_eq!(web_line("Tests  12 passed (12)"), None);
    }

    #[test]
    fn a_runner_that_breaks_has_failed() {
        let tally = run(Command::new("false"), rust_line).expect("a program that fails");
        assert_eq!(
            tally,
            Tally {
                passed: 0,
                failed: 1
            }
        );
    }
}
