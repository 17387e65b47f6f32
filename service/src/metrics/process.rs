//! The process's own processor time, memory and open files, under the names every Prometheus
//! client uses for them. Read from `/proc`; where there is none, the numbers are absent.

use std::fs;

use metrics::{counter, gauge};

/// Linux counts processor time for user space in hundredths of a second on every architecture
/// this runs on (`USER_HZ`); the kernel's own tick is another matter.
const TICKS_PER_SECOND: u64 = 100;

/// Reads and records all three. Blocks for some microseconds, with very many open files for
/// milliseconds.
pub(super) fn record() {
    if let Some(seconds) = read("/proc/self/stat").as_deref().and_then(cpu_seconds) {
        // Whole seconds: counters here are integers, and the rate over minutes is what is read.
        counter!("process_cpu_seconds_total").absolute(seconds);
    }
    if let Some(bytes) = read("/proc/self/status")
        .as_deref()
        .and_then(resident_bytes)
    {
        gauge!("process_resident_memory_bytes").set(bytes as f64);
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        gauge!("process_open_fds").set(files.count() as f64);
    }
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// User plus system time, fields 14 and 15 of `proc_pid_stat(5)`, counted from behind the command
/// name, which may contain spaces.
fn cpu_seconds(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut times = after_name.split_whitespace().skip(11);
    let user: u64 = times.next()?.parse().ok()?;
    let system: u64 = times.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

/// `VmRSS` of `proc_pid_status(5)`, which is in KiB.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let stat = "42 (a (odd) name) S 1 42 42 0 -1 4194560 100 0 0 0 250 160 0 0 20 0 4 0 1";
        assert_eq!(cpu_seconds(stat), Some(4));
    }

    #[test]
    fn memory_is_in_bytes() {
        let status = "Name:\tingress\nVmRSS:\t    2048 kB\nThreads:\t4\n";
        assert_eq!(resident_bytes(status), Some(2_097_152));
    }

    #[test]
    fn nonsense_is_left_out() {
        assert_eq!(cpu_seconds("42"), None);
        assert_eq!(resident_bytes("Name:\tingress\n"), None);
    }
}
