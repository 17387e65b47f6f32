//! Memory of processes, as Linux tells it in `/proc`.

use std::fs;

use anyhow::{Context, Result};

/// Bytes of a process that are in memory.
#[derive(Clone, Copy)]
pub(crate) struct Resident {
    pub(crate) now: u64,
    /// The most there ever were.
    pub(crate) peak: u64,
}

impl Resident {
    pub(crate) fn of(pid: u32) -> Result<Self> {
        let file = format!("/proc/{pid}/status");
        let status = fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))?;
        Self::parse(&status).with_context(|| format!("no memory in {file}"))
    }

    /// `VmRSS:    1234 kB`, see proc_pid_status(5).
    fn parse(status: &str) -> Option<Self> {
        let bytes = |name: &str| {
            let mut lines = status.lines();
            let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
            Some(kib * 1024)
        };
        Some(Self {
            now: bytes("VmRSS")?,
            peak: bytes("VmHWM")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_in_memory_and_the_most_that_was() {
        let status = "Name:\tnotifier\nVmHWM:\t   20 kB\nVmRSS:\t   12 kB\nThreads:\t3\n";
        let resident = Resident::parse(status).unwrap();
        assert_eq!((resident.now, resident.peak), (12 * 1024, 20 * 1024));
        assert!(Resident::parse("Name:\tnotifier\n").is_none());
    }
}
