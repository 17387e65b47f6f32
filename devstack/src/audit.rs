//! Was a sale right? Told from what the shoppers saw, what the log says and what Postgres holds, without a line
//! of the product's own code: the second opinion.
//!
//! ```no_run
//! # async fn judge(stack: &devstack::Stack, sale: uuid::Uuid, attempts: Vec<devstack::audit::Attempt>) -> anyhow::Result<()> {
//! use devstack::audit::{Auditor, PATIENCE, audit};
//!
//! let auditor = Auditor::of(stack).await?;
//! let quiet = auditor.quiet(&[(sale, &attempts)], PATIENCE).await?;
//! let findings = audit(&auditor.history(sale, attempts).await?);
//! println!("{quiet}\n{findings}");
//! # Ok(())
//! # }
//! ```

mod attempt;
mod history;
mod log;
mod place;

mod auditor;
mod quiet;

mod answers;
mod compared;
mod findings;
mod inversions;
mod phantom;
mod promises;
mod replay;
mod rulings;
mod told;

pub use attempt::{Accepted, Attempt, Outcome, Verdict, Word};
pub use auditor::Auditor;
pub use findings::Findings;
pub use history::{Asked, History, Label, Order, Record};
pub use inversions::Inversions;
pub use log::{Action, Body, Command, Log, LoggedPurchase, LoggedRecord, Terms, connect};
pub use place::Place;
pub use quiet::{Open, PATIENCE, Quiet};
pub use replay::{Expected, Replay, Standing};

use rulings::Rulings;

/// Counts.
pub fn audit(history: &History) -> Findings {
    let books = Books::of(history);
    let mut findings = Findings {
        oversold: promises::oversold(&books),
        miscounted: promises::miscounted(&books),
        doubled: promises::doubled(&books),
        lost_tickets: told::lost(&books),
        unheard: told::unheard(&books),
        contradictions: told::contradictions(&books),
        out_of_order: compared::out_of_order(&books),
        misdescribed: compared::misdescribed(&books),
        won_after_sold_out: promises::won_after_sold_out(&books),
        phantom: phantom::phantom(&books),
        undecided: compared::undecided(&books),
        inversion_ms: history.log.as_ref().map(Inversions::of),
        ..Findings::default()
    };
    answers::count(history, &mut findings);
    findings.turned_away = promises::turned_away(&books, &findings);
    findings.not_judged.extend(not_judged(history));
    findings
}

/// A history, made ready to be asked.
struct Books<'a> {
    history: &'a History,
    rulings: Rulings<'a>,
    /// What the log comes to; nothing where it does not hold the whole sale.
    replay: Option<Replay>,
}

impl<'a> Books<'a> {
    fn of(history: &'a History) -> Self {
        let log = history.whole_log();
        Self {
            history,
            rulings: Rulings::of(&history.records),
            replay: log.map(|log| Replay::of(log, history.cursor)),
        }
    }

    /// How the sale stands by its log.
    fn standing(&self) -> Option<Standing> {
        self.replay.as_ref()?.standing
    }
}

fn not_judged(history: &History) -> Option<String> {
    let why = match (&history.log, history.whole_log()) {
        (_, Some(_)) => return None,
        (None, None) => "no log was given to read",
        (Some(_), None) => "the log does not reach back to the beginning of the sale",
    };
    Some(format!("order, phantoms and terms by the log: {why}"))
}

#[cfg(test)]
mod tests;
