//! One HTTP/1.1 connection, without a task, a pool or a header map in between: what the load costs is taken from what it
//! measures. hyper's client took 29 µs of processor time for a purchase here, more than the ingress did.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

use anyhow::{Context, Result, bail, ensure};
use httparse::{EMPTY_HEADER, Header, Response, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// More than any answer of ours has.
const HEADERS_MAX: usize = 48;

/// What a shopper asks for is answered in a few KiB; what grows beyond this is not such an answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Sends one request after the other.
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    last: Head,
}

/// What is to be known of an answer's head.
#[derive(Clone, Debug, Default, PartialEq)]
struct Head {
    status: u16,
    /// Where the body is in what was received.
    body: Range<usize>,
    /// The server closes the connection after this answer.
    is_last: bool,
}

impl Connection {
    pub(crate) async fn open(to: SocketAddr) -> Result<Self> {
        Self::of(TcpStream::connect(to).await, to)
    }

    /// From one of this machine's addresses: each has ports of its own.
    pub(crate) async fn open_from(from: IpAddr, to: SocketAddr) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        Self::of(socket.connect(to).await, to)
    }

    fn of(stream: std::io::Result<TcpStream>, to: SocketAddr) -> Result<Self> {
        let stream = stream.with_context(|| format!("cannot connect to {to}"))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            received: Vec::with_capacity(4 * 1024),
            last: Head::default(),
        })
    }

    /// Sends a whole request; gives the answer's status once all of the answer has arrived.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<u16> {
        self.received.clear();
        self.stream.write_all(request).await?;
        loop {
            let read = self.stream.read_buf(&mut self.received).await?;
            ensure!(read > 0, "the connection was closed");
            if let Some(head) = head_of_whole(&self.received)? {
                self.last = head;
                return Ok(self.last.status);
            }
            ensure!(
                self.received.len() < ANSWER_BYTES_MAX,
                "the answer has no end"
            );
        }
    }

    /// The body of the last answer.
    pub(crate) fn body(&self) -> &[u8] {
        &self.received[self.last.body.clone()]
    }

    /// Whether it can be used once more.
    pub(crate) fn is_kept(&self) -> bool {
        !self.last.is_last
    }
}

/// The head, unless some of the answer is missing.
fn head_of_whole(received: &[u8]) -> Result<Option<Head>> {
    let mut headers = [EMPTY_HEADER; HEADERS_MAX];
    let mut response = Response::new(&mut headers);
    let Status::Complete(body) = response.parse(received)? else {
        return Ok(None);
    };
    let status = response.code.context("an answer without a status")?;
    let end = body + content_length(status, response.headers)?;
    ensure!(received.len() <= end, "more came than was asked for");
    let is_last = header(response.headers, "connection")
        .is_some_and(|connection| connection.value.eq_ignore_ascii_case(b"close"));
    let head = Head {
        status,
        body: body..end,
        is_last,
    };
    Ok(Some(head).filter(|_| received.len() == end))
}

fn content_length(status: u16, headers: &[Header<'_>]) -> Result<usize> {
    match header(headers, "content-length") {
        Some(length) => Ok(str::from_utf8(length.value)?.trim().parse()?),
        None if status == 204 || status == 304 => Ok(0),
        None => bail!("an answer without a length"),
    }
}

fn header<'a, 'b>(headers: &'a [Header<'b>], name: &str) -> Option<&'a Header<'b>> {
    headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "HTTP/1.1 409 Conflict\r\nretry-after: 1\r\nContent-Length: 4\r\n\r\nbody";

    #[test]
    fn an_answer_is_whole_with_its_last_byte() {
        for missing in 1..ANSWER.len() {
            let part = &ANSWER.as_bytes()[..ANSWER.len() - missing];
            assert_eq!(head_of_whole(part).unwrap(), None, "{missing} missing");
        }
        let head = head_of_whole(ANSWER.as_bytes()).unwrap().unwrap();
        assert_eq!((head.status, head.is_last), (409, false));
        assert_eq!(&ANSWER[head.body], "body");
    }

    #[test]
    fn an_answer_may_be_the_last_of_its_connection() {
        let answer = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
        let head = head_of_whole(answer.as_bytes()).unwrap().unwrap();
        assert_eq!((head.status, head.body.len(), head.is_last), (204, 0, true));
    }

    #[test]
    fn what_cannot_be_an_answer_is_an_error() {
        for odd in [
            &format!("{ANSWER}x"),
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            "SSH-2.0-OpenSSH\r\n",
        ] {
            assert!(head_of_whole(odd.as_bytes()).is_err(), "{odd}");
        }
    }
}
