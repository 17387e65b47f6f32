//! Stories about following: the feed is a hint, Postgres is the truth (rule 5). Decisions are written
//! and announced by hand, as no allocator would ever do it.

mod partition;

mod gaps;
mod tickets;
