//! Room for a crowd: open files and local ports. Asked before anything is started, as what fails for want of them later
//! does so in many places and says little.

use std::fs;

use anyhow::{Result, ensure};
use devstack::open_files;

/// Files of a process beside the connections of the crowd: its own to the servers, pipes, logs.
const OTHER_FILES: u64 = 200;

/// Fewer make a crowd wait for each other.
const HALF_MIN: u64 = 300;

/// Half of what one ingress takes; a process may commonly open 20,000 files.
const HALF_MAX: u64 = 8_000;

/// From which and to which port connections come, on Linux.
const PORTS: &str = "/proc/sys/net/ipv4/ip_local_port_range";

/// Raises the soft limit of open files, and fails unless one process may hold so many connections and, of these, so
/// many may come from one address to one door.
pub(crate) fn room_for(connections: u64, from_one_address: u64) -> Result<()> {
    files_for(connections, open_files::raise())?;
    // Where there is no such file the system's limits are not ours to know.
    let ports = fs::read_to_string(PORTS).ok().and_then(|text| count(&text));
    ports.map_or(Ok(()), |ports| ports_for(from_one_address, ports))
}

/// Raises the soft limit of open files, and gives how many HTTP connections and how many WebSockets a crowd may have:
/// half of the files each. A crowd makes do with few, but not with none.
pub(crate) fn halves() -> Result<usize> {
    half_of(open_files::raise())
}

fn half_of(allowed: u64) -> Result<usize> {
    let half = allowed.saturating_sub(OTHER_FILES) / 2;
    ensure!(
        half >= HALF_MIN,
        "a crowd needs {} open files in one process, and only {allowed} are allowed here: allow more with `ulimit -n {}`",
        OTHER_FILES + 2 * HALF_MIN,
        OTHER_FILES + 2 * HALF_MIN,
    );
    Ok(usize::try_from(half.min(HALF_MAX))?)
}

fn files_for(connections: u64, allowed: u64) -> Result<()> {
    let needed = connections + OTHER_FILES;
    let most = allowed.saturating_sub(OTHER_FILES);
    ensure!(
        needed <= allowed,
        "{connections} connections take {needed} open files in one process, and only {allowed} are allowed here: allow \
         more with `ulimit -n {needed}` as root or in the limits of this account, or ask for {most} --connections at most"
    );
    Ok(())
}

fn ports_for(connections: u64, ports: u64) -> Result<()> {
    ensure!(
        connections <= ports,
        "{connections} connections take a local port each, and there are only {ports}: allow more with `sysctl -w \
         net.ipv4.ip_local_port_range='32768 60999'` as root, or ask for {ports} --connections at most"
    );
    Ok(())
}

/// `32768<tab>60999`, both included.
fn count(range: &str) -> Option<u64> {
    let mut ports = range.split_whitespace().map(str::parse::<u64>);
    let (first, last) = (ports.next()?.ok()?, ports.next()?.ok()?);
    Some((last + 1).saturating_sub(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_needs_a_file_each_and_some_more() {
        assert!(files_for(800, 1_000).is_ok());
        let refused = files_for(801, 1_000).unwrap_err().to_string();
        assert!(refused.contains("`ulimit -n 1001`"), "{refused}");
        assert!(refused.contains("800 --connections at most"), "{refused}");
        assert!(!refused.contains('\n'), "{refused}");
    }

    #[test]
    fn a_crowd_on_schedule_makes_do_with_what_there_is() {
        assert_eq!(half_of(1_024).unwrap(), 412);
        assert_eq!(half_of(1_000_000).unwrap(), 8_000);
        let refused = half_of(799).unwrap_err().to_string();
        assert!(refused.contains("`ulimit -n 800`"), "{refused}");
    }

    #[test]
    fn a_crowd_of_one_address_needs_a_port_each() {
        assert_eq!(count("32768\t60999\n"), Some(28_232));
        assert_eq!((count("32768"), count("a b")), (None, None));
        assert!(ports_for(28_232, 28_232).is_ok());
        let refused = ports_for(101, 100).unwrap_err().to_string();
        assert!(refused.contains("100 --connections at most"), "{refused}");
    }
}
