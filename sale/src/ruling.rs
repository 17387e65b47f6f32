use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What was decided for one purchase. One letter each in Postgres and in the feed: a record's
/// rulings read as a word, `WWLWSS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ruling {
    /// It is an order.
    Won,
    /// The same shopper's same key has already won; the earlier order stands for this one too.
    Replay,
    /// No order came of it.
    Lost(Lost),
}

/// Why a purchase lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Lost {
    /// No unit was left.
    SoldOut,
    /// The shopper already holds as many units as one may.
    LimitReached,
    /// It came before the window.
    NotStarted,
    /// It came after the window.
    Ended,
    /// An operator had paused the sale.
    Paused,
    /// An operator had closed the sale.
    Closed,
    /// Its record could not be read.
    Malformed,
    /// Its sale was never opened.
    UnknownSale,
}

impl Lost {
    /// Every reason, for tables and metrics.
    pub const ALL: [Self; 8] = [
        Self::SoldOut,
        Self::LimitReached,
        Self::NotStarted,
        Self::Ended,
        Self::Paused,
        Self::Closed,
        Self::Malformed,
        Self::UnknownSale,
    ];

    /// The word used in JSON, metrics and problem types.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SoldOut => "sold-out",
            Self::LimitReached => "limit-reached",
            Self::NotStarted => "not-started",
            Self::Ended => "ended",
            Self::Paused => "paused",
            Self::Closed => "closed",
            Self::Malformed => "malformed",
            Self::UnknownSale => "unknown-sale",
        }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A letter no ruling has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is no ruling")]
pub struct UnknownLetter(pub char);

impl Ruling {
    /// Every ruling, for tables and metrics.
    pub const ALL: [Self; 10] = [
        Self::Won,
        Self::Replay,
        Self::Lost(Lost::SoldOut),
        Self::Lost(Lost::LimitReached),
        Self::Lost(Lost::NotStarted),
        Self::Lost(Lost::Ended),
        Self::Lost(Lost::Paused),
        Self::Lost(Lost::Closed),
        Self::Lost(Lost::Malformed),
        Self::Lost(Lost::UnknownSale),
    ];

    /// The letter it is stored as.
    pub const fn letter(self) -> char {
        match self {
            Self::Won => 'W',
            Self::Replay => 'R',
            Self::Lost(Lost::SoldOut) => 'S',
            Self::Lost(Lost::LimitReached) => 'L',
            Self::Lost(Lost::NotStarted) => 'N',
            Self::Lost(Lost::Ended) => 'E',
            Self::Lost(Lost::Paused) => 'P',
            Self::Lost(Lost::Closed) => 'C',
            Self::Lost(Lost::Malformed) => 'M',
            Self::Lost(Lost::UnknownSale) => 'U',
        }
    }

    /// The word used in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Won => "won",
            Self::Replay => "replay",
            Self::Lost(why) => why.as_str(),
        }
    }
}

impl TryFrom<char> for Ruling {
    type Error = UnknownLetter;

    fn try_from(letter: char) -> Result<Self, UnknownLetter> {
        Self::ALL
            .into_iter()
            .find(|ruling| ruling.letter() == letter)
            .ok_or(UnknownLetter(letter))
    }
}

/// What was decided for a command. Small letters, so that it never looks like a purchase's ruling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandRuling {
    /// The sale is as the command wanted it.
    Applied,
    /// The same command id was decided before; nothing changed.
    Repeated,
    /// The sale was never opened.
    UnknownSale,
    /// The sale was opened before, by another command.
    AlreadyOpen,
    /// The terms cannot be: an empty window, a limit of none.
    Invalid,
    /// A restock that had not seen the latest version of the sale.
    StaleVersion,
    /// A restock below what is already sold.
    BelowSold,
    /// The window has passed, or its start has and cannot move any more.
    WindowPassed,
    /// Limits only go up.
    LimitLowered,
    /// The sale is closed for good.
    Closed,
    /// No such order in this sale.
    UnknownOrder,
    /// The order was cancelled before.
    AlreadyCancelled,
}

impl CommandRuling {
    /// Every ruling of a command.
    pub const ALL: [Self; 12] = [
        Self::Applied,
        Self::Repeated,
        Self::UnknownSale,
        Self::AlreadyOpen,
        Self::Invalid,
        Self::StaleVersion,
        Self::BelowSold,
        Self::WindowPassed,
        Self::LimitLowered,
        Self::Closed,
        Self::UnknownOrder,
        Self::AlreadyCancelled,
    ];

    /// The letter it is stored as.
    pub const fn letter(self) -> char {
        match self {
            Self::Applied => 'a',
            Self::Repeated => 'r',
            Self::UnknownSale => 'u',
            Self::AlreadyOpen => 'o',
            Self::Invalid => 'i',
            Self::StaleVersion => 'v',
            Self::BelowSold => 'b',
            Self::WindowPassed => 'w',
            Self::LimitLowered => 'l',
            Self::Closed => 'c',
            Self::UnknownOrder => 'n',
            Self::AlreadyCancelled => 'd',
        }
    }

    /// The word used in the audit trail and in problems.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Repeated => "repeated",
            Self::UnknownSale => "unknown-sale",
            Self::AlreadyOpen => "already-open",
            Self::Invalid => "invalid",
            Self::StaleVersion => "stale-version",
            Self::BelowSold => "below-sold",
            Self::WindowPassed => "window-passed",
            Self::LimitLowered => "limit-lowered",
            Self::Closed => "closed",
            Self::UnknownOrder => "unknown-order",
            Self::AlreadyCancelled => "already-cancelled",
        }
    }
}

impl TryFrom<char> for CommandRuling {
    type Error = UnknownLetter;

    fn try_from(letter: char) -> Result<Self, UnknownLetter> {
        Self::ALL
            .into_iter()
            .find(|ruling| ruling.letter() == letter)
            .ok_or(UnknownLetter(letter))
    }
}
