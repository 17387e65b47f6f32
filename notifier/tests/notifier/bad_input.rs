//! What a client must not say, and what it may say in a strange way.

use anyhow::Result;
use devstack::client::Event;
use serde_json::json;

use crate::owner::Owner;
use crate::shop::count;
use crate::wire::{BINARY, CONTINUATION, FIN, HANDSHAKE, PING, Socket, TEXT, Wire, frame};

/// Frames of which no connection may send so many in a second.
const FLOOD: usize = 1_000;

#[tokio::test]
async fn what_is_no_message_closes_the_connection_with_a_code_and_a_reason() -> Result<()> {
    let owner = Owner::begin().await?;
    let mut neighbour = owner.live().await?;
    let text = |text: &str| frame(FIN | TEXT, text.as_bytes());
    let in_pieces = [
        frame(TEXT, &[b' '; 3_000]),
        frame(FIN | CONTINUATION, &[b' '; 3_000]),
    ];
    let mut unmasked = text("{}");
    unmasked[1] &= 0x7f;
    for (bytes, code, why) in [
        (text("hello"), 1008, "expected value"),
        (text(r#"{"watch":"t"}"#), 1008, "expected a sequence"),
        (text(r#"{"type":"watch"}"#), 1008, "unknown field `type`"),
        (text("[[],[]]"), 1008, "a message is a JSON object"),
        (frame(FIN | TEXT, b"{\xff}"), 1008, "UTF-8"),
        (frame(FIN | BINARY, b"{}"), 1008, "binary"),
        (text(&" ".repeat(4_097)), 1009, "4096 bytes"),
        (text(&" ".repeat(100_000)), 1009, "4096 bytes"),
        (in_pieces.concat(), 1009, "4096 bytes"),
        (frame(FIN | CONTINUATION, b"{}"), 1002, ""),
        (frame(PING, b"half"), 1002, ""),
        (frame(FIN | PING, &[0; 126]), 1002, ""),
        (frame(FIN | 0x3, b"{}"), 1002, ""),
        (frame(FIN | TEXT | 0x40, b"{}"), 1002, ""),
        (unmasked, 1002, ""),
    ] {
        let mut socket = Socket::open(owner.stack.notifier(0).addr()).await?;
        socket.send(&bytes).await?;
        let (closed, reason) = socket.closes().await?;
        let begin = &bytes[..bytes.len().min(20)];
        assert_eq!(closed, code, "{begin:?}: {reason}");
        assert!(reason.contains(why), "{begin:?}: {reason}");
    }
    // And: nobody else notices.
    neighbour.watch(&["x"]).await?;
    assert!(matches!(neighbour.next().await?, Event::Refused { .. }));
    owner.stack.stop().await
}

#[tokio::test]
async fn floods_of_messages_and_of_pings_close_the_connection() -> Result<()> {
    let owner = Owner::begin().await?;
    let notifier = owner.stack.notifier(0);
    let pieces = [
        frame(TEXT, b"{"),
        frame(CONTINUATION, b"").repeat(1_000_000),
    ]
    .concat();
    for flood in [
        frame(FIN | TEXT, b"{}").repeat(FLOOD),
        frame(FIN | PING, b"").repeat(FLOOD),
        pieces,
    ] {
        let mut socket = Socket::open(notifier.addr()).await?;
        // It may be closed before it has said everything.
        let _ = socket.send(&flood).await;
        let (code, reason) = socket.closes().await?;
        assert_eq!(
            (code, reason.as_str()),
            (1008, "too many messages a second")
        );
    }
    let misused = count(notifier, r#"notifier_closed_total{why="misused"}"#).await?;
    assert_eq!(misused, 3.0);
    owner.stack.stop().await
}

#[tokio::test]
async fn a_message_in_pieces_and_one_that_comes_with_the_handshake_are_understood() -> Result<()> {
    let owner = Owner::begin().await?;
    let notifier = owner.stack.notifier(0).addr();
    let (ticket, watch) = (
        owner.ticket(9)?,
        json!({"watch": [owner.ticket(9)?]}).to_string(),
    );
    let (head, tail) = watch.as_bytes().split_at(7);

    // In three pieces, with a ping between them.
    let mut pieces = Socket::open(notifier).await?;
    pieces.send(&frame(TEXT, head)).await?;
    pieces.send(&frame(FIN | PING, b"")).await?;
    pieces.send(&frame(CONTINUATION, tail)).await?;
    pieces.send(&frame(FIN | CONTINUATION, b"")).await?;
    let told = pieces.hears().await?;
    assert_eq!(
        (told["ticket"].as_str(), told["state"].as_str()),
        (Some(&*ticket), Some("queued"))
    );

    // In the same packet as the handshake: the greeting still comes first.
    let mut hasty = Wire::to(notifier).await?;
    let early = frame(FIN | TEXT, watch.as_bytes());
    hasty.send(&[HANDSHAKE.as_bytes(), &early].concat()).await?;
    let mut hasty = hasty.upgraded().await?;
    assert_eq!(hasty.hears().await?["type"], "hello");
    assert_eq!(hasty.hears().await?["ticket"], *ticket);
    owner.stack.stop().await
}

#[tokio::test]
async fn of_a_thousand_tickets_the_first_are_watched_and_the_rest_refused_with_the_limit()
-> Result<()> {
    let owner = Owner::begin().await?;
    let tickets = (1..=1_000).map(|seq| owner.ticket(seq));
    let tickets: Vec<String> = tickets.collect::<Result<_>>()?;
    let mut live = owner.live().await?;
    for some in tickets.chunks(50) {
        live.say(&json!({ "watch": some })).await?;
    }

    let (mut queued, mut refused) = (Vec::new(), Vec::new());
    while queued.len() + refused.len() < tickets.len() {
        match live.next().await? {
            Event::Ticket { ticket, state, .. } if state == "queued" => {
                if !queued.contains(&ticket) {
                    queued.push(ticket);
                }
            }
            Event::Refused {
                what,
                problem,
                limit,
            } => {
                assert_eq!((problem.as_str(), limit), ("too-many", Some(64)));
                refused.push(what);
            }
            other => anyhow::bail!("{other:?}"),
        }
    }
    queued.sort_unstable();
    let mut first = tickets[..64].to_vec();
    first.sort_unstable();
    assert_eq!(queued, first);
    assert_eq!(refused, tickets[64..]);

    // And: the watched ones get their results, which makes room.
    owner.decide(0, 64).await?;
    for ticket in &tickets[..64] {
        live.watch(&[ticket]).await?;
        live.result_of(ticket).await?;
    }
    live.watch(&[&tickets[999]]).await?;
    owner.stack.stop().await
}

#[tokio::test]
async fn a_forged_ticket_is_refused_without_asking_the_database() -> Result<()> {
    let owner = Owner::begin().await?;
    let ticket = owner.ticket(1)?;
    owner.decide(0, 1).await?;
    let mut live = owner.live().await?;
    let last = if ticket.ends_with('0') { '1' } else { '0' };
    let forged = format!("{}{last}", &ticket[..ticket.len() - 1]);
    let upper = ticket.to_uppercase();
    for wrong in [
        forged.as_str(),
        &upper,
        "",
        "00000000-0000-8000-8000-000000000000",
    ] {
        live.watch(&[wrong]).await?;
        let event = live.next().await?;
        let Event::Refused {
            what,
            problem,
            limit,
        } = event
        else {
            anyhow::bail!("{wrong}: {event:?}")
        };
        assert_eq!(
            (what.as_str(), problem.as_str(), limit),
            (wrong, "bad-ticket", None)
        );
    }
    assert_eq!(
        count(owner.stack.notifier(0), "feed_look_ups_total").await?,
        0.0
    );
    owner.stack.stop().await
}
