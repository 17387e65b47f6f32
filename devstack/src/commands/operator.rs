//! An account for the console.

use anyhow::{Result, ensure};
use devstack::Stack;

/// Whose it is; nobody's mail.
pub(super) const EMAIL: &str = "operator@example.org";

pub(super) fn random_password() -> String {
    format!("{:016x}", rand::random::<u64>())
}

/// Makes it. Data that was kept has it already, with the password that was kept with it.
pub(super) async fn make(stack: &Stack, password: &str, may_be_there: bool) -> Result<()> {
    let arguments = ["create-operator", "--email", EMAIL];
    let made = stack.ingress_command(&arguments, password).await?;
    let said = String::from_utf8_lossy(&made.stderr);
    let is_there = may_be_there && said.contains("there is an account of");
    ensure!(
        made.status.success() || is_there,
        "cannot make an operator: {said}"
    );
    Ok(())
}
