//! What becomes of one purchase, told to everybody who waits for it: the client that sent it, and
//! those who repeat its key meanwhile. None of them going away takes it from the others.

use std::sync::Arc;

use tokio::sync::SetOnce;

use crate::buying::batcher::{Logged, Unlogged};
use crate::log::publisher::Refusal;

/// The promise to tell what became of a purchase. Dropped without an answer (only a panic does
/// that), it tells that nobody knows.
pub(crate) struct Reply(Arc<SetOnce<Logged>>);

/// Where the answer will be. Clones wait for the same one.
#[derive(Clone, Debug)]
pub(crate) struct Awaited(Arc<SetOnce<Logged>>);

/// A promise, and who waits for it.
pub(crate) fn promise() -> (Reply, Awaited) {
    let answer = Arc::new(SetOnce::new());
    (Reply(Arc::clone(&answer)), Awaited(answer))
}

impl Reply {
    pub(crate) fn send(self, logged: Logged) {
        // It is the only one who sets it, and gone afterwards.
        let _ = self.0.set(logged);
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if !self.0.initialized() {
            let _ = self.0.set(Err(Unlogged::Refused(Refusal::Unknown)));
        }
    }
}

impl Awaited {
    /// Waits for the answer.
    pub(crate) async fn logged(&self) -> Logged {
        *self.0.wait().await
    }

    /// The answer, if it is there.
    pub(crate) fn known(&self) -> Option<Logged> {
        self.0.get().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_that_is_dropped_leaves_nobody_waiting() {
        let (reply, awaited) = promise();
        assert_eq!(awaited.known(), None);
        drop(reply);
        let unknown = Err(Unlogged::Refused(Refusal::Unknown));
        assert_eq!(awaited.known(), Some(unknown));
    }
}
