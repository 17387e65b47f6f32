//! From a wish to a place in the log.
//!
//! | file | what it does |
//! |---|---|
//! | `admission.rs` | who gets into the log, and when the others shall come back |
//! | `pausing.rs` | sales whose pause is on its way |
//! | `keys.rs`, `repeats.rs` | what idempotency keys stand for, and how a repeated one is answered |
//! | `batcher.rs` | group commit: one record in flight per sale |
//! | `reply.rs` | what a batcher answers, to all who wait for it |

pub(crate) mod admission;
pub(crate) mod batcher;
pub(crate) mod keys;
pub(crate) mod pausing;
pub(crate) mod repeats;
pub(crate) mod reply;
