//! devstack on real servers: what it starts, and that nothing of it stays.

mod auditing;
mod balancer;
mod held;
mod installs;
mod leftovers;
mod live;
mod servers;
mod stacks;
