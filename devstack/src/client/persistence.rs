//! Shoppers who do not give up: what a good client does while processes come and go.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::time::{Instant, sleep};

use super::http::Answer;
use super::shopper::Shopper;
use crate::audit::{Attempt, Outcome, Verdict, Word};

/// From a refused connection or a 503 to the next try; sooner than `Retry-After`, to keep tests short.
const TRY_AGAIN: Duration = Duration::from_millis(50);

/// Longer than any outage a test makes, and the recovery from it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Seconds of one long poll for a result; short, as the process that answers may be paused.
const POLL_S: u32 = 2;

/// What is tried again.
#[derive(Clone, Copy)]
enum Wish<'a> {
    Buy { sale: &'a str, key: &'a str },
    Know { ticket: &'a str },
}

impl Shopper {
    /// Tries to buy one unit at one ingress after the other, with the same key, until one gives an answer
    /// that is neither a broken connection nor a 5xx. `ingress` are URLs without a path.
    pub async fn insist(&self, ingress: &[String], sale: &str, key: &str) -> Result<Answer> {
        let purchase = Wish::Buy { sale, key };
        let tried = self.anywhere(ingress, purchase).await;
        tried.context("no answer to a purchase")
    }

    /// Asks one ingress after the other for a ticket's result until there is one.
    pub async fn learn(&self, ingress: &[String], ticket: &str) -> Result<Verdict> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let asked = self.anywhere(ingress, Wish::Know { ticket }).await;
            let answer = asked.context("no answer to a ticket")?;
            let text = |field| answer.text(field).unwrap_or_default().to_owned();
            match answer.text("state") {
                Some("won") => return Ok(Verdict::Won(text("order_id").parse()?)),
                Some("lost") => return Ok(Verdict::Lost(text("reason"))),
                Some("queued") => {}
                _ => bail!("ticket {ticket} is {} {}", answer.status, answer.body),
            }
        }
        bail!("ticket {ticket} has no result after {PATIENCE:?}")
    }

    /// Buys, and waits for what comes of it.
    pub async fn see_through(&self, ingress: &[String], sale: &str, key: &str) -> Result<Attempt> {
        let answer = self.insist(ingress, sale, key).await?;
        self.seen_through(ingress, answer).await
    }

    /// Waits for what comes of an attempt that was answered.
    pub async fn seen_through(&self, ingress: &[String], answer: Answer) -> Result<Attempt> {
        let outcome = match answer.text("ticket") {
            Some(ticket) => Outcome::Accepted {
                ticket: ticket.parse()?,
                heard: vec![Word::Poll(self.learn(ingress, ticket).await?)],
            },
            None => Outcome::Refused(answer.problem().unwrap_or("unnamed").to_owned()),
        };
        Ok(Attempt {
            shopper: self.id().parse()?,
            wish: None,
            outcome,
        })
    }

    async fn anywhere(&self, ingress: &[String], wish: Wish<'_>) -> Result<Answer> {
        let deadline = Instant::now() + PATIENCE;
        let mut said = anyhow::anyhow!("there is no ingress to ask");
        for url in ingress.iter().cycle() {
            let asked = match wish {
                Wish::Buy { sale, key } => self.at(url).buy(sale, Some(key)).await,
                Wish::Know { ticket } => self.at(url).ticket(ticket, POLL_S).await,
            };
            match asked {
                Ok(answer) if answer.status < 500 => return Ok(answer),
                Ok(answer) => said = anyhow::anyhow!("{} {}", answer.status, answer.body),
                Err(error) => said = error,
            }
            if Instant::now() >= deadline {
                break;
            }
            sleep(TRY_AGAIN).await;
        }
        Err(said)
    }
}
