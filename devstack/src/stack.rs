//! The whole product at work for one tenant.

mod blueprint;
mod builder;

pub use builder::{Keys, StackBuilder};

use std::path::PathBuf;
use std::process::Output;
use std::sync::Arc;

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use sqlx::PgPool;

use blueprint::Blueprint;

use crate::client::{OpenSale, Operator};
use crate::process::Process;
use crate::role::Role;
use crate::servers::Servers;
use crate::tenant::Tenant;

/// Lines of each process that a failing test prints.
const EXPLAINING_LINES: usize = 60;

/// Running processes and their tenant. Dropping it kills them; [`Stack::stop`] stops them in order.
pub struct Stack {
    ingress: Vec<Process>,
    allocators: Vec<Process>,
    notifiers: Vec<Process>,
    pool: PgPool,
    /// Last, as it holds the tenant that the processes work for.
    blueprint: Blueprint,
}

impl Stack {
    /// One of each process on the shared servers, unless told otherwise.
    pub fn builder() -> StackBuilder {
        StackBuilder::default()
    }

    /// The `index`-th ingress.
    ///
    /// # Panics
    /// When there are not so many.
    pub fn ingress(&self, index: usize) -> &Process {
        &self.ingress[index]
    }

    /// The `index`-th allocator.
    ///
    /// # Panics
    /// When there are not so many.
    pub fn allocator(&self, index: usize) -> &Process {
        &self.allocators[index]
    }

    /// The `index`-th notifier.
    ///
    /// # Panics
    /// When there are not so many.
    pub fn notifier(&self, index: usize) -> &Process {
        &self.notifiers[index]
    }

    /// All processes, in the order in which they stop.
    pub fn processes(&self) -> impl Iterator<Item = &Process> {
        self.ingress
            .iter()
            .chain(&self.notifiers)
            .chain(&self.allocators)
    }

    /// The database as its owner.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The account and the database.
    pub fn tenant(&self) -> &Tenant {
        &self.blueprint.tenant
    }

    /// The servers.
    pub fn servers(&self) -> &Arc<Servers> {
        self.tenant().servers()
    }

    /// The keys that its processes share.
    pub fn keys(&self) -> &Keys {
        &self.blueprint.settings.keys
    }

    /// Sets a variable of every process of a role that is added from here on, over the stack's own value.
    pub fn set_env(&mut self, role: Role, name: &str, value: &str) {
        let variable = (role, name.to_owned(), value.to_owned());
        self.blueprint.settings.environment.push(variable);
    }

    /// Starts one more ingress and gives its index.
    pub async fn add_ingress(&mut self) -> Result<usize> {
        let index = self.ingress.len();
        let live_url = self.notifiers.first().map(Process::live_url);
        let process = self.blueprint.ingress(index, live_url.as_deref())?;
        process.start().await?;
        self.ingress.push(process);
        Ok(index)
    }

    /// Starts one more ingress from another program, which takes the same settings, and gives its index.
    pub async fn add_ingress_of(&mut self, program: PathBuf) -> Result<usize> {
        let index = self.ingress.len();
        let live_url = self.notifiers.first().map(Process::live_url);
        let process = self
            .blueprint
            .ingress_of(program, index, live_url.as_deref())?;
        process.start().await?;
        self.ingress.push(process);
        Ok(index)
    }

    /// Starts one more allocator and gives its index.
    pub async fn add_allocator(&mut self) -> Result<usize> {
        let index = self.allocators.len();
        let process = self.blueprint.allocator(index)?;
        process.start().await?;
        self.allocators.push(process);
        Ok(index)
    }

    /// Starts one more notifier and gives its index.
    pub async fn add_notifier(&mut self) -> Result<usize> {
        let index = self.notifiers.len();
        let process = self.blueprint.notifier(index)?;
        process.start().await?;
        self.notifiers.push(process);
        Ok(index)
    }

    /// A bearer token with an operator's role, as `ingress operator-token` prints it.
    pub async fn operator_token(&self) -> Result<String> {
        self.blueprint.operator_token().await
    }

    /// An operator at the first ingress.
    pub async fn operator(&self) -> Result<Operator> {
        Ok(Operator::new(
            &self.ingress(0).url(),
            &self.operator_token().await?,
        ))
    }

    /// Opens a sale at the first ingress; gives its id once every ingress knows it, for the feed tells the
    /// others a moment later.
    pub async fn open_sale(&self, sale: &OpenSale) -> Result<String> {
        let sale = self.operator().await?.open_sale(sale).await?;
        for ingress in &self.ingress {
            ingress.knows(&sale).await?;
        }
        Ok(sale)
    }

    /// Runs `allocator` with these arguments as the database's owner, such as `["setup"]`, and gives what
    /// it printed.
    pub async fn administer(&self, arguments: &[&str]) -> Result<String> {
        self.blueprint.administer(arguments).await
    }

    /// Runs `allocator` with these arguments as the allocator, such as `["replay", "--check"]`, and gives
    /// what came of it, exit status included.
    pub async fn allocator_command(&self, arguments: &[&str]) -> Result<Output> {
        self.blueprint.allocator_command(arguments).await
    }

    /// Runs `ingress` with these arguments as the ingress, such as `["create-operator", "--email", …]`, with
    /// this on its standard input, and gives what came of it, exit status included.
    pub async fn ingress_command(&self, arguments: &[&str], told: &str) -> Result<Output> {
        self.blueprint.ingress_command(arguments, told).await
    }

    /// Stops every process that runs, in order: first who takes in work, then who decides it. Fails when
    /// one does not end well. The servers stay.
    pub async fn stop(&self) -> Result<()> {
        stop_all(self.ingress.iter().chain(&self.notifiers)).await?;
        stop_all(self.allocators.iter()).await
    }
}

impl Stack {
    fn print_logs(&self) {
        for process in self.processes() {
            let (name, lines) = (process.program.name(), process.log().tail(EXPLAINING_LINES));
            eprintln!("--- {name}\n{lines}");
        }
    }
}

async fn stop_all(processes: impl Iterator<Item = &Process>) -> Result<()> {
    let running = processes.filter(|process| process.pid().is_some());
    try_join_all(running.map(|process| async {
        let status = process.terminate().await?;
        ensure!(
            status.success(),
            "{} stopped with {status}:\n{}",
            process.program.name(),
            process.log().tail(EXPLAINING_LINES)
        );
        Ok(())
    }))
    .await?;
    Ok(())
}

impl Drop for Stack {
    fn drop(&mut self) {
        // A test that fails does not get to its `stop`; one that succeeds has its output swallowed.
        let was_stopped = self.processes().all(|process| process.pid().is_none());
        if std::thread::panicking() || !(was_stopped || self.blueprint.settings.has_echo) {
            self.print_logs();
        }
        for process in self.processes() {
            process.program.end_now();
        }
    }
}
