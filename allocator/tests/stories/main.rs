//! Stories about deciding: the log goes in, and what comes out is right, once, and in order. On real
//! servers, with the real processes.

mod adopt;
mod commands;
mod condition;
mod constraints;
mod cuts;
mod damage;
mod halts;
mod horizon;
mod loading;
mod outages;
mod ownership;
mod proof;
mod records;
mod refusals;
mod replay;
mod replay_check;
mod restore;
mod setup;
mod shop;
mod spread;
mod witness;
mod writer;
mod zombies;
