//! Processor time of processes, as Linux tells it in `/proc`.

use std::path::Path;

use devstack::Stack;

/// Postgres works in one process for each connection; the others have no children, or ones that have a line of their own.
const WORKS_IN_CHILDREN: &str = "postgres";

/// Processes, by name.
pub(crate) struct Meter(Vec<(&'static str, u32)>);

/// Seconds of processor time, by process.
pub(crate) type Seconds = Vec<(&'static str, f64)>;

impl Meter {
    /// The ingress that is measured, those behind it, and the load itself.
    pub(crate) fn of(stack: &Stack, ingress: usize) -> anyhow::Result<Self> {
        let servers = stack.servers();
        let all = [
            ("ingress", stack.ingress(ingress).pid()),
            ("allocator", stack.allocator(0).pid()),
            ("nats", servers.nats()?.pid()),
            ("postgres", servers.postgres()?.pid()),
            ("load", Some(std::process::id())),
        ];
        let running = all.into_iter().filter_map(|(name, pid)| Some((name, pid?)));
        Ok(Self(running.collect()))
    }

    /// What each has used since it began; nothing where there is no `/proc`.
    pub(crate) fn read(&self) -> Seconds {
        let all = usages();
        if all.is_empty() {
            return Seconds::new();
        }
        let ticks_per_s = rustix::param::clock_ticks_per_second() as f64;
        let used = |name, pid| {
            let counts = |one: &&Usage| one.is_of(pid, name == WORKS_IN_CHILDREN);
            let ticks: u64 = all.iter().filter(counts).map(|one| one.ticks).sum();
            ticks as f64 / ticks_per_s
        };
        let processes = self.0.iter();
        processes
            .map(|(name, pid)| (*name, used(*name, *pid)))
            .collect()
    }
}

struct Usage {
    pid: u32,
    parent: u32,
    /// Its own and those of children that have ended.
    ticks: u64,
}

fn usages() -> Vec<Usage> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let read = |path: &Path| Usage::parse(&std::fs::read_to_string(path.join("stat")).ok()?);
    entries.filter_map(|entry| read(&entry.path())).collect()
}

impl Usage {
    fn is_of(&self, pid: u32, with_children: bool) -> bool {
        self.pid == pid || (with_children && self.parent == pid)
    }

    /// `pid (name) state parent …`, see proc_pid_stat(5); the name may hold anything, also brackets.
    fn parse(stat: &str) -> Option<Self> {
        let (pid, _) = stat.split_once(' ')?;
        let (_, after_name) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        // Fields 14 to 17 count from 1 and with pid and name: utime, stime, cutime, cstime.
        let ticks = fields.get(11..15)?.iter().map(|field| field.parse::<u64>());
        Some(Self {
            pid: pid.parse().ok()?,
            parent: fields.get(1)?.parse().ok()?,
            ticks: ticks.sum::<Result<u64, _>>().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_process_with_an_odd_name() {
        let stat = "42 (a) b) S 7 1 1 0 -1 4194304 9 0 0 0 100 20 3 4 20 0 1 0 5";
        let usage = Usage::parse(stat).unwrap();
        assert_eq!((usage.pid, usage.parent, usage.ticks), (42, 7, 127));
        assert!(usage.is_of(42, false) && usage.is_of(7, true) && !usage.is_of(7, false));
        assert!(Usage::parse("42 (a) S 7").is_none());
    }
}
