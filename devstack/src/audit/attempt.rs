//! What a shopper tried, and what they were told.

use uuid::Uuid;

/// One shopper's attempt to buy one unit.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Who.
    pub shopper: Uuid,
    /// Which of their wishes, if it is known: attempts with the same key are one, and others are not.
    pub wish: Option<u64>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of an attempt.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// No ticket, for certain; why, as the problem's code.
    Refused(String),
    /// No ticket, and some try of it got no certain answer: it may have been sold. Why, in a word.
    Unknown(String),
    /// 202.
    Accepted {
        /// The ticket.
        ticket: Uuid,
        /// All that was said of it, in any order. Nothing means that the shopper waited in vain.
        heard: Vec<Word>,
    },
}

/// One thing that a shopper was told of a ticket in the end, or did not ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// By the WebSocket.
    Socket(Verdict),
    /// By `GET tickets/{ticket}`.
    Poll(Verdict),
    /// `orders/mine`, asked after the result, lists this order for it.
    Listed(Uuid),
    /// `orders/mine`, asked after the result, lists no order for it.
    Unlisted,
    /// Nothing, as nobody waited: silence is no fault then.
    Unasked,
}

/// What became of a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// With the order's id.
    Won(Uuid),
    /// With the reason.
    Lost(String),
}

impl Word {
    /// The result it tells, if it tells one.
    pub fn verdict(&self) -> Option<&Verdict> {
        match self {
            Self::Socket(verdict) | Self::Poll(verdict) => Some(verdict),
            Self::Listed(_) | Self::Unlisted | Self::Unasked => None,
        }
    }
}

/// A ticket that was given, to whom, and what they were told of it.
#[derive(Clone, Copy, Debug)]
pub struct Accepted<'a> {
    /// Who.
    pub shopper: Uuid,
    /// The ticket.
    pub ticket: Uuid,
    /// All that was said of it.
    pub heard: &'a [Word],
}

impl<'a> Accepted<'a> {
    /// The first result that was told.
    pub fn verdict(&self) -> Option<&'a Verdict> {
        self.heard.iter().find_map(Word::verdict)
    }
}

impl Attempt {
    /// What was accepted, if it was.
    pub fn accepted(&self) -> Option<Accepted<'_>> {
        match &self.outcome {
            Outcome::Accepted { ticket, heard } => Some(Accepted {
                shopper: self.shopper,
                ticket: *ticket,
                heard,
            }),
            Outcome::Refused(_) | Outcome::Unknown(_) => None,
        }
    }
}
