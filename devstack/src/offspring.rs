//! The children of a process that is not ours: Postgres works in one process per connection.

use rustix::process::Pid;

/// The living processes whose parent this is, right now.
pub(crate) fn of(parent: Pid) -> Vec<Pid> {
    let parent = parent.as_raw_nonzero().get();
    let children = all()
        .into_iter()
        .filter(|(_, their_parent)| *their_parent == parent);
    children.filter_map(|(pid, _)| Pid::from_raw(pid)).collect()
}

/// Every living process with its parent. Linux images often lack `ps`, so read what it reads.
#[cfg(target_os = "linux")]
fn all() -> Vec<(i32, i32)> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let read = |entry: std::fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        // "pid (name) state parent": the name may hold anything, also brackets.
        let (_, after_name) = stat.rsplit_once(')')?;
        let mut words = after_name.split_whitespace();
        let dead = words.next()? == "Z";
        let parent = words.next()?.parse().ok()?;
        (!dead).then_some((pid, parent))
    };
    entries.filter_map(read).collect()
}

#[cfg(not(target_os = "linux"))]
fn all() -> Vec<(i32, i32)> {
    let output = std::process::Command::new("ps")
        .args(["-A", "-o", "pid=,ppid=,state="])
        .output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let read = |line: &str| {
        let mut numbers = line.split_whitespace();
        let (pid, parent) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
        (!numbers.next()?.starts_with('Z')).then_some((pid, parent))
    };
    text.unwrap_or_default().lines().filter_map(read).collect()
}
