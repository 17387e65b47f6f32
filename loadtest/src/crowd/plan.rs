//! What a scenario asks of a crowd.

use std::time::Duration;

use devstack::Role;

/// What a crowd does.
pub(crate) struct Plan {
    pub(crate) scenario: &'static str,
    /// In words, for the report.
    pub(crate) settings: Vec<(&'static str, String)>,
    /// Variables of a private stack.
    pub(crate) variables: Vec<(Role, &'static str, String)>,
    /// How many sales are opened, each with this stock and limit.
    pub(crate) sales: usize,
    pub(crate) stock: u32,
    pub(crate) unit_limit: u16,
    /// How many different people there are; they take turns.
    pub(crate) shoppers: u64,
    pub(crate) behaviour: Behaviour,
    /// From the begin of the run, in order.
    pub(crate) arrivals: Vec<Duration>,
}

/// How shoppers behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// One key each; who is refused comes back exactly when told, and repeats what has no certain end.
    Patient,
    /// Every other try has the same key, and no refusal is heeded.
    Hammering,
}

impl Behaviour {
    /// Which wish this shopper's try is: the same wish has the same key.
    pub(crate) fn wish(self, number: u64) -> u64 {
        match self {
            Self::Hammering if number.is_multiple_of(2) => 0,
            Self::Patient | Self::Hammering => number,
        }
    }
}

/// What a run takes after the last arrival at the most: shoppers who come back, and their verdicts.
const AFTER_THE_LAST: Duration = Duration::from_secs(120);

impl Plan {
    /// From the first arrival to the last.
    pub(crate) fn lasts(&self) -> Duration {
        self.arrivals.last().copied().unwrap_or_default()
    }

    /// All of it, for a timeline that has to choose the width of its slices.
    pub(crate) fn takes_at_most(&self) -> Duration {
        self.lasts() + AFTER_THE_LAST
    }
}
