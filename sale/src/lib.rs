//! The pure domain of Firstcome: scarce stock, sold strictly in log order.
//!
//! Nothing here does IO, reads a clock or draws a random number; time and randomness arrive as
//! arguments. That is what lets a replay of the log prove every decision a second time.
//!
//! | word | meaning |
//! |---|---|
//! | sale | one product, a stock, a price, a limit per shopper, a window |
//! | purchase | one shopper's wish for one unit of a sale |
//! | partition | an independent, ordered log with exactly one allocator at a time |
//! | record | one message in a partition's log: a group of purchases, or one control command |
//! | place | `(partition, seq, index)`: where a purchase stands in the log |
//! | ticket | the shopper's sealed receipt for a place |
//! | ruling | what was decided for a place: won, or lost with a reason |
//! | order | a won place |
//! | cursor | the last `seq` of a partition whose decisions are committed |
//! | log time | max(previous log time, the record's timestamp in the log); never runs back |

mod id;
mod place;
mod ticket;

mod moment;
mod sale;

mod record;
mod ruling;

mod allocation;
mod wins;

pub mod decided;
pub mod subject;

pub use allocation::{
    Allocation, AllocationError, CommandDecision, Decision, Effect, Outcome, Position,
    PurchaseDecision, Won,
};
pub use id::{
    CommandId, Generation, InvalidId, KeyHash, Partition, ProductId, SaleId, Seq, ShopperId,
};
pub use moment::Moment;
pub use place::Place;
pub use record::{
    Action, Change, Control, GROUP_BYTES_MAX, GROUP_PURCHASES_MAX, Open, Purchase, Purchases,
    RECORD_VERSION, Record, Unreadable,
};
pub use ruling::{CommandRuling, Lost, Ruling, UnknownLetter};
pub use sale::{InvalidTerms, Price, Product, STOCK_MAX, Sale, SaleState, UNIT_LIMIT_MAX};
pub use ticket::{InvalidKey, KeyId, Ticket, TicketKey, TicketKeys};
pub use wins::Win;
