//! How each process of a stack is started.

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::builder::Settings;
use crate::binaries;
use crate::environment::inherited;
use crate::log::{Echo, Log};
use crate::ports::PortLease;
use crate::process::Process;
use crate::program::{Program, Ready, Spec};
use crate::role::Role;
use crate::tenant::Tenant;

/// A log of a test: more than any test writes, and small enough that hundreds fit what one
/// nats-server may promise.
const LOG_MAX_BYTES: &str = "268435456";

/// A command that ends by itself: migrations and streams, on a machine that is busy with other tests.
const COMMAND_LIMIT: Duration = Duration::from_secs(60);

/// Everything to start a process of the stack from.
pub(super) struct Blueprint {
    pub(super) programs: PathBuf,
    pub(super) tenant: Tenant,
    pub(super) settings: Settings,
}

impl Blueprint {
    /// Runs `allocator` with these arguments as the database's owner; gives what it printed.
    pub(super) async fn administer(&self, arguments: &[&str]) -> Result<String> {
        let partitions = self.settings.partitions.to_string();
        let own = [
            ("PARTITIONS", partitions.as_str()),
            ("LOG_REPLICAS", "1"),
            ("LOG_MAX_BYTES", LOG_MAX_BYTES),
        ];
        self.run("allocator", arguments, self.variables(Role::Setup, &own))
            .await
    }

    /// Runs `allocator` with these arguments as the allocator, whatever comes of it.
    pub(super) async fn allocator_command(&self, arguments: &[&str]) -> Result<Output> {
        let own = [("TICKET_KEYS", self.settings.keys.tickets.as_str())];
        let variables = self.variables(Role::Allocator, &own);
        self.output("allocator", arguments, variables, "").await
    }

    /// Runs `ingress` with these arguments as the ingress, told this on its standard input, whatever
    /// comes of it.
    pub(super) async fn ingress_command(&self, arguments: &[&str], told: &str) -> Result<Output> {
        let own = [("SESSION_KEYS", self.settings.keys.sessions.as_str())];
        let variables = self.variables(Role::Ingress, &own);
        self.output("ingress", arguments, variables, told).await
    }

    /// `ingress operator-token`.
    pub(super) async fn operator_token(&self) -> Result<String> {
        let keys = vec![(
            "SESSION_KEYS".to_owned(),
            self.settings.keys.sessions.clone(),
        )];
        Ok(self
            .run("ingress", &["operator-token"], keys)
            .await?
            .trim()
            .to_owned())
    }

    pub(super) fn allocator(&self, index: usize) -> Result<Process> {
        let own = [("TICKET_KEYS", self.settings.keys.tickets.as_str())];
        self.process(Role::Allocator, index, PortLease::any()?, &own)
    }

    pub(super) fn notifier(&self, index: usize) -> Result<Process> {
        let own = [
            ("TICKET_KEYS", self.settings.keys.tickets.as_str()),
            ("ALLOWED_ORIGINS", "*"),
            // All clients of a test come from one address.
            ("CONNECTIONS_PER_ADDRESS_MAX", "1000000"),
        ];
        self.process(Role::Notifier, index, PortLease::any()?, &own)
    }

    pub(super) fn ingress(&self, index: usize, live_url: Option<&str>) -> Result<Process> {
        let program = binaries::program(&self.programs, Role::Ingress.nats_user())?;
        self.ingress_of(program, index, live_url)
    }

    /// An ingress of another program that takes the same settings.
    pub(super) fn ingress_of(
        &self,
        program: PathBuf,
        index: usize,
        live_url: Option<&str>,
    ) -> Result<Process> {
        let port = match self.settings.ingress_port {
            Some(port) if index == 0 => {
                PortLease::exactly(port)?.with_context(|| format!("port {port} is taken"))?
            }
            _ => PortLease::any()?,
        };
        let mut own = vec![
            ("TICKET_KEYS", self.settings.keys.tickets.as_str()),
            ("SESSION_KEYS", self.settings.keys.sessions.as_str()),
            ("GUEST_SESSIONS", "true"),
            // Browsers reach it over plain HTTP.
            ("COOKIE_SECURE", "false"),
            // All shoppers of a test come from one address.
            ("RATE_LIMITS", "off"),
        ];
        own.extend(live_url.map(|url| ("LIVE_URL", url)));
        self.process_of(program, Role::Ingress, index, port, &own)
    }

    fn process(
        &self,
        role: Role,
        index: usize,
        service: PortLease,
        own: &[(&str, &str)],
    ) -> Result<Process> {
        let program = binaries::program(&self.programs, role.nats_user())?;
        self.process_of(program, role, index, service, own)
    }

    fn process_of(
        &self,
        program: PathBuf,
        role: Role,
        index: usize,
        service: PortLease,
        own: &[(&str, &str)],
    ) -> Result<Process> {
        let health = PortLease::any()?;
        let (listen_addr, health_addr) = (service.addr().to_string(), health.addr().to_string());
        let mut own = own.to_vec();
        own.extend([
            ("HEALTH_ADDR", health_addr.as_str()),
            ("LISTEN_ADDR", listen_addr.as_str()),
        ]);
        let name = format!("{} {index}", role.nats_user());
        // After nats and postgres, which have the first two colours.
        let echo = self
            .settings
            .has_echo
            .then(|| Echo::new(&name, 2 + role as usize + index));
        let spec = Spec {
            name,
            path: program,
            arguments: vec!["serve".to_owned()],
            environment: self.variables(role, &own),
            user: None,
            ready: Ready::Health(health.addr()),
            stop_signal: Signal::TERM,
            last_signal: Signal::KILL,
            has_offspring: false,
        };
        Ok(Process {
            program: Program::new(spec, Log::new(echo)),
            service,
            health,
        })
    }

    /// A process's environment: the servers, the stack's own values, then what the test wants.
    fn variables(&self, role: Role, own: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut all = self.tenant.environment(role);
        // Colours would be in the middle of what tests look for.
        let common = [("LOG_FORMAT", "text"), ("NO_COLOR", "1")];
        all.extend(
            common
                .iter()
                .chain(own)
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let wanted = self
            .settings
            .environment
            .iter()
            .filter(|(whose, ..)| *whose == role);
        all.extend(wanted.map(|(_, name, value)| (name.clone(), value.clone())));
        all
    }

    async fn run(
        &self,
        program: &str,
        arguments: &[&str],
        environment: Vec<(String, String)>,
    ) -> Result<String> {
        let Output {
            status,
            stdout,
            stderr,
        } = self.output(program, arguments, environment, "").await?;
        let said = String::from_utf8_lossy(&stderr);
        ensure!(
            status.success(),
            "{program} {arguments:?} failed ({status}):\n{said}"
        );
        Ok(String::from_utf8(stdout)?)
    }

    async fn output(
        &self,
        program: &str,
        arguments: &[&str],
        environment: Vec<(String, String)>,
        told: &str,
    ) -> Result<Output> {
        let mut command = Command::new(binaries::program(&self.programs, program)?);
        command
            .args(arguments)
            .env_clear()
            .envs(inherited())
            .envs(environment);
        command
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let output = tokio::time::timeout(COMMAND_LIMIT, tell(command, told)).await;
        let output = output.with_context(|| format!("{program} {arguments:?} took too long"))?;
        output.with_context(|| format!("cannot run {program}"))
    }
}

/// Runs a command that reads this and no more.
async fn tell(mut command: Command, told: &str) -> Result<Output> {
    let mut child = command.spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // One that ends without reading is no failure of ours.
        let _ = input.write_all(told.as_bytes()).await;
    }
    Ok(child.wait_with_output().await?)
}
