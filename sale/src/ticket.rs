use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use thiserror::Error;
use uuid::Uuid;

use crate::id::{Generation, InvalidId, Partition};
use crate::place::Place;

/// Bits of the seal. A forger who tries a million tickets a second needs 4,500 years for even odds.
const SEAL_BITS: u32 = 58;
const SEAL_MASK: u64 = (1 << SEAL_BITS) - 1;

/// The shopper's receipt for a place: a UUIDv8 whose 122 free bits are the place (64) and a seal (58).
///
/// The seal is the first 58 bits of HMAC-SHA-256 over the place and the generation of its stream.
/// A ticket needs no row anywhere: whoever holds the key can tell a real one from a forged one.
/// The order of a won place has the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ticket(Uuid);

impl Ticket {
    /// The UUID, for the database.
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// The ticket an order was stored under. Only for ids read back from the database.
    pub const fn from_order_id(id: Uuid) -> Self {
        Self(id)
    }

    /// The partition this ticket claims; nothing is proven before [`TicketKeys::open`].
    pub fn claimed_partition(self) -> Partition {
        self.claimed_place().partition
    }

    /// The place this ticket claims. Trust it only for ids that were found in the database.
    pub fn claimed_place(self) -> Place {
        Place::unpack((self.free_bits() >> SEAL_BITS) as u64)
    }

    /// The first and last id an order of `place` can have, whichever key sealed it.
    pub fn range_of(place: Place) -> (Uuid, Uuid) {
        (Self::new(place, 0).0, Self::new(place, SEAL_MASK).0)
    }

    fn new(place: Place, seal: u64) -> Self {
        let bits = u128::from(place.pack()) << SEAL_BITS | u128::from(seal & SEAL_MASK);
        // 48 bits · version · 12 bits · variant · 62 bits, as RFC 9562 lays a UUIDv8 out.
        let high = bits >> 74 << 80;
        let middle = (bits >> 62 & 0x0fff) << 64;
        let low = bits & ((1 << 62) - 1);
        let bytes = (high | middle | low).to_be_bytes();
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    fn free_bits(self) -> u128 {
        let bits = self.0.as_u128();
        (bits >> 80) << 74 | (bits >> 64 & 0x0fff) << 62 | bits & ((1 << 62) - 1)
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Ticket {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Uuid::try_parse(text)
            .ok()
            .filter(|uuid| {
                uuid.get_version_num() == 8 && uuid.get_variant() == uuid::Variant::RFC4122
            })
            .map(Self)
            .ok_or(InvalidId::of("ticket (UUIDv8)"))
    }
}

/// The public name of a ticket key: the first 32 bits of a hash of it, eight hex digits.
///
/// Every record names the key its tickets are sealed with, so that the allocator gives an order
/// the very id its shopper was told, whatever was rotated in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(u32);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> String {
        id.to_string()
    }
}

impl TryFrom<String> for KeyId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        u32::from_str_radix(&text, 16)
            .ok()
            .map(Self)
            .filter(|id| id.to_string() == text)
            .ok_or(InvalidId::of("ticket key id (8 hex digits)"))
    }
}

/// A secret that does not read as 64 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidKey {
    /// One of the keys has another length or other characters.
    #[error("a ticket key is 64 hex digits (32 random bytes)")]
    Shape,
    /// No key at all was given.
    #[error("at least one ticket key is needed")]
    Missing,
}

/// A secret that seals tickets.
#[derive(Clone)]
pub struct TicketKey {
    id: KeyId,
    mac: Hmac<Sha256>,
}

impl TicketKey {
    /// From 32 random bytes.
    pub fn new(secret: [u8; 32]) -> Self {
        let mac = Hmac::<Sha256>::new_from_slice(&secret).expect("HMAC takes keys of any length");
        let mut naming = mac.clone();
        naming.update(b"firstcome ticket key id");
        let id = (first_u64(&naming.finalize().into_bytes()) >> 32) as u32;
        Self { id: KeyId(id), mac }
    }

    /// The key's public name.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// Makes the ticket of a place.
    pub fn seal(&self, place: Place, generation: Generation) -> Ticket {
        Ticket::new(place, self.mac(place, generation))
    }

    fn mac(&self, place: Place, generation: Generation) -> u64 {
        let mut mac = self.mac.clone();
        mac.update(&place.pack().to_be_bytes());
        mac.update(&generation.get().to_be_bytes());
        first_u64(&mac.finalize().into_bytes()) >> (64 - SEAL_BITS)
    }
}

/// Shows the key's name, never the key.
impl fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TicketKey({})", self.id)
    }
}

impl FromStr for TicketKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let mut secret = [0; 32];
        // Digits only: the conversion below would take a sign too.
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(InvalidKey::Shape);
        }
        for (byte, digits) in secret.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = str::from_utf8(digits).map_err(|_| InvalidKey::Shape)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| InvalidKey::Shape)?;
        }
        Ok(Self::new(secret))
    }
}

/// The current ticket key and those still honoured.
#[derive(Clone, Debug)]
pub struct TicketKeys {
    current: TicketKey,
    previous: Vec<TicketKey>,
}

impl TicketKeys {
    /// The key new tickets are sealed with.
    pub const fn current(&self) -> &TicketKey {
        &self.current
    }

    /// The key of that name, if it is still honoured.
    pub fn named(&self, id: KeyId) -> Option<&TicketKey> {
        self.all().find(|key| key.id == id)
    }

    /// The place a ticket was sealed for; `None` when no honoured key made it.
    pub fn open(&self, ticket: Ticket, generation: Generation) -> Option<Place> {
        let place = ticket.claimed_place();
        // All 128 bits, version and variant too: a place has one ticket per key. Comparing one
        // integer takes the same time wherever the first wrong bit is.
        self.all()
            .any(|key| key.seal(place, generation).0.as_u128() == ticket.0.as_u128())
            .then_some(place)
    }

    fn all(&self) -> impl Iterator<Item = &TicketKey> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

/// A comma-separated list of keys, the current one first.
impl FromStr for TicketKeys {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let mut keys = text
            .split(',')
            .map(str::trim)
            .filter(|key| !key.is_empty())
            .map(TicketKey::from_str)
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(InvalidKey::Missing);
        }
        let current = keys.remove(0);
        Ok(Self {
            current,
            previous: keys,
        })
    }
}

fn first_u64(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .take(8)
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}
