//! What happens to a connection, told once per incident.

use std::sync::atomic::{AtomicBool, Ordering};

use async_nats::Event;
use metrics::counter;

/// Tells one connection's events. Failed attempts and dropped messages come in crowds, of which
/// only the first since the last change of connection is worth a line.
pub(super) struct Events {
    connection: String,
    told_failure: AtomicBool,
    told_drop: AtomicBool,
}

impl Events {
    pub(super) fn of(connection: &str) -> Self {
        Self {
            connection: connection.to_owned(),
            told_failure: AtomicBool::new(false),
            told_drop: AtomicBool::new(false),
        }
    }

    pub(super) fn tell(&self, event: &Event) {
        let name = self.connection.as_str();
        match event {
            Event::Connected => {
                self.told_failure.store(false, Ordering::Relaxed);
                self.told_drop.store(false, Ordering::Relaxed);
                tracing::info!(nats.connection = name, "connected to NATS");
            }
            Event::Disconnected => {
                counter!("nats_disconnects_total", "connection" => self.connection.clone())
                    .increment(1);
                tracing::warn!(nats.connection = name, "lost NATS, reconnecting");
            }
            Event::ClientError(error) if first(&self.told_failure) => {
                tracing::warn!(nats.connection = name, error = %error, "cannot reconnect to NATS yet");
            }
            Event::ClientError(error) => {
                tracing::debug!(nats.connection = name, error = %error, "still cannot reconnect to NATS");
            }
            Event::SlowConsumer(_) => {
                counter!("nats_dropped_messages_total", "connection" => self.connection.clone())
                    .increment(1);
                if first(&self.told_drop) {
                    tracing::error!(
                        nats.connection = name,
                        "messages from NATS are dropped: a subscriber is too slow"
                    );
                }
            }
            Event::ServerError(error) => {
                tracing::error!(nats.connection = name, error = %error, "NATS reports an error");
            }
            Event::LameDuckMode => {
                tracing::info!(nats.connection = name, "the NATS server is about to stop");
            }
            Event::Draining | Event::Closed => {
                tracing::debug!(nats.connection = name, event = %event, "closing the connection to NATS");
            }
        }
    }
}

fn first(told: &AtomicBool) -> bool {
    !told.swap(true, Ordering::Relaxed)
}
