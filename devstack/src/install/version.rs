//! Asking a program for its version.

use std::path::Path;
use std::process::{Command, Stdio};

/// `major.minor` of what `program --version` prints, or `None` if it does not run or prints none.
pub(super) fn of(program: &Path) -> Option<(u32, u32)> {
    let output = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// The first word that looks like a version: `nats-server: v2.15.1`, `postgres (PostgreSQL) 15.14 (Debian)`.
fn parse(text: &str) -> Option<(u32, u32)> {
    text.split_whitespace().find_map(|word| {
        let mut parts = word.trim_start_matches('v').split('.');
        let major = parts.next()?.parse().ok()?;
        // `17beta1` and `18devel` are no numbers and are left alone.
        let minor = parts.next().map_or(Some(0), |minor| minor.parse().ok())?;
        Some((major, minor))
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn reads_what_the_programs_print() {
        assert_eq!(parse("nats-server: v2.15.1\n"), Some((2, 15)));
        assert_eq!(parse("nats-server: v2.9.0"), Some((2, 9)));
        assert_eq!(
            parse("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"),
            Some((15, 14))
        );
        assert_eq!(parse("postgres (PostgreSQL) 18.1"), Some((18, 1)));
        assert_eq!(parse("no version here"), None);
    }
}
