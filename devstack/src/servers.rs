//! nats-server and Postgres, shared by many tests or private to one.

mod server_process;

pub use server_process::ServerProcess;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use crate::log::{Echo, Log};
use crate::places::{Home, ScratchFolder, make_open_folder, write_secret};
use crate::ports::PortLease;
use crate::role::Passwords;
use crate::{environment, install, nats, postgres};

/// Names the file through which `cargo verify` shares its servers with every test process.
pub const SHARED_BY_VARIABLE: &str = "FIRSTCOME_TEST_SERVERS";

/// Accounts of shared servers. An account is leased once and not reused, as its streams stay; the
/// whole test run takes from these.
const SHARED_ACCOUNTS: usize = 512;

/// Accounts of private servers: one is the rule, a few let a test compare.
const OWN_ACCOUNTS: usize = 8;

/// What a test process has to know of servers that another process started.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Access {
    pub(crate) nats_port: u16,
    pub(crate) postgres_port: u16,
    pub(crate) passwords: Passwords,
    pub(crate) accounts: usize,
    /// A file in here is an account in use.
    pub(crate) leases: PathBuf,
}

/// A nats-server and a Postgres.
pub struct Servers {
    access: Access,
    /// `None` when another process started them.
    ours: Option<Ours>,
}

/// In the order in which they have to go: programs, then their folders, then their ports.
struct Ours {
    nats: ServerProcess,
    postgres: ServerProcess,
    folders: Vec<ScratchFolder>,
    _ports: [PortLease; 2],
}

/// Where the data of servers lives and who may open it.
struct Ground {
    nats: PathBuf,
    postgres: PathBuf,
    scratch: Vec<ScratchFolder>,
    passwords: Passwords,
    accounts: usize,
    echo: bool,
}

impl Servers {
    /// The servers that all tests share: those of `cargo verify` when it started us, else ones that are
    /// started by the first caller in this process and end with it.
    pub async fn shared() -> Result<Arc<Self>> {
        static SHARED: OnceCell<Arc<Servers>> = OnceCell::const_new();
        let servers = SHARED.get_or_try_init(|| async {
            match environment::path(SHARED_BY_VARIABLE) {
                Some(file) => Self::described_by(Path::new(&file)),
                None => Self::scratch(SHARED_ACCOUNTS).await,
            }
        });
        Ok(servers.await?.clone())
    }

    /// Private servers, for tests that stop, kill or pause them.
    pub async fn own() -> Result<Arc<Self>> {
        Self::scratch(OWN_ACCOUNTS).await
    }

    /// Servers whose data stays in `folder` (and Postgres' where its user can reach it); their
    /// output is echoed. The folder is made at the first use; the passwords must be the same ever after.
    pub async fn kept_in(name: &str, passwords: Passwords) -> Result<Arc<Self>> {
        let home = Home::find()?;
        let ground = Ground {
            nats: home.folder.join(name).join("nats"),
            postgres: home.postgres_folder.join(name).join("postgres"),
            scratch: Vec::new(),
            passwords,
            accounts: 1,
            echo: true,
        };
        make_open_folder(&home.folder.join(name))?;
        make_open_folder(&home.postgres_folder.join(name))?;
        Self::start(&home, ground).await
    }

    async fn scratch(accounts: usize) -> Result<Arc<Self>> {
        let home = Home::find()?;
        let nats = ScratchFolder::make(&home.folder)?;
        let postgres = ScratchFolder::make(&home.postgres_folder)?;
        let ground = Ground {
            nats: nats.path().join("nats"),
            postgres: postgres.path().join("postgres"),
            scratch: vec![nats, postgres],
            passwords: Passwords::random(),
            accounts,
            echo: false,
        };
        Self::start(&home, ground).await
    }

    async fn start(home: &Home, ground: Ground) -> Result<Arc<Self>> {
        let ports = [PortLease::any()?, PortLease::any()?];
        let access = Access {
            nats_port: ports[0].port(),
            postgres_port: ports[1].port(),
            passwords: ground.passwords.clone(),
            accounts: ground.accounts,
            leases: ground.nats.join("leases"),
        };
        let (nats, postgres) = prepare(home, &ground, &access).await?;
        make_open_folder(&access.leases)?;
        tokio::try_join!(nats.start(), postgres.start())?;
        let roles = postgres::create_roles(&access.passwords);
        postgres::administer(access.postgres_port, &access.passwords, &roles).await?;
        let ours = Ours {
            nats,
            postgres,
            folders: ground.scratch,
            _ports: ports,
        };
        Ok(Arc::new(Self {
            access,
            ours: Some(ours),
        }))
    }

    /// Writes what another process needs to use these servers; give it the path by
    /// [`SHARED_BY_VARIABLE`].
    pub fn describe(&self, file: &Path) -> Result<()> {
        write_secret(file, &serde_json::to_string(&self.access)?)
    }

    fn described_by(file: &Path) -> Result<Arc<Self>> {
        let text = std::fs::read_to_string(file);
        let text =
            text.with_context(|| format!("{SHARED_BY_VARIABLE} names {}", file.display()))?;
        Ok(Arc::new(Self {
            access: serde_json::from_str(&text)?,
            ours: None,
        }))
    }

    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    /// The nats-server; fails for servers that another process started.
    pub fn nats(&self) -> Result<&ServerProcess> {
        Ok(&self.ours()?.nats)
    }

    /// The Postgres; fails for servers that another process started.
    pub fn postgres(&self) -> Result<&ServerProcess> {
        Ok(&self.ours()?.postgres)
    }

    /// The folders that end with these servers.
    pub fn folders(&self) -> Vec<&Path> {
        self.ours
            .iter()
            .flat_map(|ours| &ours.folders)
            .map(ScratchFolder::path)
            .collect()
    }

    /// Stops both in order: the log first, so that nothing is acknowledged that nobody could decide.
    pub async fn stop(&self) -> Result<()> {
        let ours = self.ours()?;
        ours.nats.stop().await?;
        ours.postgres.stop().await?;
        Ok(())
    }

    fn ours(&self) -> Result<&Ours> {
        self.ours
            .as_ref()
            .context("these servers are shared with other tests: take Servers::own()")
    }
}

/// Finds or fetches the programs and makes their folders; on a thread for blocking work.
async fn prepare(
    home: &Home,
    ground: &Ground,
    access: &Access,
) -> Result<(ServerProcess, ServerProcess)> {
    let log = |name: &str, index| Log::new(ground.echo.then(|| Echo::new(name, index)));
    let (nats_log, postgres_log) = (log("nats", 0), log("postgres", 1));
    let (home, access) = (home.clone(), access.clone());
    let (nats_folder, postgres_folder) = (ground.nats.clone(), ground.postgres.clone());
    let work = move || {
        let Access {
            nats_port,
            postgres_port,
            passwords,
            accounts,
            ..
        } = &access;
        let program = install::nats_server(&home.folder)?;
        let nats = nats::server(
            program,
            &nats_folder,
            *nats_port,
            *accounts,
            passwords,
            nats_log,
        )?;
        let programs = install::postgres(&home.postgres_folder)?;
        let user = home.server_user.clone();
        let postgres = postgres::server(
            &programs,
            &postgres_folder,
            *postgres_port,
            user,
            passwords,
            postgres_log,
        )?;
        Ok((ServerProcess::new(nats), ServerProcess::new(postgres)))
    };
    tokio::task::spawn_blocking(work).await?
}
