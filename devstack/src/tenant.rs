//! What one test owns on the servers: a NATS account and a database.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::role::Role;
use crate::servers::{Access, Servers};
use crate::{nats, postgres};

/// Connections of a test's own pool; the stack's pools need the rest.
const POOL_SIZE: u32 = 4;

/// A connection that takes longer has no server to talk to.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// A NATS account and a database of its own. The database is dropped with it; the account is not used again.
pub struct Tenant {
    servers: Arc<Servers>,
    account: String,
    database: String,
    is_kept: bool,
}

impl Tenant {
    /// A new account and an empty database without a schema.
    pub async fn lease(servers: &Arc<Servers>) -> Result<Self> {
        let account = lease_account(servers.access())?;
        let database = format!("{account}_{:08x}", rand::random::<u32>());
        let tenant = Self {
            servers: servers.clone(),
            account,
            database,
            is_kept: false,
        };
        tenant.administer(&tenant.create_database()).await?;
        Ok(tenant)
    }

    /// The first account and a database that stays, for servers that are kept.
    pub async fn kept(servers: &Arc<Servers>) -> Result<Self> {
        let tenant = Self {
            servers: servers.clone(),
            account: nats::account(0),
            database: "firstcome".to_owned(),
            is_kept: true,
        };
        let access = servers.access();
        if !postgres::has_database(access.postgres_port, &access.passwords, &tenant.database)
            .await?
        {
            tenant.administer(&tenant.create_database()).await?;
        }
        Ok(tenant)
    }

    /// The servers it is on.
    pub fn servers(&self) -> &Arc<Servers> {
        &self.servers
    }

    /// `nats://127.0.0.1:<port>`.
    pub fn nats_url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.servers.access().nats_port)
    }

    /// User and password of a role on NATS.
    pub fn nats_login(&self, role: Role) -> (String, String) {
        (nats::user(role, &self.account), self.password(role))
    }

    /// A connection to NATS as a role, with the permissions of its process.
    pub async fn nats(&self, role: Role) -> Result<async_nats::Client> {
        let (user, password) = self.nats_login(role);
        let options = async_nats::ConnectOptions::with_user_and_password(user, password);
        let options = options.custom_inbox_prefix(format!("_INBOX_{}", role.nats_user()));
        Ok(options.connect(self.nats_url()).await?)
    }

    /// The database's URL for a role, password included.
    pub fn database_url(&self, role: Role) -> String {
        let (port, database) = (self.servers.access().postgres_port, &self.database);
        format!(
            "postgres://{}:{}@127.0.0.1:{port}/{database}",
            role.postgres_role(),
            self.password(role)
        )
    }

    /// How to connect to the database as a role.
    pub fn database_options(&self, role: Role) -> PgConnectOptions {
        let port = self.servers.access().postgres_port;
        postgres::options(
            port,
            role.postgres_role(),
            &self.password(role),
            &self.database,
        )
    }

    /// A small pool as a role; `Role::Setup` owns the database. Connects at the first use.
    pub fn pool(&self, role: Role) -> PgPool {
        let options = PgPoolOptions::new()
            .max_connections(POOL_SIZE)
            .acquire_timeout(CONNECT_LIMIT);
        options.connect_lazy_with(self.database_options(role))
    }

    /// The variables by which a process reaches its servers.
    pub fn environment(&self, role: Role) -> Vec<(String, String)> {
        let (user, password) = self.nats_login(role);
        let variables = [
            ("NATS_URL", self.nats_url()),
            ("NATS_USER", user),
            ("NATS_PASSWORD", password),
            ("DATABASE_URL", self.database_url(role)),
        ];
        variables
            .map(|(name, value)| (name.to_owned(), value))
            .to_vec()
    }

    fn password(&self, role: Role) -> String {
        self.servers.access().passwords.of(role).to_owned()
    }

    fn create_database(&self) -> [String; 1] {
        let owner = Role::Setup.postgres_role();
        [format!("CREATE DATABASE {} OWNER {owner}", self.database)]
    }

    async fn administer(&self, statements: &[String]) -> Result<()> {
        let access = self.servers.access();
        postgres::administer(access.postgres_port, &access.passwords, statements).await
    }

    /// On a thread of its own: a destructor cannot wait, and its runtime may be ending. When it fails,
    /// the database goes with the server.
    fn drop_database(&self) {
        let access = self.servers.access().clone();
        let statements = [format!(
            "DROP DATABASE IF EXISTS {} WITH (FORCE)",
            self.database
        )];
        let work = move || -> Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            let dropped =
                postgres::administer(access.postgres_port, &access.passwords, &statements);
            runtime
                .block_on(dropped)
                .context("cannot drop a test's database")
        };
        let _ = std::thread::Builder::new()
            .name("drop-database".into())
            .spawn(work);
    }
}

impl Drop for Tenant {
    fn drop(&mut self) {
        // Private servers end with their test, and may be paused or dead by now.
        if !self.is_kept && self.servers.nats().is_err() {
            self.drop_database();
        }
    }
}

/// Takes an account that nobody had before.
fn lease_account(access: &Access) -> Result<String> {
    for index in 0..access.accounts {
        let name = nats::account(index);
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(access.leases.join(&name))
        {
            Ok(_) => return Ok(name),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => bail!("cannot lease a NATS account: {error}"),
        }
    }
    bail!(
        "all {} NATS accounts of these servers are used",
        access.accounts
    )
}
