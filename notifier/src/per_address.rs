//! How many connections each address has, so that one alone cannot take all there may be.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts connections by address. Clones share it. No larger than there are connections.
#[derive(Clone, Debug)]
pub(crate) struct PerAddress {
    max: u32,
    connections: Arc<Mutex<HashMap<IpAddr, u32>>>,
}

/// One connection of an address; gives its place back when it is dropped.
#[derive(Debug)]
pub(crate) struct Counted {
    all: PerAddress,
    address: IpAddr,
}

impl PerAddress {
    pub(crate) fn new(max: u32) -> Self {
        Self {
            max,
            connections: Arc::default(),
        }
    }

    /// Counts one more, unless there are as many as may be.
    pub(crate) fn admit(&self, address: IpAddr) -> Option<Counted> {
        let mut connections = self.lock();
        let count = connections.entry(address).or_insert(0);
        if *count >= self.max {
            return None;
        }
        *count += 1;
        drop(connections);
        Some(Counted {
            all: self.clone(),
            address,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, u32>> {
        // Nothing panics between two steps that belong together.
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut connections = self.all.lock();
        if let Some(count) = connections.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                connections.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn an_address_has_so_many_places_and_gets_them_back() {
        let all = PerAddress::new(2);
        let first = all.admit(address(1)).unwrap();
        let _second = all.admit(address(1)).unwrap();
        assert!(all.admit(address(1)).is_none(), "a third");
        let _other = all.admit(address(2)).unwrap();
        drop(first);
        let _again = all.admit(address(1)).unwrap();
        assert!(all.admit(address(1)).is_none(), "a third again");
    }

    #[test]
    fn an_address_without_connections_is_forgotten() {
        let all = PerAddress::new(1);
        drop((all.admit(address(1)), all.admit(address(2))));
        assert!(all.lock().is_empty());
    }
}
