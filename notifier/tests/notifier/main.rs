//! Tests of the notifier from outside.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod addresses;
mod documentation;
mod measured;
