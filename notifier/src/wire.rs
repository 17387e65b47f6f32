//! One WebSocket: sends what waits in the outbox as far as the client takes it, and reads.

use std::borrow::Cow;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Sleep, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use crate::inbound::{Inbound, is_too_much};
use crate::meters::Meters;
use crate::outbox::Outbox;

/// Longest message a client may send: a hundred ids. Above it the connection is closed with 1009.
const INBOUND_MAX: usize = 4 * 1024;

/// Read at a time, held for the connection's life: an ordinary message, a ticket and a sale.
const READ_BUFFER: usize = 256;

/// Bytes gathered before the socket is written to; what waits longer is flushed at once anyway.
const WRITE_BUFFER: usize = 2 * 1024;

/// The write buffer, a pong, and our longest message: a sale with a product's name of 200
/// characters that JSON may write with six bytes each.
const WRITE_BUFFER_MAX: usize = 8 * 1024;

/// How long a client may take to make room in a full write buffer: a reader slower than 200 bytes a
/// second has stalled.
const STALL_MAX: Duration = Duration::from_secs(10);

/// How long saying goodbye may take: the messages that still wait, the close frame, and the
/// client's end of the connection. Below `DRAIN_S`, so that a drain waits for it.
const GOODBYE_MAX: Duration = Duration::from_secs(5);

/// Longest reason a close frame can carry (RFC 6455, 5.5).
const REASON_BYTES_MAX: usize = 123;

/// What happened on the wire.
#[derive(Debug)]
pub(crate) enum Event {
    /// The client said something.
    Text(Utf8Bytes),
    /// A ping or a pong: the client is there.
    Alive,
    /// It is over.
    End(End),
}

/// Why a connection ends.
#[derive(Debug)]
pub(crate) enum End {
    /// The client closed it, or is gone.
    Gone,
    /// The client takes nothing; the answer is 1013.
    Stalled,
    /// The client gives no sign of life; the answer is 1013.
    Silent,
    /// We close it, with a code and a reason.
    Close(CloseCode, Cow<'static, str>),
}

impl End {
    /// The client broke the rules: 1008.
    pub(crate) fn policy(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Close(CloseCode::Policy, reason.into())
    }

    /// The client says more than anybody could have to say.
    pub(crate) fn flood() -> Self {
        Self::policy("too many messages a second")
    }
}

pub(crate) struct Wire<S> {
    stream: WebSocketStream<Inbound<S>>,
    meters: Meters,
    unflushed: bool,
    /// Runs while the write buffer is full.
    stall: Option<Pin<Box<Sleep>>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// A server's end of a WebSocket whose handshake is done; `read` is what came with it.
    pub(crate) async fn new(io: S, read: Vec<u8>, meters: Meters) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_write_buffer_size(WRITE_BUFFER_MAX)
            .max_message_size(Some(INBOUND_MAX))
            .max_frame_size(Some(INBOUND_MAX));
        let stream = WebSocketStream::from_partially_read(
            Inbound::new(io),
            read,
            Role::Server,
            Some(config),
        )
        .await;
        Self {
            stream,
            meters,
            unflushed: false,
            stall: None,
        }
    }

    /// Sends from the outbox until something happens. Dropping the future loses nothing.
    pub(crate) async fn event(&mut self, outbox: &mut Outbox) -> Event {
        poll_fn(|cx| self.poll_event(cx, outbox)).await
    }

    /// Sends what still waits, closes as `end` says, and waits until the client has read it.
    /// Bounded in time; what is left then is cut off.
    pub(crate) async fn close(mut self, outbox: &mut Outbox, end: End) {
        let (code, reason) = match end {
            // The client's close frame is answered; a client that vanished is not waited for.
            End::Gone => {
                let _ = timeout(GOODBYE_MAX, self.stream.flush()).await;
                return;
            }
            End::Stalled => (CloseCode::Again, "messages were not read".into()),
            End::Silent => (CloseCode::Again, "pings were not answered".into()),
            End::Close(code, reason) => (code, reason),
        };
        let goodbye = async {
            poll_fn(|cx| self.poll_write(cx, outbox)).await?;
            let reason = shorten(&reason).into();
            let frame = CloseFrame { code, reason };
            self.stream.send(Message::Close(Some(frame))).await?;
            let socket = self.stream.get_mut().unlimited();
            socket.shutdown().await?;
            // Bytes nobody read would turn the close into a reset, which may overtake the frame.
            let mut unread = [0; 256];
            while socket.read(&mut unread).await? > 0 {}
            Ok::<_, Error>(())
        };
        let _ = timeout(GOODBYE_MAX, goodbye).await;
    }

    fn poll_event(&mut self, cx: &mut Context<'_>, outbox: &mut Outbox) -> Poll<Event> {
        if self.poll_send(cx, outbox).is_err() {
            return Poll::Ready(Event::End(End::Gone));
        }
        // Before reading: a client that talks without pause must listen, too.
        if let Some(stall) = &mut self.stall
            && stall.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Event::End(End::Stalled));
        }
        self.stream.poll_next_unpin(cx).map(classify)
    }

    /// Sends, and keeps the time while the write buffer is full.
    fn poll_send(&mut self, cx: &mut Context<'_>, outbox: &mut Outbox) -> Result<(), Error> {
        let before = outbox.len();
        match self.poll_write(cx, outbox) {
            Poll::Ready(sent) => {
                self.stall = None;
                sent
            }
            Poll::Pending => {
                if outbox.len() < before {
                    self.stall = None;
                }
                self.stall.get_or_insert_with(|| Box::pin(sleep(STALL_MAX)));
                Ok(())
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, outbox: &mut Outbox) -> Poll<Result<(), Error>> {
        while !outbox.is_empty() {
            // Ready means that the write buffer has room; the frame then goes there.
            ready!(self.stream.poll_ready_unpin(cx))?;
            if let Some(item) = outbox.pop() {
                self.meters.sent(&item);
                self.stream.start_send_unpin(item.into_message())?;
                self.unflushed = true;
            }
        }
        if self.unflushed {
            ready!(self.stream.poll_flush_unpin(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }
}

fn classify(read: Option<Result<Message, Error>>) -> Event {
    match read {
        Some(Ok(Message::Text(text))) => Event::Text(text),
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Event::Alive,
        Some(Ok(Message::Binary(_))) => {
            Event::End(End::policy("binary messages are not understood"))
        }
        Some(Err(Error::Capacity(_))) => Event::End(End::Close(
            CloseCode::Size,
            format!("a message may have {INBOUND_MAX} bytes").into(),
        )),
        Some(Err(Error::Utf8(_))) => Event::End(End::policy("text messages are UTF-8")),
        Some(Err(Error::Io(error))) if is_too_much(&error) => Event::End(End::flood()),
        // The peer is gone without a close frame; that is no frame of the wrong kind.
        Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => {
            Event::End(End::Gone)
        }
        Some(Err(Error::Protocol(error))) => {
            Event::End(End::Close(CloseCode::Protocol, error.to_string().into()))
        }
        None | Some(Ok(Message::Close(_)) | Err(_)) => Event::End(End::Gone),
    }
}

/// What of a reason fits into a close frame.
fn shorten(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(REASON_BYTES_MAX)]
}

#[cfg(test)]
mod tests {
    use tokio::io::DuplexStream;
    use tokio::time::Instant;

    use super::*;

    type Client = WebSocketStream<DuplexStream>;

    /// The network between the two holds `capacity` bytes.
    async fn given_a_wire(capacity: usize) -> (Wire<DuplexStream>, Client) {
        let (ours, theirs) = tokio::io::duplex(capacity);
        let client = WebSocketStream::from_raw_socket(theirs, Role::Client, None).await;
        let wire = Wire::new(ours, Vec::new(), Meters::new()).await;
        (wire, client)
    }

    fn given_messages(count: usize) -> Outbox {
        let mut outbox = Outbox::default();
        for _ in 0..count {
            outbox.put_text("x".repeat(1_000).into());
        }
        outbox
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_for_ten_seconds_has_stalled() {
        let (mut wire, _client) = given_a_wire(64).await;
        let started = Instant::now();
        let event = wire.event(&mut given_messages(10)).await;
        assert!(matches!(event, Event::End(End::Stalled)), "{event:?}");
        assert_eq!(started.elapsed(), STALL_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn talking_does_not_save_a_client_that_does_not_listen() {
        let (mut wire, mut client) = given_a_wire(2_000).await;
        let talking = tokio::spawn(async move {
            while client.send(Message::text("{}")).await.is_ok() {
                sleep(Duration::from_millis(100)).await;
            }
        });
        let (mut outbox, started) = (given_messages(10), Instant::now());
        loop {
            match wire.event(&mut outbox).await {
                Event::Text(_) => assert!(started.elapsed() < STALL_MAX * 2, "not closed"),
                Event::End(End::Stalled) => break,
                other => panic!("{other:?}"),
            }
        }
        drop(wire);
        talking.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_client_is_waited_for() {
        let (mut wire, mut client) = given_a_wire(64).await;
        let mut outbox = given_messages(10);
        let reading = tokio::spawn(async move {
            for _ in 0..10 {
                sleep(STALL_MAX / 5).await;
                client.next().await.unwrap().unwrap();
            }
            client.close(None).await.unwrap();
        });
        let event = wire.event(&mut outbox).await;
        assert!(matches!(event, Event::End(End::Gone)), "{event:?}");
        assert!(outbox.is_empty());
        reading.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_is_sent_before_the_close_frame() {
        let (wire, mut client) = given_a_wire(64).await;
        let mut outbox = given_messages(3);
        let long = "ü".repeat(REASON_BYTES_MAX);
        let closing = wire.close(&mut outbox, End::policy(long));
        let reading = async {
            for _ in 0..3 {
                assert!(client.next().await.unwrap().unwrap().is_text());
            }
            match client.next().await {
                Some(Ok(Message::Close(Some(frame)))) => frame,
                other => panic!("{other:?}"),
            }
        };
        let ((), frame) = tokio::join!(closing, reading);
        assert_eq!(frame.code, CloseCode::Policy);
        assert_eq!(frame.reason.as_str(), "ü".repeat(REASON_BYTES_MAX / 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_goodbye_to_nobody_ends_too() {
        let (wire, _client) = given_a_wire(64).await;
        let started = Instant::now();
        wire.close(&mut given_messages(3), End::Stalled).await;
        assert_eq!(started.elapsed(), GOODBYE_MAX);
    }
}
