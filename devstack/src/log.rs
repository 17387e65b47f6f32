//! What a process wrote: the last lines, a way to wait for the next one, and an echo for the demo.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// Lines kept per process: enough to explain a failed test, small enough for hundreds of processes.
const KEPT_LINES: usize = 2_000;

/// The lines of one process, over all its restarts. Clones share the lines.
#[derive(Clone)]
pub struct Log {
    shared: Arc<Shared>,
}

struct Shared {
    echo: Option<Echo>,
    lines: Mutex<Lines>,
    written: watch::Sender<u64>,
    /// Ends that are still open.
    followed: watch::Sender<usize>,
}

#[derive(Default)]
struct Lines {
    kept: VecDeque<String>,
    /// How many lines were written before `kept[0]`.
    dropped: u64,
    /// How many lines were written before the current run of the process.
    before_run: u64,
}

impl Log {
    /// An empty log. With an `echo`, each line is printed as well.
    pub fn new(echo: Option<Echo>) -> Self {
        let shared = Shared {
            echo,
            lines: Mutex::default(),
            written: watch::Sender::new(0),
            followed: watch::Sender::new(0),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Begins a new run of the process: [`Log::find`] sees only what comes from now on.
    pub fn begin_run(&self) {
        let mut lines = self.lines();
        lines.before_run = lines.dropped + lines.kept.len() as u64;
    }

    /// Reads lines on a thread of its own until the process closes its end. A thread and not a
    /// task, because servers outlive the runtime of the test that started them, and a server
    /// whose standard error has no reader dies of it.
    pub fn follow(&self, pipe: impl Read + Send + 'static) -> std::io::Result<()> {
        let log = self.clone();
        self.shared.followed.send_modify(|count| *count += 1);
        let reading = std::thread::Builder::new().name("log".into());
        let started = reading.spawn(move || {
            log.read_all(pipe);
            log.shared.followed.send_modify(|count| *count -= 1);
        });
        if started.is_err() {
            self.shared.followed.send_modify(|count| *count -= 1);
        }
        started.map(drop)
    }

    /// Waits until all that a process said before its end is here.
    pub async fn complete(&self) {
        let mut followed = self.shared.followed.subscribe();
        // Fails only when the sender is gone, and it lives as long as this log.
        drop(followed.wait_for(|count| *count == 0).await);
    }

    /// The first line of the current run that contains `needle`.
    pub fn find(&self, needle: &str) -> Option<String> {
        let lines = self.lines();
        let skip = lines.before_run.saturating_sub(lines.dropped) as usize;
        lines
            .kept
            .iter()
            .skip(skip)
            .find(|line| line.contains(needle))
            .cloned()
    }

    /// The last `count` lines, oldest first, ready to be printed.
    pub fn tail(&self, count: usize) -> String {
        let lines = self.lines();
        let skip = lines.kept.len().saturating_sub(count);
        let tail: Vec<&str> = lines.kept.iter().skip(skip).map(String::as_str).collect();
        tail.join("\n")
    }

    /// Changes with every line written.
    pub fn written(&self) -> watch::Receiver<u64> {
        self.shared.written.subscribe()
    }

    fn read_all(&self, pipe: impl Read) {
        let mut reader = BufReader::new(pipe);
        let mut bytes = Vec::new();
        while matches!(reader.read_until(b'\n', &mut bytes), Ok(count) if count > 0) {
            self.push(String::from_utf8_lossy(&bytes).trim_end().to_owned());
            bytes.clear();
        }
    }

    fn push(&self, line: String) {
        if let Some(echo) = &self.shared.echo {
            echo.print(&line);
        }
        let mut lines = self.lines();
        if lines.kept.len() == KEPT_LINES {
            lines.kept.pop_front();
            lines.dropped += 1;
        }
        lines.kept.push_back(line);
        drop(lines);
        self.shared.written.send_modify(|count| *count += 1);
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        // A panic elsewhere must not hide the log that explains it.
        self.shared
            .lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the demo prints a process's lines: its name in its own colour before each.
#[derive(Clone)]
pub struct Echo {
    name: String,
    colour: u8,
}

impl Echo {
    /// An echo for the `index`-th process; the index picks the colour.
    pub fn new(name: &str, index: usize) -> Self {
        // ANSI 31 to 36: the six colours that are readable on dark and on light terminals.
        Self {
            name: name.to_owned(),
            colour: 31 + (index % 6) as u8,
        }
    }

    fn print(&self, line: &str) {
        let Self { name, colour } = self;
        if std::io::stdout().is_terminal() {
            println!("\x1b[{colour}m{name:<12}\x1b[0m {line}");
        } else {
            println!("{name:<12} {line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(lines: &str) -> Log {
        let log = Log::new(None);
        log.read_all(lines.as_bytes());
        log
    }

    #[test]
    fn finds_only_lines_of_the_current_run() {
        let log = written("listening on 1\nready\n");
        assert_eq!(log.find("listen").as_deref(), Some("listening on 1"));
        log.begin_run();
        assert_eq!(log.find("listen"), None);
    }

    #[test]
    fn forgets_the_oldest_line_at_the_limit() {
        let log = written(&"old\n".repeat(KEPT_LINES));
        log.begin_run();
        log.read_all("new\n".as_bytes());
        assert_eq!(log.lines().kept.len(), KEPT_LINES);
        assert_eq!(log.find("new").as_deref(), Some("new"));
        assert_eq!(log.find("old"), None);
        assert_eq!(log.tail(2), "old\nnew");
    }
}
