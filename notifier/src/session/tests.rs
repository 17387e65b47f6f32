//! Stories of connections over an in-memory network, with time that passes by itself. What needs
//! tickets and sales is told in the tests against real servers.

use futures_util::SinkExt;
use sale::{Moment, Partition};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::*;
use crate::desk::tests::given_an_empty_desk;

struct Client {
    socket: WebSocketStream<DuplexStream>,
    draining: CancellationToken,
    session: JoinHandle<()>,
}

async fn given_a_client() -> Client {
    let desk = given_an_empty_desk().await;
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let wire = Wire::new(ours, Vec::new(), desk.meters.clone()).await;
    let draining = CancellationToken::new();
    let session = tokio::spawn(serve(desk, wire, draining.clone()));
    let socket = WebSocketStream::from_raw_socket(theirs, Role::Client, None).await;
    let mut client = Client {
        socket,
        draining,
        session,
    };
    assert_eq!(client.hears().await["type"], "hello");
    client
}

impl Client {
    async fn says(&mut self, message: impl Into<Message>) {
        self.socket.send(message.into()).await.unwrap();
    }

    async fn hears(&mut self) -> Value {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Reads until the close frame, and checks that the session ends.
    async fn closes_with(mut self, code: u16) -> String {
        let frame = loop {
            match self.socket.next().await {
                Some(Ok(Message::Close(frame))) => break frame.unwrap(),
                Some(Ok(_)) => {}
                other => panic!("no close frame but {other:?}"),
            }
        };
        assert_eq!(u16::from(frame.code), code, "{frame:?}");
        drop(self.socket);
        self.session.await.unwrap();
        frame.reason.to_string()
    }
}

fn sale(random: u64) -> String {
    SaleId::new(Partition::try_from(0).unwrap(), Moment::default(), random).to_string()
}

#[tokio::test(start_paused = true)]
async fn what_is_no_message_closes_the_connection_and_says_why() {
    for (wrong, why) in [
        ("nonsense", "expected"),
        (r#"{"watch":"t"}"#, "expected a sequence"),
        (r#"{"unwatch":[]}"#, "unknown field `unwatch`"),
        ("[]", "a message is a JSON object"),
    ] {
        let mut client = given_a_client().await;
        client.says(wrong).await;
        let reason = client.closes_with(1008).await;
        assert!(reason.contains(why), "{wrong}: {reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_binary_message_closes_the_connection() {
    let mut client = given_a_client().await;
    client.says(b"{}".to_vec()).await;
    client.closes_with(1008).await;
}

#[tokio::test(start_paused = true)]
async fn a_message_too_big_closes_the_connection() {
    let mut client = given_a_client().await;
    client.says(format!("{{}}{}", " ".repeat(4_094))).await;
    client.says(format!("{{}}{}", " ".repeat(4_095))).await;
    client.closes_with(1009).await;
}

#[tokio::test(start_paused = true)]
async fn a_strange_ticket_is_refused_and_the_connection_goes_on() {
    let mut client = given_a_client().await;
    let unknown = "02000000-0000-8000-8000-000000000001";
    client
        .says(json!({"watch": ["mistyped", unknown]}).to_string())
        .await;
    for what in ["mistyped", unknown] {
        let refused = json!({"type": "refused", "what": what, "problem": "bad-ticket"});
        assert_eq!(client.hears().await, refused);
    }
    client.says("{}").await;
    client.draining.cancel();
    client.closes_with(1012).await;
}

#[tokio::test(start_paused = true)]
async fn an_unknown_sale_is_refused_after_a_moment_of_grace() {
    let mut client = given_a_client().await;
    let asked = Instant::now();
    client.says(json!({"sales": [sale(1)]}).to_string()).await;
    let refused = json!({"type": "refused", "what": sale(1), "problem": "unknown-sale"});
    assert_eq!(client.hears().await, refused);
    assert!(asked.elapsed() >= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn one_sale_too_many_is_refused() {
    let mut client = given_a_client().await;
    let sales: Vec<String> = (0..=SALES_MAX as u64).map(sale).collect();
    client.says(json!({"sales": sales}).to_string()).await;
    let last = &sales[SALES_MAX];
    let refused = json!({"type": "refused", "what": last, "problem": "too-many", "limit": 16});
    assert_eq!(client.hears().await, refused);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_only_makes_mistakes_is_closed() {
    let mut client = given_a_client().await;
    client
        .says(json!({"watch": vec!["x"; 129]}).to_string())
        .await;
    client.closes_with(1008).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_stops_talking_is_closed() {
    let mut client = given_a_client().await;
    for _ in 0..=FRAMES_PER_S_MAX {
        client.says("{}").await;
    }
    let reason = client.closes_with(1008).await;
    assert_eq!(reason, "too many messages a second");
}

#[tokio::test(start_paused = true)]
async fn pings_keep_a_client_that_answers() {
    let mut client = given_a_client().await;
    let started = Instant::now();
    let mut pings = Vec::new();
    // Reading answers pings.
    for _ in 0..5 {
        let ping = client.socket.next().await.unwrap().unwrap();
        assert!(ping.is_ping(), "{ping:?}");
        pings.push(started.elapsed());
    }
    let first = pings[0];
    assert!(PING_EVERY / 2 <= first && first <= PING_EVERY, "{first:?}");
    assert_eq!(pings[4] - first, PING_EVERY * 4);
    client.draining.cancel();
    client.closes_with(1012).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_without_a_sign_of_life_is_closed() {
    let client = given_a_client().await;
    let started = Instant::now();
    // Reading would answer pings, so the client begins only when it is too late.
    tokio::time::sleep(SILENCE_MAX + Duration::from_secs(1)).await;
    client.closes_with(1013).await;
    assert!(started.elapsed() < SILENCE_MAX * 2);
}

#[tokio::test(start_paused = true)]
async fn a_drain_says_when_to_come_back() {
    let mut client = given_a_client().await;
    client.draining.cancel();
    let bye = client.hears().await;
    assert_eq!(bye["type"], "bye");
    assert!(RETRY_MS.contains(&bye["retry_ms"].as_u64().unwrap()));
    client.closes_with(1012).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_is_answered() {
    let mut client = given_a_client().await;
    client.socket.close(None).await.unwrap();
    let answer = client.socket.next().await.unwrap().unwrap();
    assert!(answer.is_close(), "{answer:?}");
    client.session.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_message_that_never_ends_is_no_sign_of_life() {
    let mut client = given_a_client().await;
    let started = Instant::now();
    // The head of a frame of 100 bytes with a mask of zeros, then a byte a second.
    let begin = [0x81, 0x80 | 100, 0, 0, 0, 0];
    client.socket.get_mut().write_all(&begin).await.unwrap();
    while !client.session.is_finished() && started.elapsed() < SILENCE_MAX * 3 / 2 {
        // It is closed in the middle of it.
        let _ = client.socket.get_mut().write_all(b" ").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(client.session.is_finished(), "it stays open");
    assert!(started.elapsed() > SILENCE_MAX);
    let mut said = Vec::new();
    client
        .socket
        .get_mut()
        .read_to_end(&mut said)
        .await
        .unwrap();
    let goodbye = [&1013_u16.to_be_bytes()[..], b"pings were not answered"].concat();
    assert!(said.ends_with(&goodbye), "{said:?}");
}
