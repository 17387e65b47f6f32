//! A complete private stack as child processes: a real nats-server, a real Postgres, and the three
//! processes of the product.
//!
//! | word | meaning |
//! |---|---|
//! | [`Servers`] | a nats-server and a Postgres; shared by all tests, or a test's own when it breaks them |
//! | [`Tenant`] | what one test owns on them: a NATS account and a database |
//! | [`Stack`] | ingress, allocator and notifier processes working for one tenant |
//! | reaper | the helper that ends all of it when this process is gone, however that happened |
//!
//! ```no_run
//! # async fn story() -> anyhow::Result<()> {
//! let stack = devstack::Stack::builder().partitions(2).ingress(2).start().await?;
//! stack.allocator(0).kill().await?;
//! stack.allocator(0).start().await?;
//! stack.stop().await
//! # }
//! ```
//!
//! Everything listens on 127.0.0.1, on ports leased for the purpose; data lies below the target folder
//! and is removed with its owner.

pub mod client;
pub mod process;
pub mod role;
pub mod servers;
pub mod stack;
pub mod tenant;

pub mod audit;
pub mod binaries;
mod child;
mod environment;
pub mod guarded;
pub mod install;
pub mod log;
mod nats;
mod offspring;
pub mod open_files;
pub mod places;
pub mod ports;
mod postgres;
mod program;
pub mod proxy;
mod reaper;
pub mod wait;

pub use client::{Answer, Http, Live, OpenSale, Operator, Shopper};
pub use process::Process;
pub use proxy::Proxy;
pub use role::Role;
pub use servers::Servers;
pub use stack::{Stack, StackBuilder};
pub use tenant::Tenant;
pub use wait::until;

/// A line for the person at the terminal; standard output is for results.
pub fn say(line: &str) {
    eprintln!("devstack: {line}");
}
