//! Who connects to the servers, and with which passwords.

use serde::{Deserialize, Serialize};

/// The users of the log and of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `allocator setup`: user `admin` of NATS, owner of the database.
    Setup,
    /// The process of that name.
    Ingress,
    /// The process of that name.
    Allocator,
    /// The process of that name.
    Notifier,
    /// Who judges a load test: reads the log, decisions and orders.
    Auditor,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Setup,
        Self::Ingress,
        Self::Allocator,
        Self::Notifier,
        Self::Auditor,
    ];

    /// The NATS user, before the account's name is appended.
    pub fn nats_user(self) -> &'static str {
        match self {
            Self::Setup => "admin",
            Self::Ingress => "ingress",
            Self::Allocator => "allocator",
            Self::Notifier => "notifier",
            Self::Auditor => "auditor",
        }
    }

    /// The Postgres role.
    pub fn postgres_role(self) -> &'static str {
        match self {
            Self::Setup => "firstcome_owner",
            Self::Ingress => "firstcome_ingress",
            Self::Allocator => "firstcome_allocator",
            Self::Notifier => "firstcome_notifier",
            Self::Auditor => "firstcome_auditor",
        }
    }
}

/// The passwords of one pair of servers; the same in every account and database on them.
#[derive(Clone, Serialize, Deserialize)]
pub struct Passwords {
    superuser: String,
    setup: String,
    ingress: String,
    allocator: String,
    notifier: String,
    /// Servers that were kept before there was an auditor have none; then the role is made with this one.
    #[serde(default = "random_hex")]
    auditor: String,
}

impl Passwords {
    /// New ones.
    pub fn random() -> Self {
        Self {
            superuser: random_hex(),
            setup: random_hex(),
            ingress: random_hex(),
            allocator: random_hex(),
            notifier: random_hex(),
            auditor: random_hex(),
        }
    }

    /// The password of a role, for NATS and for Postgres.
    pub fn of(&self, role: Role) -> &str {
        match role {
            Role::Setup => &self.setup,
            Role::Ingress => &self.ingress,
            Role::Allocator => &self.allocator,
            Role::Notifier => &self.notifier,
            Role::Auditor => &self.auditor,
        }
    }

    /// The password of the Postgres user `postgres`.
    pub(crate) fn superuser(&self) -> &str {
        &self.superuser
    }
}

/// 256 random bits as 64 hex digits: safe in URLs, configuration files and SQL, and the form of our keys.
pub(crate) fn random_hex() -> String {
    use std::fmt::Write;
    rand::random::<[u8; 32]>()
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
