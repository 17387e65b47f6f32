//! Stories about the front door: what comes in, what is kept out, and what a 202 is worth. On real
//! servers, with the real processes.

mod request;
mod shop;
mod tokens;
mod wire;

mod accounts;
mod books;
mod catalogue;
mod commands;
mod description;
mod downloads;
mod drain;
mod durability;
mod every_operation;
mod extremes;
mod front_door;
mod hardening;
mod keys;
mod limits;
mod operate;
mod operations;
mod operators;
mod orders;
mod other_sites;
mod rate_limits;
mod refusals;
mod refused_unread;
mod sessions;
mod slow_clients;
mod static_files;
mod traffic;
mod walkthrough;
