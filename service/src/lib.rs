//! Plumbing every process of Firstcome needs, and which knows nothing of sales.
//!
//! A process reads its [`config`], starts its [`telemetry`], makes one [`shutdown::Shutdown`] that says
//! when to stop and in which order, connects to NATS ([`nats`]), tells the world how it is
//! ([`health`], [`metrics`]) and, if it serves HTTP, does so through [`http`], which [`client_address`] tells
//! whom it serves.
//!
//! Deliberately absent: streams and subjects (the crate `sale` names them), Postgres (each crate's
//! `store` opens its own pool), and error bodies (they belong to the HTTP API).

pub mod backoff;
pub mod client_address;
pub mod config;
pub mod health;
pub mod http;
pub mod metrics;
pub mod nats;
pub mod open_files;
pub mod shutdown;
pub mod telemetry;
