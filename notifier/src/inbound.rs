//! A socket that gives only so many bytes a second. Messages are counted where they are understood; this
//! bounds what never becomes one, such as a message in a million empty pieces.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// Bytes a client may send in a second: sixteen of the longest messages, when one or two say everything.
pub(crate) const BYTES_PER_S_MAX: usize = 64 * 1024;

/// Reads, counted by the second; writes, as they are.
#[derive(Debug)]
pub(crate) struct Inbound<S> {
    io: S,
    since: Instant,
    bytes: usize,
}

impl<S> Inbound<S> {
    pub(crate) fn new(io: S) -> Self {
        Self {
            io,
            since: Instant::now(),
            bytes: 0,
        }
    }

    /// The socket without the limit.
    pub(crate) fn unlimited(&mut self) -> &mut S {
        &mut self.io
    }

    fn admit(&mut self, bytes: usize, now: Instant) -> io::Result<()> {
        if now.duration_since(self.since) >= Duration::from_secs(1) {
            (self.since, self.bytes) = (now, 0);
        }
        self.bytes += bytes;
        if self.bytes > BYTES_PER_S_MAX {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        Ok(())
    }
}

/// Whether reading failed because the client sent too much.
pub(crate) fn is_too_much(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::QuotaExceeded
}

impl<S: AsyncRead + Unpin> AsyncRead for Inbound<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, buffer))?;
        let bytes = buffer.filled().len() - before;
        Poll::Ready(self.admit(bytes, Instant::now()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Inbound<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_second_has_its_bytes() {
        let mut inbound = Inbound::new(());
        for _ in 0..2 {
            assert!(inbound.admit(BYTES_PER_S_MAX, Instant::now()).is_ok());
            let error = inbound.admit(1, Instant::now()).unwrap_err();
            assert!(is_too_much(&error));
            tokio::time::advance(Duration::from_secs(1)).await;
        }
    }
}
