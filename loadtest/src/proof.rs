//! The log decided once more by the product's own check, `allocator replay --check`.

use std::time::{Duration, Instant};

use anyhow::Result;
use devstack::Stack;

/// What came of it.
pub(crate) struct Replay {
    /// Whether Postgres is what the log makes it.
    pub(crate) agrees: bool,
    pub(crate) took: Duration,
}

impl Replay {
    /// Decides everything once more, beside the running owners. What it found is printed unless it agrees.
    pub(crate) async fn check(stack: &Stack) -> Result<Self> {
        let began = Instant::now();
        let output = stack.allocator_command(&["replay", "--check"]).await?;
        let took = began.elapsed();
        let agrees = output.status.success();
        if !agrees {
            eprint!("{}", String::from_utf8_lossy(&output.stdout));
            eprint!("{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(Self { agrees, took })
    }
}
