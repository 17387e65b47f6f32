//! What a stack shall look like, and starting it.

use std::sync::Arc;

use anyhow::Result;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::Stack;
use super::blueprint::Blueprint;
use crate::binaries;
use crate::process::Process;
use crate::role::{Role, random_hex};
use crate::servers::Servers;
use crate::tenant::Tenant;

/// The secrets that the processes of a stack share.
#[derive(Clone, Serialize, Deserialize)]
pub struct Keys {
    /// Value of `TICKET_KEYS`.
    pub tickets: String,
    /// Value of `SESSION_KEYS`.
    pub sessions: String,
}

impl Keys {
    /// One new key for each.
    pub fn random() -> Self {
        Self {
            tickets: random_hex(),
            sessions: random_hex(),
        }
    }
}

/// Describes a [`Stack`].
pub struct StackBuilder {
    ingress: usize,
    allocators: usize,
    notifiers: usize,
    servers: Option<Arc<Servers>>,
    tenant: Option<Tenant>,
    settings: Settings,
}

/// What every process of a stack depends on.
pub(super) struct Settings {
    pub(super) partitions: u16,
    pub(super) keys: Keys,
    pub(super) environment: Vec<(Role, String, String)>,
    pub(super) ingress_port: Option<u16>,
    pub(super) has_echo: bool,
}

impl Default for StackBuilder {
    fn default() -> Self {
        let settings = Settings {
            partitions: 1,
            keys: Keys::random(),
            environment: Vec::new(),
            ingress_port: None,
            has_echo: false,
        };
        Self {
            ingress: 1,
            allocators: 1,
            notifiers: 1,
            servers: None,
            tenant: None,
            settings,
        }
    }
}

impl StackBuilder {
    /// How many logs; 1 if not said.
    pub fn partitions(mut self, count: u16) -> Self {
        self.settings.partitions = count;
        self
    }

    /// How many ingress processes; 1 if not said.
    pub fn ingress(mut self, count: usize) -> Self {
        self.ingress = count;
        self
    }

    /// How many allocators; 1 if not said.
    pub fn allocators(mut self, count: usize) -> Self {
        self.allocators = count;
        self
    }

    /// How many notifiers; 1 if not said.
    pub fn notifiers(mut self, count: usize) -> Self {
        self.notifiers = count;
        self
    }

    /// Sets a variable of every process of a role, over the stack's own value.
    pub fn env(mut self, role: Role, name: &str, value: &str) -> Self {
        self.settings
            .environment
            .push((role, name.to_owned(), value.to_owned()));
        self
    }

    /// Uses these servers instead of the shared ones.
    pub fn on(mut self, servers: &Arc<Servers>) -> Self {
        self.servers = Some(servers.clone());
        self
    }

    /// Works for this tenant instead of a new one.
    pub fn tenant(mut self, tenant: Tenant) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// Uses these keys instead of random ones.
    pub fn with_keys(mut self, keys: Keys) -> Self {
        self.settings.keys = keys;
        self
    }

    /// Puts the first ingress on this port.
    pub fn ingress_port(mut self, port: u16) -> Self {
        self.settings.ingress_port = Some(port);
        self
    }

    /// Prints what the processes log.
    pub fn echo(mut self) -> Self {
        self.settings.has_echo = true;
        self
    }

    /// Builds the programs, runs `allocator setup`, starts every process and returns when all are ready.
    pub async fn start(self) -> Result<Stack> {
        let programs = binaries::folder().await?;
        let tenant = match (self.tenant, &self.servers) {
            (Some(tenant), _) => tenant,
            (None, Some(servers)) => Tenant::lease(servers).await?,
            (None, None) => Tenant::lease(&Servers::shared().await?).await?,
        };
        let blueprint = Blueprint {
            programs,
            tenant,
            settings: self.settings,
        };
        blueprint.administer(&["setup"]).await?;
        let allocators = collect(self.allocators, |index| blueprint.allocator(index))?;
        let notifiers = collect(self.notifiers, |index| blueprint.notifier(index))?;
        let live_url = notifiers.first().map(Process::live_url);
        let ingress = collect(self.ingress, |index| {
            blueprint.ingress(index, live_url.as_deref())
        })?;
        let pool = blueprint.tenant.pool(Role::Setup);
        let stack = Stack {
            ingress,
            allocators,
            notifiers,
            pool,
            blueprint,
        };
        try_join_all(stack.processes().map(Process::start)).await?;
        Ok(stack)
    }
}

fn collect(count: usize, make: impl Fn(usize) -> Result<Process>) -> Result<Vec<Process>> {
    (0..count).map(make).collect()
}
