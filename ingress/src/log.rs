//! What a batcher writes its records to.
//!
//! | file | what it does |
//! |---|---|
//! | `publisher.rs` | writes records to JetStream, and tells "refused" from "unknown" |
//! | `publisher/stream.rs` | what is known of one stream, and whether an acknowledgement can be true |
//! | `watch.rs` | whether the streams and our clock are as they must be |
//! | `records.rs` | reads the log, for people who look after it |

pub(crate) mod publisher;
pub(crate) mod records;
pub(crate) mod watch;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sale::Seq;
use sale::subject::LogSubject;

use crate::log::publisher::{Publisher, Refusal};

/// Where purchases go. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Log {
    /// Into JetStream. The only one that the program `ingress` knows.
    JetStream(Box<Publisher>),
    /// Nowhere: every record is acknowledged at once under the next number. See [`crate::bare`].
    Nowhere(Arc<AtomicU64>),
}

impl Log {
    /// Writes one record of that many purchases and gives its place in the log. `body` is asked for
    /// its bytes if somebody wants them.
    pub(crate) async fn write(
        &self,
        to: LogSubject,
        purchases: u32,
        body: impl FnOnce() -> Vec<u8>,
    ) -> Result<Seq, Refusal> {
        match self {
            Self::JetStream(publisher) => publisher.publish(to, body().into(), purchases).await,
            Self::Nowhere(last) => {
                let seq = last.fetch_add(1, Ordering::Relaxed) + 1;
                Seq::try_from(seq).map_err(|_| Refusal::Certain)
            }
        }
    }
}
