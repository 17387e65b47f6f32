use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;
use uuid::Uuid;

/// An identifier that does not have the shape its type demands.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not a valid {expected}")]
pub struct InvalidId {
    expected: &'static str,
}

impl InvalidId {
    pub(crate) const fn of(expected: &'static str) -> Self {
        Self { expected }
    }
}

/// The number of an independent log, `0..1024`: ten bits of every ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Partition(u16);

impl Partition {
    /// One more than the highest partition number a ticket can name.
    pub const COUNT_MAX: u16 = 1 << 10;

    /// The number itself.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for Partition {
    type Error = InvalidId;

    fn try_from(number: u16) -> Result<Self, InvalidId> {
        if number < Self::COUNT_MAX {
            Ok(Self(number))
        } else {
            Err(InvalidId::of("partition (0 to 1023)"))
        }
    }
}

impl From<Partition> for u16 {
    fn from(partition: Partition) -> u16 {
        partition.0
    }
}

/// At least two digits, as in stream and subject names: `00`, `03`, `117`.
impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

impl FromStr for Partition {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        text.parse::<u16>()
            .ok()
            .and_then(|number| Self::try_from(number).ok())
            // Exactly one spelling per partition, so that a subject is never ambiguous.
            .filter(|partition| partition.to_string() == text)
            .ok_or(InvalidId::of("partition (two digits or more)"))
    }
}

/// The sequence number of a record in its partition's stream: from 1, 42 bits.
///
/// 42 bits last 139 years at 1,000 records a second. Zero stands for "before the first record".
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "u64", into = "u64")]
pub struct Seq(u64);

impl Seq {
    /// Before the first record of a stream.
    pub const ZERO: Self = Self(0);
    /// The highest sequence a ticket can name.
    pub const MAX: Self = Self((1 << 42) - 1);

    /// How far the sequence jumps when an operator adopts another stream: more records than any
    /// stream holds, so that no sequence before it was ever told to anybody; 42 bits allow 4,000 jumps.
    pub const ADOPTION_JUMP: u64 = 1_000_000_000;

    /// The number itself.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The sequence of the record after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// How many records lie after `self`, up to and including `last`; none when `last` is behind.
    pub const fn records_until(self, last: Self) -> u64 {
        last.0.saturating_sub(self.0)
    }
}

impl TryFrom<u64> for Seq {
    type Error = InvalidId;

    fn try_from(number: u64) -> Result<Self, InvalidId> {
        if number <= Self::MAX.0 {
            Ok(Self(number))
        } else {
            Err(InvalidId::of("sequence (at most 42 bits)"))
        }
    }
}

impl From<Seq> for u64 {
    fn from(seq: Seq) -> u64 {
        seq.0
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which life of a partition's stream a place belongs to; 1 until an operator adopts another stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(u32);

impl Generation {
    /// The generation of a stream nobody ever had to adopt.
    pub const FIRST: Self = Self(1);

    /// From the number stored with the partition.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number itself.
    pub const fn get(self) -> u32 {
        self.0
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name(Uuid);

        impl $name {
            /// From a UUID made elsewhere.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID, for the database.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

uuid_id! {
    /// One shopper: an account, or a guest for the life of a session.
    ShopperId
}
uuid_id! {
    /// One operator command; the same id twice changes a sale once.
    CommandId
}
uuid_id! {
    /// A product of the catalogue.
    ProductId
}

/// A sale's id: a UUIDv8 that begins with the time it was made and carries its partition.
///
/// `unix_ms (48) · version (4) · partition (10) + random (2) · variant (2) · random (62)`.
/// A sale therefore never moves, and partitions can be added without a lookup table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Uuid", into = "Uuid")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SaleId(Uuid);

impl SaleId {
    /// Makes the id of a new sale of `partition`; `random` decides the other 64 bits.
    pub fn new(partition: Partition, made_at: crate::Moment, random: u64) -> Self {
        let made_at = made_at.unix_ms().max(0).cast_unsigned();
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&made_at.to_be_bytes()[2..]);
        let middle = (partition.0 << 2) | u16::from(random.to_be_bytes()[0] >> 6);
        bytes[6..8].copy_from_slice(&middle.to_be_bytes());
        bytes[8..].copy_from_slice(&random.to_be_bytes());
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The partition whose log holds this sale.
    pub fn partition(self) -> Partition {
        let bytes = self.0.as_bytes();
        Partition((u16::from_be_bytes([bytes[6], bytes[7]]) & 0x0fff) >> 2)
    }

    /// The UUID, for the database.
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl TryFrom<Uuid> for SaleId {
    type Error = InvalidId;

    fn try_from(uuid: Uuid) -> Result<Self, InvalidId> {
        if uuid.get_version_num() == 8 && uuid.get_variant() == uuid::Variant::RFC4122 {
            Ok(Self(uuid))
        } else {
            Err(InvalidId::of("sale id (UUIDv8)"))
        }
    }
}

impl From<SaleId> for Uuid {
    fn from(sale: SaleId) -> Uuid {
        sale.0
    }
}

impl FromStr for SaleId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Uuid::try_parse(text)
            .ok()
            .and_then(|uuid| Self::try_from(uuid).ok())
            .filter(|sale| sale.to_string() == text)
            .ok_or(InvalidId::of("sale id (UUIDv8)"))
    }
}

impl fmt::Display for SaleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The first 64 bits of the SHA-256 of an idempotency key.
///
/// It is only ever compared among the keys of one shopper in one sale, where 64 bits leave no
/// accidental collision to fear; eight bytes per winner keep a million winners small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyHash(u64);

impl KeyHash {
    /// Hashes the key a client sent.
    pub fn of(key: &str) -> Self {
        let digest = Sha256::digest(key.as_bytes());
        Self(
            digest
                .iter()
                .take(8)
                .fold(0, |hash, byte| hash << 8 | u64::from(*byte)),
        )
    }

    /// From the number the database keeps.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The hash as a number.
    pub const fn bits(self) -> u64 {
        self.0
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl From<KeyHash> for String {
    fn from(hash: KeyHash) -> String {
        hash.to_string()
    }
}

impl TryFrom<String> for KeyHash {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        u64::from_str_radix(&text, 16)
            .ok()
            .map(Self)
            .filter(|hash| hash.to_string() == text)
            .ok_or(InvalidId::of("key hash (16 hex digits)"))
    }
}
