//! One shopper: the page is open before the button is pressed, a refusal is obeyed, and the verdict is waited for.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use devstack::audit::{Verdict, Word};
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use super::advice::{AGAIN_AFTER, Advice};
use super::notes::Told;
use super::{Behaviour, Scene};
use crate::door::{Answer, Door, source};
use crate::request;
use crate::run::Refusal;
use crate::socket::{Socket, connect};

/// So long after their arrival shoppers go home without a certain answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// A verdict that is not there so long after the 202 never comes.
const VERDICT_WITHIN: Duration = Duration::from_secs(60);

/// The longest that an ingress holds its answer.
const POLL_S: u64 = 20;

/// Somebody who arrives.
pub(crate) struct Shopper {
    scene: Arc<Scene>,
    number: u64,
    sale: usize,
    due: Instant,
    by_socket: bool,
}

/// What a shopper saw.
pub(crate) struct Seen {
    pub(crate) shopper: Uuid,
    /// The number of the session.
    pub(crate) number: u64,
    /// What the key stands for.
    pub(crate) wish: u64,
    pub(crate) sale: usize,
    pub(crate) end: End,
}

/// How it ended.
pub(crate) enum End {
    /// 202, and what came of it.
    Accepted { ticket: Uuid, heard: Vec<Word> },
    /// Certainly nothing, with the problem's word.
    Refused(String),
    /// Went home and does not know: there may be an order. Why, in a word.
    Unknown(&'static str),
}

/// The end of the tries.
enum Bought {
    Accepted {
        ticket: Uuid,
        /// When the accepted try was due.
        due: Instant,
    },
    Refused(String),
    Unknown(&'static str),
}

/// What to do after an answer.
enum Next {
    Done(Bought),
    /// Try again then.
    At(Instant),
}

/// What matters of a 202.
#[derive(Deserialize)]
struct Accepted {
    ticket: Uuid,
}

/// What matters of a ticket's state, from either side.
#[derive(Deserialize)]
pub(super) struct State {
    state: Option<String>,
    order_id: Option<Uuid>,
    reason: Option<String>,
}

impl Shopper {
    pub(crate) fn new(scene: Arc<Scene>, number: u64, due: Instant, sockets: u64) -> Self {
        // Every hundred in a row have as many sockets, and as many in each sale.
        let by_socket = number % 100 < sockets && !scene.target.live.is_empty();
        let sale = scene.sale_of(number);
        Self {
            scene,
            number,
            sale,
            due,
            by_socket,
        }
    }

    pub(crate) async fn shop(self) -> Seen {
        let (socket, bought) = tokio::join!(self.open_page(), self.buy());
        let end = match bought {
            Bought::Accepted { ticket, due } => {
                let (socket, _room) = socket.unzip();
                let heard = self.wait_for(socket, &ticket.to_string(), due).await;
                let heard = heard.into_iter().collect();
                End::Accepted { ticket, heard }
            }
            Bought::Refused(problem) => End::Refused(problem),
            Bought::Unknown(why) => End::Unknown(why),
        };
        Seen {
            shopper: self.scene.shoppers.of_turn(self.number).id,
            number: self.number,
            wish: self.scene.behaviour.wish(self.number),
            sale: self.sale,
            end,
        }
    }

    /// Its WebSocket, and the room it takes.
    async fn open_page(&self) -> Option<(Socket, SemaphorePermit<'_>)> {
        let live = &self.scene.target.live;
        if !self.by_socket {
            return None;
        }
        let room = self.scene.sockets.try_acquire().ok()?;
        let live = &live[self.number as usize % live.len()];
        let from: Option<IpAddr> = source(live.address.socket.ip(), self.number as u32);
        // Without one the page polls.
        let opening = timeout(
            VERDICT_WITHIN,
            connect(&live.url, live.address.socket, from),
        );
        let opened = opening.await.ok().and_then(Result::ok);
        self.scene.notes.page_opened(opened.is_some());
        Some((opened?, room))
    }

    async fn buy(&self) -> Bought {
        let request = self.request();
        let (mut due, mut told, mut is_certain) = (self.due, None::<Told>, true);
        sleep_until(due).await;
        self.scene.notes.offered(due);
        for tries in 1.. {
            sleep_until(due).await;
            told = told.map(|told| Told { tries, ..told });
            let next = match self.door().ask(&request).await {
                Ok(answer) => self.heard(&answer, tries, due, &mut told, &mut is_certain),
                Err(error) => {
                    is_certain = false;
                    self.scene.notes.broken(&error);
                    Next::At(Instant::now() + AGAIN_AFTER)
                }
            };
            due = match next {
                // An earlier try may have been logged, whatever is said to this one.
                Next::Done(Bought::Refused(_)) if !is_certain => {
                    return Bought::Unknown("refused-later");
                }
                Next::Done(bought) => return bought,
                Next::At(then) => then,
            };
            if due > self.due + PATIENCE {
                break;
            }
        }
        self.scene.notes.gave_up();
        if is_certain {
            Bought::Refused("gave-up".to_owned())
        } else {
            Bought::Unknown("gave-up")
        }
    }

    /// Notes an answer and says what to do.
    fn heard(
        &self,
        answer: &Answer,
        tries: u32,
        due: Instant,
        told: &mut Option<Told>,
        is_certain: &mut bool,
    ) -> Next {
        let notes = &self.scene.notes;
        let http_us = notes.answered(answer.status, due, answer.sent.into());
        if answer.status == 202 {
            return self.let_in(answer, due, *told);
        }
        let (problem, retry_after) = (answer.problem(), answer.retry_after());
        notes.refused(Refusal {
            at: notes.at(Instant::now()),
            shopper: self.number,
            sale: self.sale,
            tries,
            status: answer.status,
            problem: problem.clone(),
            retry_after_ms: retry_after.map(|wait| wait.as_millis() as u64),
            http_us,
        });
        let advice = Advice::of(answer.status, &problem, retry_after);
        *is_certain &= advice.is_certain;
        if problem == "outcome-unknown" {
            notes.outcome_unknown();
        }
        let back_in = advice.come_back_in;
        let Some(back_in) = back_in.filter(|_| self.scene.behaviour == Behaviour::Patient) else {
            return Next::Done(Bought::Refused(problem));
        };
        let back_at = Instant::now() + back_in;
        // Whoever goes home before that time does not find out whether it was honest.
        if tries == 1 && advice.is_promise && back_at <= self.due + PATIENCE {
            notes.first_told_to_come_back();
            *told = Some(Told { back_at, tries });
        }
        Next::At(back_at)
    }

    fn let_in(&self, answer: &Answer, due: Instant, told: Option<Told>) -> Next {
        if let Some(told) = told {
            self.scene.notes.let_in(told, due);
        }
        match serde_json::from_slice::<Accepted>(&answer.body) {
            Ok(Accepted { ticket }) => {
                self.scene.notes.accepted(self.number, ticket);
                Next::Done(Bought::Accepted { ticket, due })
            }
            // A 202 that gives no ticket: the order may be there, and the audit should find it.
            Err(_) => Next::Done(Bought::Unknown("no-ticket")),
        }
    }

    fn request(&self) -> Vec<u8> {
        let session = self.scene.shoppers.of_turn(self.number);
        let wish = self.scene.behaviour.wish(self.number);
        let key = format!("{}-{wish}", self.scene.name);
        let sale = &self.scene.sales[self.sale].id;
        request::purchase(self.door().host(), sale, &session.token, &key)
    }

    /// As a balancer's cookie does it: always the same.
    fn door(&self) -> &Door {
        let doors = &self.scene.target.doors;
        &doors[self.number as usize % doors.len()]
    }

    /// By the socket, and by polls where there is none or it breaks.
    async fn wait_for(&self, socket: Option<Socket>, ticket: &str, due: Instant) -> Option<Word> {
        let waiting = async {
            if let Some(socket) = socket {
                match listen(socket, ticket).await {
                    Ok(verdict) => return Word::Socket(verdict),
                    Err(_) => self.scene.notes.page_broken(),
                }
            }
            Word::Poll(self.poll(ticket).await)
        };
        let word = timeout(VERDICT_WITHIN, waiting).await.ok()?;
        let has_won = matches!(word.verdict(), Some(Verdict::Won(_)));
        self.scene.notes.told(has_won, due);
        Some(word)
    }

    async fn poll(&self, ticket: &str) -> Verdict {
        let door = self.door();
        loop {
            let asked = door
                .ask_and_wait(&request::ticket(door.host(), ticket, POLL_S))
                .await;
            let pause = match asked {
                Ok(answer) if answer.status == 200 => match verdict_of(&answer.body) {
                    Ok(Some(verdict)) => return verdict,
                    // Still queued after a whole poll.
                    Ok(None) => continue,
                    Err(_) => AGAIN_AFTER,
                },
                Ok(refusal) => refusal.retry_after().unwrap_or(AGAIN_AFTER),
                Err(_) => AGAIN_AFTER,
            };
            sleep(pause).await;
        }
    }
}

async fn listen(mut socket: Socket, ticket: &str) -> Result<Verdict> {
    let asked = json!({ "watch": [ticket] }).to_string();
    socket.send(Message::text(asked)).await?;
    loop {
        let message = socket.next().await.context("closed")??;
        let Message::Text(text) = message else {
            continue;
        };
        if let Some(verdict) = verdict_of(text.as_bytes())? {
            // Whoever has what they came for leaves.
            let _ = socket.close(None).await;
            return Ok(verdict);
        }
    }
}

/// The verdict in what is said of a ticket, if there is one already.
pub(super) fn verdict_of(said: &[u8]) -> Result<Option<Verdict>> {
    let said: State = serde_json::from_slice(said)?;
    match (said.state.as_deref(), said.order_id, said.reason) {
        (Some("won"), Some(order), _) => Ok(Some(Verdict::Won(order))),
        (Some("lost"), _, Some(reason)) => Ok(Some(Verdict::Lost(reason))),
        (Some("won" | "lost"), ..) => bail!("half a verdict"),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(said: &str) -> Result<Option<Verdict>> {
        verdict_of(said.as_bytes())
    }

    #[test]
    fn a_verdict_is_whole_or_not_there() {
        let order = Uuid::from_u128(7);
        let won = format!(r#"{{"type":"ticket","state":"won","order_id":"{order}"}}"#);
        assert_eq!(verdict(&won).unwrap(), Some(Verdict::Won(order)));
        let lost = r#"{"state":"lost","reason":"sold-out"}"#;
        let sold_out = Verdict::Lost("sold-out".to_owned());
        assert_eq!(verdict(lost).unwrap(), Some(sold_out));
        for early in [r#"{"state":"queued","ahead":3}"#, r#"{"type":"hello"}"#] {
            assert_eq!(verdict(early).unwrap(), None, "{early}");
        }
        for odd in [r#"{"state":"won"}"#, r#"{"state":"lost"}"#, "<html>"] {
            assert!(verdict(odd).is_err(), "{odd}");
        }
    }
}
