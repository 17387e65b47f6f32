//! Logs on stderr: readable text for people, JSON lines for machines.
//!
//! One readable message plus dotted fields (`nats.connection`, `partition.epoch`); in JSON the
//! fields stand beside the message, not inside an object of their own.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::IsTerminal,
    panic::{self, PanicHookInfo},
    thread,
};

use tracing::{Level, Subscriber, subscriber};
use tracing_subscriber::{
    EnvFilter, Layer,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
};

use crate::config::{LOG_FILTER, LogFormat, Telemetry};

/// Starts logging and makes panics part of the log.
///
/// Only the first call in a process counts; later ones (several processes inside one test) do
/// nothing.
pub fn init(config: &Telemetry) {
    let terminal = std::io::stderr().is_terminal();
    let log = log(config, terminal, std::io::stderr);
    if subscriber::set_global_default(log).is_ok() {
        log_panics();
    }
}

fn log<W>(config: &Telemetry, terminal: bool, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // The command line was checked already; a filter made in code falls back to the default.
    let filter =
        EnvFilter::try_new(&config.log_filter).unwrap_or_else(|_| EnvFilter::new(LOG_FILTER));
    let lines = fmt::layer().with_writer(writer);
    let json = match config.log_format {
        LogFormat::Auto => !terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let lines = if json {
        lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .boxed()
    } else if terminal {
        // Colours as the formatter chooses them: on, unless NO_COLOR is set.
        lines.compact().boxed()
    } else {
        lines.compact().with_ansi(false).boxed()
    };
    tracing_subscriber::registry().with(filter).with(lines)
}

/// Sends panics to the log; those that the filter would hide go the way they went before.
fn log_panics() {
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if tracing::enabled!(Level::ERROR) {
            log_panic(panic);
        } else {
            previous(panic);
        }
    }));
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("no message");
    let location = panic.location().map(ToString::to_string);
    let thread = thread::current();
    // Empty unless RUST_BACKTRACE asks for one.
    let backtrace = Backtrace::capture();
    let backtrace =
        (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    tracing::error!(
        panic.location = location,
        panic.thread = thread.name(),
        panic.backtrace = backtrace,
        "panicked: {message}"
    );
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use serde_json::Value;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Written {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn when_logging(format: LogFormat, terminal: bool) -> String {
        let written = Written::default();
        let writer = written.clone();
        let config = Telemetry {
            log_format: format,
            ..Telemetry::default()
        };
        let log = log(&config, terminal, move || writer.clone());
        subscriber::with_default(log, || {
            tracing::info!(
                partition.id = 3,
                partition.epoch = 7,
                "took over the partition"
            );
            tracing::debug!("not worth a line");
        });
        written.text()
    }

    #[test]
    fn a_json_line_has_the_message_and_dotted_fields_at_the_top() {
        for text in [
            when_logging(LogFormat::Json, true),
            when_logging(LogFormat::Auto, false),
        ] {
            assert_eq!(text.lines().count(), 1, "{text}");
            let line: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(line["level"], "INFO");
            assert_eq!(line["message"], "took over the partition");
            assert_eq!(line["partition.id"], 3);
            assert_eq!(line["partition.epoch"], 7);
            assert_eq!(line["target"], "service::telemetry::tests");
            assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
        }
    }

    #[test]
    fn text_is_coloured_on_a_terminal_only() {
        let plain = when_logging(LogFormat::Text, false);
        assert!(plain.contains("took over the partition"), "{plain}");
        assert!(plain.contains("partition.epoch=7"), "{plain}");
        assert!(!plain.contains('\u{1b}'), "{plain}");
        let terminal = when_logging(LogFormat::Auto, true);
        assert!(serde_json::from_str::<Value>(&terminal).is_err());
    }

    #[test]
    fn starting_twice_is_harmless() {
        let config = Telemetry::default();
        init(&config);
        init(&config);
    }

    #[test]
    fn a_wrong_filter_falls_back_to_the_default() {
        let config = Telemetry {
            log_filter: "allocator=loud".to_owned(),
            ..Telemetry::default()
        };
        init(&config);
        drop(log(&config, false, io::sink));
    }
}
