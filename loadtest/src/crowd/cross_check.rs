//! Asking once more when all is over: what a poll and the list of orders say must be what was heard before.

use std::sync::atomic::{AtomicUsize, Ordering};

use devstack::audit::{Verdict, Word};
use futures_util::stream::{self, StreamExt};
use uuid::Uuid;

use super::Scene;
use super::shopper::{End, Seen, verdict_of};
use crate::door::Door;
use crate::request;

/// Shoppers who ask once more, spread over all of them: enough to find what is wrong with one in a thousand.
const ASKED_MAX: usize = 5_000;

/// Questions at a time.
const ASKING_AT_ONCE: usize = 64;

/// Asks for those who have a ticket. Gives how many asked.
pub(super) async fn ask_again(scene: &Scene, seen: &mut [Seen]) -> usize {
    let accepted = seen
        .iter_mut()
        .filter(|one| matches!(one.end, End::Accepted { .. }));
    let accepted: Vec<&mut Seen> = accepted.collect();
    let every = accepted.len().div_ceil(ASKED_MAX).max(1);
    let asked = AtomicUsize::new(0);
    stream::iter(accepted.into_iter().step_by(every))
        .for_each_concurrent(ASKING_AT_ONCE, async |one| {
            let (shopper, sale) = (one.number, one.sale);
            if let End::Accepted { ticket, heard } = &mut one.end {
                heard.extend(words(scene, shopper, sale, *ticket).await);
                asked.fetch_add(1, Ordering::Relaxed);
            }
        })
        .await;
    asked.into_inner()
}

/// What the API says now; nothing where it does not answer, which is no contradiction.
async fn words(scene: &Scene, shopper: u64, sale: usize, ticket: Uuid) -> Vec<Word> {
    let door = &scene.target.doors[shopper as usize % scene.target.doors.len()];
    let mut words = Vec::new();
    let Some(verdict) = poll(door, ticket).await else {
        return words;
    };
    let session = scene.shoppers.of_turn(shopper);
    let sale = &scene.sales[sale].id;
    let order = match &verdict {
        Verdict::Won(order) => *order,
        Verdict::Lost(_) => ticket,
    };
    if let Some(orders) = orders(door, sale, &session.token).await {
        words.push(match orders.contains(&order) {
            true => Word::Listed(order),
            false => Word::Unlisted,
        });
    }
    words.push(Word::Poll(verdict));
    words
}

async fn poll(door: &Door, ticket: Uuid) -> Option<Verdict> {
    let request = request::ticket(door.host(), &ticket.to_string(), 0);
    let answer = door.ask(&request).await.ok()?;
    verdict_of(&answer.body).ok()?
}

async fn orders(door: &Door, sale: &str, token: &str) -> Option<Vec<Uuid>> {
    let answer = door.ask(&request::orders(door.host(), sale, token)).await;
    let listed: serde_json::Value = serde_json::from_slice(&answer.ok()?.body).ok()?;
    let ids = listed["orders"].as_array()?.iter();
    ids.map(|order| order["id"].as_str()?.parse().ok())
        .collect()
}
