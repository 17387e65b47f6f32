//! Ports of our own: leased across processes, so that tests running at once do not collide and a
//! restarted process gets the port it had.

use std::fs::{self, File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// Below every system's ephemeral range (Linux starts at 32768): no outgoing connection takes one.
const RANGE: Range<u16> = 10_000..30_000;

/// A full range is not the reason when this many random ports are taken; something else is wrong.
const ATTEMPTS: usize = 200;

/// A port on 127.0.0.1 that is ours until this is dropped or the process ends.
#[derive(Debug)]
pub struct PortLease {
    port: u16,
    /// Holds the exclusive lock. The file itself stays: removing a locked file races with its next holder.
    _lock: File,
}

impl PortLease {
    /// Leases a random free port.
    pub fn any() -> Result<Self> {
        for _ in 0..ATTEMPTS {
            if let Some(lease) = Self::exactly(rand::random_range(RANGE))? {
                return Ok(lease);
            }
        }
        bail!(
            "found no free port between {} and {} in {ATTEMPTS} attempts",
            RANGE.start,
            RANGE.end
        )
    }

    /// Leases this port, or says `None` when somebody has it.
    pub fn exactly(port: u16) -> Result<Option<Self>> {
        let path = leases_folder()?.join(port.to_string());
        let lock = OpenOptions::new().create(true).append(true).open(&path);
        let lock = lock.with_context(|| format!("cannot open {}", path.display()))?;
        let ours = lock.try_lock().is_ok();
        let free = ours && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        Ok(free.then_some(Self { port, _lock: lock }))
    }

    /// Its address.
    pub fn addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Its number.
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// One folder per user, whatever the checkout: ports belong to the machine. Between users the check
/// that the port can be bound has to do.
fn leases_folder() -> Result<PathBuf> {
    let user = rustix::process::getuid().as_raw();
    let folder = std::env::temp_dir().join(format!("firstcome-ports-{user}"));
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leased_port_is_nobody_elses_until_it_is_given_back() {
        let lease = PortLease::any().expect("a port");
        let port = lease.port();
        assert!(PortLease::exactly(port).expect("a lease file").is_none());
        drop(lease);
        assert!(PortLease::exactly(port).expect("a lease file").is_some());
    }

    #[test]
    fn a_port_somebody_listens_on_is_not_leased() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        assert!(PortLease::exactly(port).expect("a lease file").is_none());
    }
}
