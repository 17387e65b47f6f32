//! Stories about deciding: the log goes in, and what comes out is right, once, and in order. On real
//! servers, with the real processes.

mod proof;
mod shop;
mod writer;

mod commands;
mod constraints;
mod cuts;
mod damage;
mod halts;
mod loading;
mod outages;
mod ownership;
mod records;
mod refusals;
mod replay;
mod setup;
mod zombies;
