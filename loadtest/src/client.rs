//! One HTTP/1.1 connection, without a task, a pool or a header map in between: what the load costs is taken from what it
//! measures. hyper's client took 29 µs of processor time for a purchase here, more than the ingress did.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use httparse::{EMPTY_HEADER, Header, Response, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// More than any answer to a purchase has.
const HEADERS_MAX: usize = 32;

/// Head and body of an answer to a purchase are below 1 KiB; what grows beyond this is not one.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Sends one request after the other.
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(to: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(to)
            .await
            .with_context(|| format!("cannot connect to {to}"))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            received: Vec::with_capacity(4 * 1024),
        })
    }

    /// Sends a whole request; gives the answer's status once all of the answer has arrived.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<u16> {
        self.received.clear();
        self.stream.write_all(request).await?;
        loop {
            let read = self.stream.read_buf(&mut self.received).await?;
            ensure!(read > 0, "the connection was closed");
            if let Some(status) = status_of_whole(&self.received)? {
                return Ok(status);
            }
            ensure!(
                self.received.len() < ANSWER_BYTES_MAX,
                "the answer has no end"
            );
        }
    }
}

/// The status, unless some of the answer is missing.
fn status_of_whole(received: &[u8]) -> Result<Option<u16>> {
    let mut headers = [EMPTY_HEADER; HEADERS_MAX];
    let mut response = Response::new(&mut headers);
    let Status::Complete(head) = response.parse(received)? else {
        return Ok(None);
    };
    let whole = head + content_length(response.headers)?;
    ensure!(received.len() <= whole, "more came than was asked for");
    Ok(response.code.filter(|_| received.len() == whole))
}

fn content_length(headers: &[Header<'_>]) -> Result<usize> {
    let named = |header: &&Header<'_>| header.name.eq_ignore_ascii_case("content-length");
    match headers.iter().find(named) {
        Some(length) => Ok(str::from_utf8(length.value)?.trim().parse()?),
        None => bail!("an answer without a length"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "HTTP/1.1 409 Conflict\r\nretry-after: 1\r\nContent-Length: 4\r\n\r\nbody";

    #[test]
    fn an_answer_is_whole_with_its_last_byte() {
        for missing in 1..ANSWER.len() {
            let part = &ANSWER.as_bytes()[..ANSWER.len() - missing];
            assert_eq!(status_of_whole(part).unwrap(), None, "{missing} missing");
        }
        assert_eq!(status_of_whole(ANSWER.as_bytes()).unwrap(), Some(409));
    }

    #[test]
    fn what_cannot_be_an_answer_is_an_error() {
        for odd in [
            &format!("{ANSWER}x"),
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            "SSH-2.0-OpenSSH\r\n",
        ] {
            assert!(status_of_whole(odd.as_bytes()).is_err(), "{odd}");
        }
    }
}
