//! Stories about the front door: what comes in, what is kept out, and what a 202 is worth. On real
//! servers, with the real processes.

mod request;
mod shop;

mod description;
mod durability;
mod front_door;
mod limits;
mod refusals;
mod walkthrough;
