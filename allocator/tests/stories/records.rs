//! The log as it can be: damaged, foreign, newer than this build. It is never skipped.

use anyhow::{Context, Result, ensure};
use devstack::{OpenSale, until};
use sale::subject::{Channel, LogSubject};
use sale::{
    Generation, KeyHash, Moment, Partition, Place, Purchase, Purchases, RECORD_VERSION, SaleId,
    Seq, ShopperId, TicketKeys,
};
use serde_json::json;
use uuid::Uuid;

use crate::shop::{SOON, Shop, cursor, halted, is_contiguous, rulings};

impl Shop {
    pub(crate) fn purchases_subject(&self) -> Result<String> {
        Ok(LogSubject::of(self.sale.parse()?, Channel::Purchases).to_string())
    }

    pub(crate) fn ticket_keys(&self) -> Result<TicketKeys> {
        Ok(self.stack.keys().tickets.parse()?)
    }

    /// The ticket an ingress would have given for a place.
    pub(crate) fn ticket_of(&self, seq: u64, index: u16) -> Result<String> {
        let place = Place {
            partition: Partition::try_from(0)?,
            seq: Seq::try_from(seq)?,
            index,
        };
        let ticket = self.ticket_keys()?.current().seal(place, Generation::FIRST);
        Ok(ticket.to_string())
    }

    /// A record of that many purchases, each of another shopper.
    fn purchases_of(&self, sale: SaleId, count: u128) -> Result<Purchases> {
        let purchase = |number| Purchase {
            shopper: ShopperId::new(Uuid::from_u128(number)),
            key: KeyHash::of("k"),
            received_at_ms: Moment::from_unix_ms(0),
        };
        Ok(Purchases {
            v: RECORD_VERSION,
            sale,
            seal: self.ticket_keys()?.current().id(),
            purchases: (1..=count).map(purchase).collect(),
        })
    }

    /// A purchase after everything else still wins: the log goes on.
    pub(crate) async fn goes_on(&self) -> Result<()> {
        let (shopper, ticket) = self.accepted().await?;
        let verdict = shopper.learn(&self.doors, &ticket).await?;
        ensure!(
            verdict == devstack::audit::Verdict::Won(ticket.parse()?),
            "{verdict:?}"
        );
        ensure!(
            is_contiguous(self.pool()).await?,
            "a record has no decision"
        );
        ensure!(halted(self.pool()).await?.is_none(), "it is halted");
        Ok(())
    }
}

pub(crate) async fn quarantined(shop: &Shop, seq: u64) -> Result<(String, Vec<u8>, String)> {
    let row = sqlx::query_as("SELECT subject, body, error FROM quarantine WHERE seq = $1");
    let row = row.bind(i64::try_from(seq)?).fetch_optional(shop.pool());
    row.await?.context("it is not in quarantine")
}

#[tokio::test]
async fn a_damaged_record_is_ruled_malformed_kept_and_passed() -> Result<()> {
    // Given: bytes in the log that nobody can read.
    let shop = Shop::selling(&OpenSale::of(1)).await?;
    let garbage = b"\xff\x00{\"v\":1,".to_vec();
    let subject = shop.purchases_subject()?;
    let seq = shop.log(&subject, garbage.clone()).await?;
    shop.decided(seq).await?;

    // Then: whoever holds a ticket of that record is told so, whatever its index.
    assert_eq!(rulings(shop.pool(), seq).await?.as_deref(), Some("M"));
    let shopper = shop.shopper().await?;
    for index in [0, 1, 511] {
        let told = shopper.ticket(&shop.ticket_of(seq, index)?, 0).await?;
        assert_eq!(told.text("state"), Some("lost"), "{}", told.body);
        assert_eq!(told.text("reason"), Some("malformed"), "{}", told.body);
    }

    // And: its bytes are kept for people to look at, and the log goes on.
    let (where_to, body, error) = quarantined(&shop, seq).await?;
    assert_eq!((where_to, body), (subject, garbage));
    assert!(!error.is_empty());
    shop.goes_on().await?;
    shop.stack.stop().await
}

#[tokio::test]
async fn a_text_that_postgres_cannot_keep_is_ruled_malformed() -> Result<()> {
    // Given: a command whose reason holds a NUL, and a record whose defect quotes one.
    let shop = Shop::selling(&OpenSale::of(1)).await?;
    let control = LogSubject::of(shop.sale.parse()?, Channel::Control).to_string();
    let close = json!({
        "v": RECORD_VERSION, "sale": shop.sale, "command": Uuid::new_v4(), "by": "somebody",
        "reason": "a\0b", "action": { "close": {} },
    });
    let closed = shop.log(&control, serde_json::to_vec(&close)?).await?;
    let strange = json!({ "v": RECORD_VERSION, "a\0b": 1 });
    let seq = shop.log(&control, serde_json::to_vec(&strange)?).await?;

    // When, then: both are ruled, kept, and the log goes on.
    shop.decided(seq).await?;
    for seq in [closed, seq] {
        assert_eq!(rulings(shop.pool(), seq).await?.as_deref(), Some("M"));
        let (.., why) = quarantined(&shop, seq).await?;
        assert!(!why.is_empty() && !why.contains('\0'), "{why}");
    }
    shop.goes_on().await?;
    shop.stack.stop().await
}

#[tokio::test]
async fn a_record_that_names_another_sale_is_ruled_malformed() -> Result<()> {
    let shop = Shop::selling(&OpenSale::of(1)).await?;
    let other = SaleId::new(Partition::try_from(0)?, Moment::from_unix_ms(1), 7);
    let body = serde_json::to_vec(&shop.purchases_of(other, 2)?)?;
    let seq = shop.log(&shop.purchases_subject()?, body.clone()).await?;
    shop.decided(seq).await?;

    assert_eq!(rulings(shop.pool(), seq).await?.as_deref(), Some("M"));
    let (_, kept, error) = quarantined(&shop, seq).await?;
    assert_eq!(kept, body);
    assert!(error.contains("another sale"), "{error}");
    shop.goes_on().await?;
    shop.stack.stop().await
}

#[tokio::test]
async fn purchases_of_a_sale_that_was_never_opened_lose() -> Result<()> {
    let shop = Shop::selling(&OpenSale::of(1)).await?;
    let other = SaleId::new(Partition::try_from(0)?, Moment::from_unix_ms(1), 7);
    let subject = LogSubject::of(other, Channel::Purchases).to_string();
    let body = serde_json::to_vec(&shop.purchases_of(other, 3)?)?;
    let seq = shop.log(&subject, body).await?;
    shop.decided(seq).await?;

    assert_eq!(rulings(shop.pool(), seq).await?.as_deref(), Some("UUU"));
    let told = shop
        .shopper()
        .await?
        .ticket(&shop.ticket_of(seq, 2)?, 0)
        .await?;
    assert_eq!(told.text("reason"), Some("unknown-sale"), "{}", told.body);
    shop.goes_on().await?;
    shop.stack.stop().await
}

#[tokio::test]
async fn tickets_of_a_key_that_the_allocator_was_not_given_stop_the_partition() -> Result<()> {
    let shop = Shop::selling(&OpenSale::of(1)).await?;
    let mut record = shop.purchases_of(shop.sale.parse()?, 1)?;
    record.seal = "ab".repeat(32).parse::<TicketKeys>()?.current().id();
    let body = serde_json::to_vec(&record)?;
    let seq = shop.log(&shop.purchases_subject()?, body).await?;

    let said = format!(
        "record {seq}: its tickets are sealed with key {}",
        record.seal
    );
    shop.stack.allocator(0).wait_for_log(&said, SOON).await?;
    assert_eq!(cursor(shop.pool()).await?, seq - 1);
    shop.stack.stop().await
}

#[tokio::test]
async fn a_record_of_a_newer_build_stops_the_partition_and_is_never_skipped() -> Result<()> {
    // Given: one purchase that is decided, and behind it a record of version 2.
    let shop = Shop::selling(&OpenSale::of(3)).await?;
    shop.crowd(1, &["a"]).await?;
    let newer = json!({ "v": 2, "sale": shop.sale, "anything": "else" });
    let seq = shop
        .log(&shop.purchases_subject()?, newer.to_string())
        .await?;

    // Then: one line names the record and its version, and what was before it stays decided.
    let allocator = shop.stack.allocator(0);
    let said = format!("record {seq}: record format version 2");
    allocator.wait_for_log(&said, SOON).await?;
    assert_eq!(cursor(shop.pool()).await?, seq - 1);
    assert_eq!(rulings(shop.pool(), seq).await?, None);

    // And: the doors close, and who holds a ticket of that record keeps waiting.
    let shopper = shop.shopper().await?;
    until("a refusal as halted", SOON, async || {
        let answer = shopper.buy(&shop.sale, Some("k")).await?;
        Ok((answer.problem() == Some("halted")).then_some(()))
    })
    .await?;
    let told = shopper.ticket(&shop.ticket_of(seq, 0)?, 0).await?;
    assert_eq!(told.text("state"), Some("queued"), "{}", told.body);

    // And: the same build, started again, stops again at the same record.
    allocator.terminate().await?;
    allocator.spawn()?;
    allocator.wait_for_log(&said, SOON).await?;
    assert_eq!(cursor(shop.pool()).await?, seq - 1);
    shop.stack.stop().await
}
