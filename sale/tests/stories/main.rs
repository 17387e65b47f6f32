//! The pure domain's tests: stories about single rulings, properties over random logs, and the
//! bytes other programs depend on.
//!
//! | module | what it holds against the crate |
//! |---|---|
//! | [`purchases`], [`commands`], [`terms`] | one named story for each ruling |
//! | [`properties`] | random logs: a naive [`model`], a pretended database ([`storage`]), invariants |
//! | [`records`], [`feed`] | golden fixtures in `fixtures/` |
//! | [`unreadable`] | everything the log must refuse, and what must stop it |
//! | [`tickets`], [`names`] | bits and spellings; vectors computed by other programs |
#![allow(
    clippy::unwrap_used,
    reason = "a test that meets a surprise should stop where it met it"
)]

mod story;

mod commands;
mod purchases;
mod terms;

mod logs;
mod model;
mod properties;
mod regroup;
mod storage;

mod feed;
mod records;
mod unreadable;

mod names;
mod tickets;
