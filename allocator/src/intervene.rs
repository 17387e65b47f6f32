//! `allocator lift-halt` and `allocator restored`: an operator lets things go on.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::{Context, bail};
use sale::Partition;
use sqlx::PgConnection;

use crate::config::{LiftHalt, Restored};
use crate::store;

/// Lifts the halt of a partition whose cause was put right.
pub(crate) async fn lift_halt(
    config: &LiftHalt,
    postgres: &mut PgConnection,
) -> anyhow::Result<()> {
    let partition = Partition::try_from(config.partition)?;
    let lifted = store::lift_halt(postgres, partition, &config.why.by, &config.why.reason).await?;
    let Some(halted) = lifted else {
        bail!("partition {partition} has not halted");
    };
    println!("Partition {partition} goes on. It had halted on: {halted}");
    Ok(())
}

/// Makes everybody forget what a Postgres that was put back to a backup does not know.
pub(crate) async fn restored(config: &Restored, postgres: &mut PgConnection) -> anyhow::Result<()> {
    let partitions = store::jump_epochs(postgres, &config.why.by, &config.why.reason).await?;
    println!(
        "{partitions} partitions have a new epoch. Their logs are decided again from the backup on."
    );
    Ok(())
}

/// Asks the operator to repeat a word, on a terminal; anything else needs `--yes`.
pub(crate) fn confirm(question: &str, word: &str) -> anyhow::Result<()> {
    if !std::io::stdin().is_terminal() {
        bail!("nobody is there to confirm it: add --yes. Nothing was changed");
    }
    print!("{question} Type {word} to go on: ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut answer)
        .context("the answer")?;
    if answer.trim() != word {
        bail!("not confirmed. Nothing was changed");
    }
    Ok(())
}
