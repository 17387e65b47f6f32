//! The plumbing on real sockets.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod client;
mod drain;
mod health;
mod http;
mod nats;
