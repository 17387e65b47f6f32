//! All SQL of the ingress that is not about tickets (those are `feed`'s), by what it reads.

pub(crate) mod accounts;
pub(crate) mod catalogue;
pub(crate) mod commands;
pub(crate) mod operations;
pub(crate) mod orders;
