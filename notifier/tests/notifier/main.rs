//! Tests of the notifier from outside: its document, and stories on real servers.

mod owner;
mod page;
mod shop;
mod wire;

mod addresses;
mod bad_input;
mod crashes;
mod documentation;
mod door;
mod drain;
mod feed_gaps;
mod interruptions;
mod measured;
mod progress;
mod slow_readers;
