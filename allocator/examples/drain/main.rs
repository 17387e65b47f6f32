//! How fast one allocator drains a full log, on private servers:
//!
//! ```sh
//! cargo run --release -p allocator --example drain
//! ```
//!
//! Once with stock for everybody and once with 1,000 units: fills the log, times the drain, inserts the
//! same rows plainly for comparison, restarts the allocator on what it has, and replays the log.

mod drain;
mod fill;
mod plain;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use devstack::Servers;

use drain::Drain;

/// The scarce sale: sold out within the first records, so that nearly every decision is a loser's.
const SCARCE: u32 = 1_000;

/// Drain a full log into Postgres and time it
#[derive(Clone, Copy, Debug, Parser)]
struct Settings {
    /// Purchases to decide, each of another shopper
    #[arg(long, default_value_t = 1_000_000)]
    purchases: u32,

    /// Units to sell; both ample stock and 1,000 if not said
    #[arg(long)]
    stock: Option<u32>,

    /// Measure without the foreign key from orders to sales, to see what it costs
    #[arg(long)]
    without_foreign_key: bool,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let settings = Settings::parse();
    let stocks = match settings.stock {
        Some(stock) => vec![stock],
        None => vec![settings.purchases, SCARCE],
    };
    let mut is_proven = true;
    for stock in stocks {
        // New servers each time: the second run must not pay for what the first left behind.
        let servers = Servers::own().await?;
        is_proven &= Drain::prepare(&servers, settings, stock)
            .await?
            .run()
            .await?;
    }
    Ok(if is_proven {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
