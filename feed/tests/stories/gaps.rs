//! Which messages are believed, and which send the follower to Postgres.

use anyhow::Result;
use feed::TicketStatus;
use sale::Lost;
use sale::decided::Decided;

use crate::partition::{Story, place, record, step};

#[tokio::test]
async fn a_message_that_follows_is_believed_without_postgres() -> Result<()> {
    let story = Story::begin().await?;
    story
        .announce(&Decided {
            sales: vec![story.sold(4, 1)?],
            ..step(0, 0, 1)?
        })
        .await?;
    story.follower_is_at(1).await?;
    assert_eq!(story.feed.sale(story.sale).map(|sale| sale.sold), Some(4));
    Ok(())
}

#[tokio::test]
async fn a_gap_sends_the_follower_to_postgres() -> Result<()> {
    // Given: two records are decided, and what was announced of the first was lost.
    let story = Story::begin().await?;
    story.sell(&story.sold(2, 2)?).await?;
    story.commit(0, 2).await?;

    // When: the second is announced, with a count that only the first could explain.
    story
        .announce(&Decided {
            sales: vec![story.sold(9, 1)?],
            ..step(0, 1, 2)?
        })
        .await?;

    // Then: the follower knows what Postgres knows, not what the message said.
    story.follower_is_at(2).await?;
    assert_eq!(story.feed.sale(story.sale).map(|sale| sale.sold), Some(2));
    Ok(())
}

#[tokio::test]
async fn what_a_former_owner_says_is_ignored() -> Result<()> {
    // Given: an owner of epoch 3.
    let story = Story::begin().await?;
    story.commit(3, 5).await?;
    story.announce(&step(3, 5, 5)?).await?;
    story.follower_is_at(5).await?;

    // When: one of epoch 2 goes on announcing, and then the present one.
    story
        .announce(&Decided {
            sales: vec![story.sold(9, 6)?],
            halted: Some("a former owner's trouble".into()),
            ..step(2, 5, 6)?
        })
        .await?;
    story
        .announce(&Decided {
            sales: vec![story.sold(1, 6)?],
            ..step(3, 5, 7)?
        })
        .await?;

    // Then: only the present one counted.
    story.follower_is_at(7).await?;
    assert_eq!(story.feed.sale(story.sale).map(|sale| sale.sold), Some(1));
    assert_eq!(story.standing()?.halted, None);
    Ok(())
}

#[tokio::test]
async fn a_higher_epoch_replaces_what_is_known_even_with_a_lower_cursor() -> Result<()> {
    // Given: a follower at record 7, where one unit was sold.
    let story = Story::begin().await?;
    story
        .announce(&Decided {
            sales: vec![story.sold(1, 7)?],
            records: vec![record(story.sale, 7, "W", &[])?],
            ..step(0, 0, 7)?
        })
        .await?;
    story.follower_is_at(7).await?;

    // When: Postgres was put back to record 4, and the runbook raised the epoch.
    story.sell(&story.sold(0, 4)?).await?;
    story.commit(10, 4).await?;
    story.announce(&step(10, 4, 4)?).await?;

    // Then: the follower goes back with it, and forgets what is undone.
    story.follower_is_at(4).await?;
    assert_eq!(story.standing()?.epoch, 10);
    assert_eq!(story.feed.sale(story.sale).map(|sale| sale.sold), Some(0));
    let undone = place(7, 0)?;
    let status = story.feed.status(story.ticket(undone), undone).await?;
    assert!(!status.is_decided(), "{status:?}");

    // And: what is decided there anew is what counts.
    story.decide(7, "S", &[]).await?;
    story.commit(10, 7).await?;
    story.announce(&step(10, 7, 7)?).await?;
    story.follower_is_at(7).await?;
    let status = story.feed.status(story.ticket(undone), undone).await?;
    let lost = TicketStatus::Lost {
        sale_id: Some(story.sale),
        reason: Lost::SoldOut.into(),
    };
    assert_eq!(status, lost);
    Ok(())
}

#[tokio::test]
async fn a_message_that_comes_late_or_twice_changes_nothing() -> Result<()> {
    let story = Story::begin().await?;
    story.announce(&step(0, 0, 2)?).await?;
    story
        .announce(&Decided {
            sales: vec![story.sold(9, 1)?],
            ..step(0, 0, 1)?
        })
        .await?;
    story.announce_garbage().await?;
    story.announce(&step(0, 2, 3)?).await?;
    story.follower_is_at(3).await?;
    assert_eq!(story.feed.sale(story.sale), None);
    Ok(())
}

#[tokio::test]
async fn a_halt_is_heard_and_its_end_too() -> Result<()> {
    let story = Story::begin().await?;
    story
        .announce(&Decided {
            halted: Some("somebody must look".into()),
            ..step(0, 0, 1)?
        })
        .await?;
    story.follower_is_at(1).await?;
    assert_eq!(
        story.standing()?.halted.as_deref(),
        Some("somebody must look")
    );

    // And: whoever comes later reads it from Postgres, until the next owner goes on.
    story.halt(Some("somebody must look")).await?;
    story.commit(1, 2).await?;
    story.announce(&step(1, 2, 2)?).await?;
    story.follower_is_at(2).await?;
    assert_eq!(
        story.standing()?.halted.as_deref(),
        Some("somebody must look")
    );
    story.halt(None).await?;
    story.commit(2, 3).await?;
    story.announce(&step(2, 3, 3)?).await?;
    story.follower_is_at(3).await?;
    assert_eq!(story.standing()?.halted, None);
    Ok(())
}
