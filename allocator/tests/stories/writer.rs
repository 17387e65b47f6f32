//! Writes records as an ingress does, without the doors: whatever may stand in the log.

use anyhow::Result;
use async_nats::jetstream::{self, Context};
use devstack::Role;
use sale::subject::{Channel, LogSubject};
use sale::{
    Action, CommandId, Control, KeyHash, KeyId, Moment, Purchase, Purchases, RECORD_VERSION,
    SaleId, ShopperId,
};
use uuid::Uuid;

use crate::shop::Shop;

/// One connection to the log, for records of one sale.
pub(crate) struct Writer {
    jetstream: Context,
    pub(crate) sale: SaleId,
    pub(crate) seal: KeyId,
}

/// A shopper by number.
pub(crate) fn shopper(number: u128) -> ShopperId {
    ShopperId::new(Uuid::from_u128(number))
}

/// A command's id by number.
pub(crate) fn command(number: u128) -> CommandId {
    CommandId::new(Uuid::from_u128(number))
}

impl Writer {
    pub(crate) async fn of(shop: &Shop) -> Result<Self> {
        let client = shop.stack.tenant().nats(Role::Ingress).await?;
        Ok(Self {
            jetstream: jetstream::new(client),
            sale: shop.sale.parse()?,
            seal: shop.ticket_keys()?.current().id(),
        })
    }

    /// Writes anything; its sequence.
    pub(crate) async fn write(&self, subject: String, body: Vec<u8>) -> Result<u64> {
        let logged = self.jetstream.publish(subject, body.into()).await?;
        Ok(logged.await?.sequence)
    }

    /// A record of purchases, each of a shopper's number with a key.
    pub(crate) fn purchases(&self, wishes: &[(u128, &str)]) -> Purchases {
        let purchase = |(number, key): &(u128, &str)| Purchase {
            shopper: shopper(*number),
            key: KeyHash::of(key),
            received_at_ms: Moment::from_unix_ms(0),
        };
        Purchases {
            v: RECORD_VERSION,
            sale: self.sale,
            seal: self.seal,
            purchases: wishes.iter().map(purchase).collect(),
        }
    }

    /// Writes one record of purchases; its sequence.
    pub(crate) async fn buy(&self, wishes: &[(u128, &str)]) -> Result<u64> {
        let subject = LogSubject::of(self.sale, Channel::Purchases).to_string();
        let body = serde_json::to_vec(&self.purchases(wishes))?;
        self.write(subject, body).await
    }

    /// Writes one command for any sale; its sequence.
    pub(crate) async fn tell(&self, sale: SaleId, id: CommandId, action: Action) -> Result<u64> {
        let control = Control {
            v: RECORD_VERSION,
            sale,
            command: id,
            by: "operator:test".to_owned(),
            reason: None,
            action,
        };
        let subject = LogSubject::of(sale, Channel::Control).to_string();
        self.write(subject, serde_json::to_vec(&control)?).await
    }
}
