//! The children of a process that is not ours: Postgres works in one process per connection.

use rustix::process::Pid;

/// The living processes whose parent this is, right now.
pub(crate) fn of(parent: Pid) -> Vec<Pid> {
    let children = living_children(parent);
    children
        .filter_map(|child| Pid::from_raw(child.pid))
        .collect()
}

/// Whether all of them are stopped.
pub(crate) fn stands_still(parent: Pid) -> bool {
    living_children(parent).all(|child| child.state.starts_with('T'))
}

fn living_children(parent: Pid) -> impl Iterator<Item = Found> {
    let parent = parent.as_raw_nonzero().get();
    all()
        .into_iter()
        .filter(move |found| found.parent == parent && !found.state.starts_with('Z'))
}

/// A process, as `ps` tells it.
struct Found {
    pid: i32,
    parent: i32,
    state: String,
}

/// Linux images often lack `ps`, so read what it reads.
#[cfg(target_os = "linux")]
fn all() -> Vec<Found> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let read = |entry: std::fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        // "pid (name) state parent": the name may hold anything, also brackets.
        let (_, after_name) = stat.rsplit_once(')')?;
        let mut words = after_name.split_whitespace();
        Some(Found {
            pid,
            state: words.next()?.to_owned(),
            parent: words.next()?.parse().ok()?,
        })
    };
    entries.filter_map(read).collect()
}

#[cfg(not(target_os = "linux"))]
fn all() -> Vec<Found> {
    let output = std::process::Command::new("ps")
        .args(["-A", "-o", "pid=,ppid=,state="])
        .output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let read = |line: &str| {
        let mut words = line.split_whitespace();
        Some(Found {
            pid: words.next()?.parse().ok()?,
            parent: words.next()?.parse().ok()?,
            state: words.next()?.to_owned(),
        })
    };
    text.unwrap_or_default().lines().filter_map(read).collect()
}
