//! Stories about the tool itself, run as a person runs it. Small: what is shown is that figures come out and that they
//! are of real answers, not how large they are.

mod calibrate;
mod ceiling;
mod crowd;
mod drain;
mod failover;
mod room;
mod run;
mod target;
mod watch;
