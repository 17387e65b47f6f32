//! However an owner ends, nothing of its servers stays.

use anyhow::{Result, ensure};

use crate::held::Held;

#[test]
fn an_owner_that_returns_leaves_nothing() -> Result<()> {
    Held::start(&mut Held::command())?.leaves_nothing()?;
    Ok(())
}

#[test]
fn a_killed_owner_leaves_nothing() -> Result<()> {
    let mut held = Held::start(&mut Held::command())?;
    held.kill()?;
    held.leaves_nothing()?;
    Ok(())
}

#[test]
fn a_panicking_owner_with_its_servers_in_a_static_leaves_nothing() -> Result<()> {
    let held = Held::start(Held::command().args(["--then", "panic"]))?;
    let said = held.leaves_nothing()?;
    ensure!(said.contains("panicked"), "it did not panic: {said}");
    Ok(())
}
