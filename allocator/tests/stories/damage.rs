//! Records as nobody should write them: cut off, far too large, in the wrong place, sealed with a new key.

use anyhow::{Context, Result, ensure};
use devstack::stack::Keys;
use devstack::{OpenSale, Role, until};
use sale::subject::{Channel, LogSubject};
use sale::{Moment, Partition, SaleId};
use uuid::Uuid;

use crate::records::quarantined;
use crate::shop::{SOON, Shop, cursor, halted, rulings, stack};
use crate::writer::Writer;

/// `max_msg_size` of the stream.
const LARGEST: usize = 131_072;

/// Ruled malformed as a whole and kept as it came; what was wrong with it.
async fn set_aside(shop: &Shop, seq: u64, subject: &str, body: &[u8]) -> Result<String> {
    shop.decided(seq).await?;
    let letters = rulings(shop.pool(), seq).await?;
    ensure!(letters.as_deref() == Some("M"), "{seq}: {letters:?}");
    let (kept_subject, kept, error) = quarantined(shop, seq).await?;
    ensure!(
        (kept_subject.as_str(), kept.as_slice()) == (subject, body),
        "{seq} is kept otherwise"
    );
    Ok(error)
}

#[tokio::test]
async fn a_record_that_was_cut_off_is_set_aside_wherever_the_cut_is() -> Result<()> {
    let shop = Shop::selling(&OpenSale::of(1)).await?;
    let writer = Writer::of(&shop).await?;
    let subject = shop.purchases_subject()?;
    let whole = serde_json::to_vec(&writer.purchases(&[(1, "a"), (2, "a")]))?;
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        let part = &whole[..length];
        let seq = writer.write(subject.clone(), part.to_vec()).await?;
        set_aside(&shop, seq, &subject, part).await?;
    }
    shop.goes_on().await?;
    shop.stack.stop().await
}

#[tokio::test]
async fn the_largest_record_the_stream_takes_is_decided_or_set_aside_whole() -> Result<()> {
    let shop = Shop::selling(&OpenSale::of(513)).await?;
    let writer = Writer::of(&shop).await?;
    let subject = shop.purchases_subject()?;

    // Given: the most purchases a record may hold, blown up to the last byte, and one purchase more.
    let crowd: Vec<(u128, &str)> = (1..=513).map(|number| (number, "a")).collect();
    let mut most = serde_json::to_vec(&writer.purchases(&crowd[..512]))?;
    most.resize(LARGEST, b' ');
    let mut more = serde_json::to_vec(&writer.purchases(&crowd))?;
    more.resize(LARGEST, b' ');

    // Then: the first is decided, the others are not read any further.
    let seq = writer.write(subject.clone(), most).await?;
    shop.decided(seq).await?;
    assert_eq!(rulings(shop.pool(), seq).await?, Some("W".repeat(512)));
    let seq = writer.write(subject.clone(), more.clone()).await?;
    let error = set_aside(&shop, seq, &subject, &more).await?;
    assert_eq!(error, "more purchases than a record may hold");
    let noise = vec![0xff; LARGEST];
    let seq = writer.write(subject.clone(), noise.clone()).await?;
    set_aside(&shop, seq, &subject, &noise).await?;
    shop.goes_on().await?;
    shop.stack.stop().await
}

#[tokio::test]
async fn a_record_in_the_wrong_place_is_set_aside() -> Result<()> {
    let shop = Shop::selling(&OpenSale::of(1)).await?;
    let writer = Writer::of(&shop).await?;
    let body = serde_json::to_vec(&writer.purchases(&[(1, "a")]))?;
    let foreign = SaleId::new(Partition::try_from(1)?, Moment::from_unix_ms(1), 7);
    let control = LogSubject::of(writer.sale, Channel::Control).to_string();
    for subject in [
        // No sale, a sale of another partition, purchases where commands belong.
        "sale.00.nonsense.purchases".to_owned(),
        format!("sale.00.{foreign}.purchases"),
        control,
    ] {
        let seq = writer.write(subject.clone(), body.clone()).await?;
        set_aside(&shop, seq, &subject, &body).await?;
    }
    shop.goes_on().await?;
    shop.stack.stop().await
}

#[tokio::test]
async fn a_partition_stopped_at_an_unknown_key_goes_on_when_the_key_is_given() -> Result<()> {
    // Given: doors that seal with a new key, and an allocator that was given the old one only.
    let (old, new) = (Keys::random(), Keys::random().tickets);
    let both = format!("{new},{}", old.tickets);
    let builder = stack()
        .with_keys(Keys {
            tickets: both.clone(),
            ..old.clone()
        })
        .env(Role::Allocator, "TICKET_KEYS", &old.tickets);
    let mut shop = Shop::open(builder, 1, &OpenSale::of(1)).await?;
    let (shopper, ticket) = shop.accepted().await?;

    // Then: it stops there and says so, to people and to the doors.
    let (allocator, before) = (shop.stack.allocator(0), cursor(shop.pool()).await?);
    let said = "which this allocator was not given";
    allocator.wait_for_log(said, SOON).await?;
    until("a refusal as halted", SOON, async || {
        let answer = shopper.buy(&shop.sale, Some("k")).await?;
        Ok((answer.problem() == Some("halted")).then_some(()))
    })
    .await?;
    assert_eq!(cursor(shop.pool()).await?, before);
    assert_eq!(
        halted(shop.pool()).await?,
        None,
        "no operator has to lift anything"
    );

    // When: one with both keys is started in its place.
    allocator.terminate().await?;
    shop.stack.set_env(Role::Allocator, "TICKET_KEYS", &both);
    shop.stack.add_allocator().await?;

    // Then: it goes on, and the order has the id the shopper was told.
    let verdict = shopper.learn(&shop.doors, &ticket).await?;
    assert_eq!(verdict, devstack::audit::Verdict::Won(ticket.parse()?));
    let id: Uuid = sqlx::query_scalar("SELECT id FROM orders")
        .fetch_optional(shop.pool())
        .await?
        .context("no order")?;
    assert_eq!(id.to_string(), ticket);
    shop.stack.stop().await
}
