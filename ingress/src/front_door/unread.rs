//! What a refusal left of a request's body.
//!
//! Whoever is turned away early is turned away before the body is read. hyper then closes the
//! connection, unless the body came in one piece with the head: a client that sends it a moment later
//! meets a closed socket, with its next request or even before it has read the refusal. So the rest
//! is read and thrown away before the answer goes out, as far as a body may go.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::Request;
use futures_util::StreamExt;
use http_body::{Frame, SizeHint};
use tokio::time::timeout;

use crate::app::{BODY_BYTES_MAX, BODY_WITHIN};

/// What will be left of a body.
pub(crate) struct Unread(Option<Left>);

/// Where a body is put that is dropped before its end.
type Left = Arc<Mutex<Option<Body>>>;

/// A body that is not lost when it is dropped.
struct Watched {
    /// Always there until it is dropped.
    body: Option<Body>,
    left: Left,
}

impl Unread {
    /// Whoever reads or drops the body from here on is watched.
    pub(crate) fn watch(request: &mut Request) -> Self {
        if request.body().is_end_stream() {
            return Self(None);
        }
        let left = Left::default();
        let body = std::mem::take(request.body_mut());
        *request.body_mut() = Body::new(Watched {
            body: Some(body),
            left: left.clone(),
        });
        Self(Some(left))
    }

    /// Reads the rest, as much as a body may be and as long as it may take.
    pub(crate) async fn discard(self) {
        if let Some(body) = self.0.and_then(|left| take(&left)) {
            // Too slow, too large or broken: then it is closed after all.
            let _ = timeout(BODY_WITHIN, read_out(body.into_data_stream())).await;
        }
    }
}

fn take(left: &Left) -> Option<Body> {
    left.lock().unwrap_or_else(PoisonError::into_inner).take()
}

async fn read_out(mut body: BodyDataStream) {
    let mut read = 0;
    while let Some(Ok(piece)) = body.next().await {
        read += piece.len();
        if read > BODY_BYTES_MAX {
            return;
        }
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(SizeHint::default, HttpBody::size_hint)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let left = self.body.take().filter(|body| !body.is_end_stream());
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = left;
    }
}
