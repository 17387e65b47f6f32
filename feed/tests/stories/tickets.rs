//! What the holder of a ticket is told.

use anyhow::{Context, Result, bail};
use feed::{TicketStatus, Verdict, Waited};
use sale::decided::Decided;
use sale::{Lost, Place};
use tokio::sync::oneshot;

use crate::partition::{SOON, Story, place, record, step};

/// Asks, and finds the ticket queued.
async fn queued(story: &Story, at: Place) -> Result<oneshot::Receiver<Verdict>> {
    match story.feed.wait(story.ticket(at), at).await? {
        Waited::Queued(_, answer) => Ok(answer),
        Waited::Decided(status) => bail!("it is decided: {status:?}"),
    }
}

async fn answered(answer: oneshot::Receiver<Verdict>) -> Result<TicketStatus> {
    let verdict = tokio::time::timeout(SOON, answer).await;
    Ok(verdict.context("no answer")??.status)
}

#[tokio::test]
async fn everybody_who_waits_is_answered_by_the_announcement() -> Result<()> {
    // Given: three who wait for the places of a record, and one for the record after it.
    let story = Story::begin().await?;
    let (first, second, third, later) = (place(1, 0)?, place(1, 1)?, place(1, 2)?, place(2, 0)?);
    let waiting = [first, second, third].map(|at| queued(&story, at));
    let [winner, loser, late] = futures_util::future::try_join_all(waiting)
        .await?
        .try_into()
        .map_err(|_| anyhow::anyhow!("three"))?;
    let mut patient = queued(&story, later).await?;

    // When: it is announced.
    story
        .announce(&Decided {
            records: vec![record(story.sale, 1, "WSE", &[])?],
            ..step(0, 0, 1)?
        })
        .await?;

    // Then: each gets the ruling of their own place.
    let sale_id = story.sale;
    let won = TicketStatus::Won {
        sale_id,
        order_id: story.ticket(first),
        replay: false,
    };
    let lost = |reason: Lost| TicketStatus::Lost {
        sale_id: Some(sale_id),
        reason: reason.into(),
    };
    assert_eq!(answered(winner).await?, won);
    assert_eq!(answered(loser).await?, lost(Lost::SoldOut));
    assert_eq!(answered(late).await?, lost(Lost::Ended));
    assert!(patient.try_recv().is_err(), "nothing is decided there yet");
    Ok(())
}

#[tokio::test]
async fn a_decision_that_only_postgres_knows_is_found_after_the_next_message() -> Result<()> {
    // Given: somebody waits for record 1, and its announcement is lost.
    let story = Story::begin().await?;
    let at = place(1, 1)?;
    let answer = queued(&story, at).await?;
    story.decide(1, "SW", &[]).await?;
    story.commit(0, 1).await?;

    // When: the owner gives its next sign of life.
    story.announce(&step(0, 1, 1)?).await?;

    // Then: they are answered from Postgres.
    let won = TicketStatus::Won {
        sale_id: story.sale,
        order_id: story.ticket(at),
        replay: false,
    };
    assert_eq!(answered(answer).await?, won);
    assert_eq!(story.feed.status(story.ticket(at), at).await?, won);
    Ok(())
}

#[tokio::test]
async fn a_repeated_key_refers_to_the_first_order() -> Result<()> {
    // Given: an order at record 1.
    let story = Story::begin().await?;
    let (first, announced, kept) = (place(1, 0)?, place(2, 2)?, place(3, 1)?);
    story.sell(&story.sold(1, 1)?).await?;
    story.decide(1, "W", &[]).await?;
    story.order(first).await?;
    let answer = queued(&story, announced).await?;

    // When: its key is repeated, once where the feed tells and once where only Postgres knows.
    let refs = [place(9, 9)?, first];
    story.decide(2, "RSR", &refs).await?;
    story.decide(3, "SR", &[first]).await?;
    story
        .announce(&Decided {
            records: vec![
                record(story.sale, 1, "W", &[])?,
                record(story.sale, 2, "RSR", &refs)?,
            ],
            ..step(0, 0, 2)?
        })
        .await?;
    story.commit(0, 3).await?;
    story.announce(&step(0, 3, 3)?).await?;
    story.follower_is_at(3).await?;

    // Then: both tickets lead to that order.
    let replay = TicketStatus::Won {
        sale_id: story.sale,
        order_id: story.ticket(first),
        replay: true,
    };
    assert_eq!(answered(answer).await?, replay);
    for at in [announced, kept] {
        assert_eq!(
            story.feed.status(story.ticket(at), at).await?,
            replay,
            "{at}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_record_that_nobody_could_read_lost_for_all_of_its_places() -> Result<()> {
    let story = Story::begin().await?;
    let answer = queued(&story, place(1, 411)?).await?;
    story
        .announce(&Decided {
            records: vec![record(story.sale, 1, "M", &[])?],
            ..step(0, 0, 1)?
        })
        .await?;
    let lost = TicketStatus::Lost {
        sale_id: Some(story.sale),
        reason: Lost::Malformed.into(),
    };
    assert_eq!(answered(answer).await?, lost);
    Ok(())
}
