//! What is known of a crowd's run: what was offered, what was answered, and what came of it, moment by moment.

mod tally;
mod timeline;

pub(crate) use tally::{Answered, REFUSALS_KEPT_MAX, Refusal, Refusals, RetryAfter, Tally};
pub(crate) use timeline::{Resident, Sample, Slice, Timeline};

use std::time::{Duration, SystemTime};

use devstack::audit::Findings;

/// A whole run of a crowd.
pub(crate) struct Run {
    pub(crate) scenario: &'static str,
    /// What was loaded: the address, or what the private stack is made of.
    pub(crate) target: String,
    /// The same seed gives the same arrivals.
    pub(crate) seed: u64,
    /// What else the run was told, in words: name and value.
    pub(crate) settings: Vec<(&'static str, String)>,
    pub(crate) began: SystemTime,
    /// From the first arrival until everybody had gone home.
    pub(crate) took: Duration,
    /// Units of all sales together.
    pub(crate) stock: u64,
    pub(crate) tally: Tally,
    /// Different tickets that were given.
    pub(crate) tickets: usize,
    /// Purchases that the target lets wait, where it is known.
    pub(crate) backlog_max: Option<u64>,
    /// Orders in Postgres at the end; unknown without a database.
    pub(crate) orders: Option<u64>,
    /// What the auditor found in all sales together; nothing was judged without a database.
    pub(crate) audit: Option<Findings>,
    /// What the scenario itself asked for, each as measured.
    pub(crate) claims: Vec<Claim>,
    /// Why the figures mean nothing, one sentence each; empty when they do.
    pub(crate) invalid: Vec<String>,
}

/// Something that a scenario holds the target to.
pub(crate) struct Claim {
    /// Such as "goodput, of the drain".
    pub(crate) what: &'static str,
    /// What was measured and what was asked for, in words: "96 %", "at least 80 %".
    pub(crate) measured: String,
    pub(crate) asked: String,
    pub(crate) holds: bool,
}

/// How a run ends, for whoever started it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The figures hold, and so does every promise.
    Good,
    /// A promise was broken: see the audit and the claims.
    Broken,
    /// The run shows nothing: see why in `invalid`.
    Invalid,
}

impl Verdict {
    /// As programs read it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Broken => "broken",
            Self::Invalid => "invalid",
        }
    }
}

impl Run {
    /// What it all comes to. A broken promise counts even in a run whose figures mean nothing.
    pub(crate) fn verdict(&self) -> Verdict {
        let is_clean = self.audit.as_ref().is_none_or(Findings::is_clean);
        if !is_clean {
            Verdict::Broken
        } else if !self.invalid.is_empty() {
            Verdict::Invalid
        } else if self.claims.iter().any(|claim| !claim.holds) {
            Verdict::Broken
        } else {
            Verdict::Good
        }
    }
}
