//! The messages of `firstcome.v1`, both ways; `docs/live.md` describes them for integrators.

use feed::{SaleView, TicketStatus};
use sale::{Moment, Ticket};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// The subprotocol: a client names it, the server repeats it.
pub const SUBPROTOCOL: &str = "firstcome.v1";

/// Longest name repeated in [`ServerMessage::Refused`], in characters: ids have 36, and nobody
/// needs to read back more of something that is none.
const WHAT_CHARS_MAX: usize = 64;

/// What a client says, at any time and as often as it likes.
///
/// Ids are strings here: one that cannot be is refused by name, it does not end the connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientMessage {
    /// Tickets whose decision the client waits for.
    #[serde(default)]
    pub watch: Vec<String>,
    /// Sales whose changes the client wants to see.
    #[serde(default)]
    pub sales: Vec<String>,
}

/// Why a text is no [`ClientMessage`].
#[derive(Debug, Error)]
pub enum Unreadable {
    /// JSON of another shape, or none at all.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// `serde` would take the fields' values in an array, too.
    #[error("a message is a JSON object")]
    NoObject,
}

impl ClientMessage {
    /// Reads a text message.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        if text.trim_ascii_start().starts_with('[') {
            return Err(Unreadable::NoObject);
        }
        Ok(serde_json::from_str(text)?)
    }
}

/// What the server says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum ServerMessage<'a> {
    /// The first message of every connection.
    Hello {
        /// For clients whose clock is wrong.
        #[serde(serialize_with = "feed::rfc3339")]
        server_time: Moment,
    },
    /// Where a watched ticket stands; after `won` or `lost` there is nothing more to say about it.
    Ticket {
        /// As it was asked for.
        ticket: Ticket,
        /// `queued`, `won` or `lost`, and what belongs to it.
        #[serde(flatten)]
        status: &'a TicketStatus,
    },
    /// A followed sale, whole.
    Sale(&'a SaleView),
    /// Something asked for that will not be told; the connection goes on.
    Refused {
        /// The ticket or the sale as the client named it, cut to 64 characters.
        what: &'a str,
        /// Why.
        #[serde(flatten)]
        problem: Problem,
    },
    /// The server is about to close the connection because it stops.
    Bye {
        /// Milliseconds to wait before connecting again; different for every connection.
        retry_ms: u64,
    },
}

/// Why something asked for is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "problem", rename_all = "kebab-case")]
pub enum Problem {
    /// Not a ticket this service has sealed.
    BadTicket,
    /// No sale of that id is known.
    UnknownSale,
    /// The connection already watches or follows as much as one may.
    TooMany {
        /// How many of its kind one may.
        limit: usize,
    },
}

impl Problem {
    /// The word used in JSON and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadTicket => "bad-ticket",
            Self::UnknownSale => "unknown-sale",
            Self::TooMany { .. } => "too-many",
        }
    }
}

impl ServerMessage<'_> {
    /// As it goes over the wire.
    pub fn text(&self) -> Utf8Bytes {
        // Strings, numbers and maps with string keys: nothing here can fail to be written.
        serde_json::to_string(self)
            .expect("a server message is always JSON")
            .into()
    }
}

/// The beginning of a client's own words, short enough to repeat.
pub fn cut(what: &str) -> &str {
    match what.char_indices().nth(WHAT_CHARS_MAX) {
        Some((end, _)) => &what[..end],
        None => what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_may_name_tickets_sales_both_or_nothing() {
        let both = ClientMessage::parse(r#" {"watch":["t"],"sales":["a","b"]}"#).unwrap();
        assert_eq!((both.watch.len(), both.sales.len()), (1, 2));
        assert_eq!(
            ClientMessage::parse("{}").unwrap(),
            ClientMessage::default()
        );
    }

    #[test]
    fn anything_else_is_no_message() {
        for wrong in [
            "",
            "hello",
            "null",
            "[]",
            " [[],[]]",
            r#"{"watch":"t"}"#,
            r#"{"watch":null}"#,
            r#"{"watch":[1]}"#,
            r#"{"watch":[],"unwatch":[]}"#,
            r#"{"watch":[],"watch":[]}"#,
            r#"{"watch":[]} {}"#,
        ] {
            assert!(ClientMessage::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_the_beginning_of_a_strange_name_is_repeated() {
        assert_eq!(cut("short"), "short");
        assert_eq!(cut(&"ü".repeat(500)), "ü".repeat(WHAT_CHARS_MAX));
    }

    #[test]
    fn a_problem_has_one_word() {
        let too_many = Problem::TooMany { limit: 64 };
        for problem in [Problem::BadTicket, Problem::UnknownSale, too_many] {
            let json = serde_json::to_value(problem).unwrap();
            assert_eq!(json["problem"], problem.as_str());
        }
    }
}
