//! What a batcher writes its records to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sale::Seq;
use sale::subject::LogSubject;

use crate::publisher::{Publisher, Refusal};

/// Where purchases go. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Log {
    /// Into JetStream. The only one that the program `ingress` knows.
    JetStream(Box<Publisher>),
    /// Nowhere: every record is acknowledged at once under the next number. See [`crate::bare`].
    Nowhere(Arc<AtomicU64>),
}

impl Log {
    /// Writes one record of so many purchases and gives its place in the log. `body` is asked for its bytes if somebody wants them.
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
