//! The handlers, one file for each noun of the API. They are short: extract, admit, act, respond.

pub(crate) mod accounts;
pub(crate) mod operate;
pub(crate) mod operations;
pub(crate) mod orders;
pub(crate) mod page;
pub(crate) mod products;
pub(crate) mod purchases;
pub(crate) mod sale_orders;
pub(crate) mod sales;
pub(crate) mod sessions;
pub(crate) mod tickets;
