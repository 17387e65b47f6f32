//! What a request may say.
//!
//! | file | what it does |
//! |---|---|
//! | `asked.rs` | names in paths, and queries |
//! | `json.rs`, `text.rs` | bodies, and the texts in them |
//! | `idempotency_key.rs`, `derived.rs` | the client's key, and the ids made from it |

pub(crate) mod asked;
pub(crate) mod derived;
pub(crate) mod idempotency_key;
pub(crate) mod json;
pub(crate) mod text;
