//! Stories about deciding: the log goes in, and what comes out is right, once, and in order. On real
//! servers, with the real processes.

mod shop;

mod constraints;
mod halts;
mod ownership;
mod records;
mod replay;
mod replay_check;
mod setup;
