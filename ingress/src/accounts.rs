//! Who people are: email and password, sessions, and sessions that ended before their time.
//!
//! | file | what it does |
//! |---|---|
//! | `session.rs` | who is asking |
//! | `credentials.rs`, `passwords.rs` | email and password, and what is kept of them |
//! | `revocations.rs` | sessions that ended before their time |
//! | `create_operator.rs` | the first operator, by command |

pub(crate) mod create_operator;
pub(crate) mod credentials;
pub(crate) mod passwords;
pub(crate) mod revocations;
pub(crate) mod session;
