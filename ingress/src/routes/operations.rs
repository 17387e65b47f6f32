//! What people see who look after the system. For operators only.

pub(crate) mod audit;
pub(crate) mod books;
pub(crate) mod partitions;
pub(crate) mod tickets;
pub(crate) mod traffic;
