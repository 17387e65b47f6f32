//! Questions about what was decided long ago, gathered: while Postgres answers one query, those who ask
//! meanwhile wait for the next, together. A crowd that comes back at once costs a few queries.

use std::sync::Arc;

use sale::Place;
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};

use crate::state::Found;
use crate::store::{self, StoreError};

/// Places in one query; it takes some milliseconds, so that nobody waits long for the next.
const PLACES_PER_QUERY_MAX: usize = 1_024;

/// Questions that wait for a query; at the limit the next asker waits.
const QUESTIONS_MAX: usize = 4 * PLACES_PER_QUERY_MAX;

/// Where to ask. Who answers ends with it.
#[derive(Debug)]
pub(crate) struct LookUps(mpsc::Sender<Question>);

#[derive(Debug)]
struct Question {
    place: Place,
    answer: oneshot::Sender<Result<Option<Found>, StoreError>>,
}

impl LookUps {
    pub(crate) fn start(pool: PgPool) -> Self {
        let (ask, questions) = mpsc::channel(QUESTIONS_MAX);
        tokio::spawn(answer_all(pool, questions));
        Self(ask)
    }

    /// What was ruled for a place; nothing when it was never decided.
    pub(crate) async fn find(&self, place: Place) -> Result<Option<Found>, StoreError> {
        let (answer, answered) = oneshot::channel();
        // Both fail only when the runtime ends, and nobody is left to be told.
        if self.0.send(Question { place, answer }).await.is_err() {
            return Err(StoreError::Stopped);
        }
        answered.await.unwrap_or(Err(StoreError::Stopped))
    }
}

async fn answer_all(pool: PgPool, mut questions: mpsc::Receiver<Question>) {
    let mut together = Vec::new();
    while questions
        .recv_many(&mut together, PLACES_PER_QUERY_MAX)
        .await
        > 0
    {
        together.retain(|question| !question.answer.is_closed());
        if !together.is_empty() {
            answer(&pool, &mut together).await;
        }
    }
}

async fn answer(pool: &PgPool, together: &mut Vec<Question>) {
    let places: Vec<Place> = together.iter().map(|question| question.place).collect();
    let rulings = store::rulings(pool, &places).await.map_err(Arc::new);
    for Question { place, answer } in together.drain(..) {
        let found = match &rulings {
            Ok(rulings) => Ok(rulings.get(&place).copied()),
            Err(error) => Err(StoreError::Together(Arc::clone(error))),
        };
        // Who went away finds it in Postgres on return.
        drop(answer.send(found));
    }
}
