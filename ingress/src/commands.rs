//! Operator commands: logged like purchases, then waited for.
//!
//! A command is carried out by a task of its own: a client that goes away can neither cancel a record
//! under way nor let go of what a pause holds back.

use std::sync::Arc;
use std::time::Duration;

use sale::subject::{Channel, LogSubject};
use sale::{Action, CommandId, CommandRuling, Control, Place, RECORD_VERSION, Sale, SaleId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tracing::warn;
use uuid::Uuid;

use crate::accounts::session::Operator;
use crate::app::App;
use crate::buying::admission;
use crate::buying::pausing::Held;
use crate::log::publisher::{Refusal, Shut};
use crate::problem::Problem;
use crate::request::derived;
use crate::store;

/// How long a call waits for its command's decision before it answers 202.
const DECISION_WAIT: Duration = Duration::from_secs(2);

/// Commands of one replica that may be under way or undecided; further ones are refused as busy.
/// Far more than people give while nobody decides.
const UNDECIDED_MAX: usize = 256;

/// What an operator wants of a sale.
pub(crate) struct Command {
    pub(crate) sale: SaleId,
    pub(crate) action: Action,
    /// Why; for the audit trail.
    pub(crate) reason: Option<String>,
    /// The same key changes the sale once.
    pub(crate) key: Option<String>,
}

/// What became of a command within the time a call may take.
pub(crate) enum Commanded {
    /// Decided as wished; the sale as it is now.
    Applied(Arc<Sale>),
    /// Logged; it will be decided, or was, and cannot be read now.
    Logged,
}

/// How many more commands may be under way.
pub(crate) struct Undecided(Arc<Semaphore>);

impl Undecided {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(UNDECIDED_MAX)))
    }

    fn begin(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let slot = Arc::clone(&self.0).try_acquire_owned();
        slot.map_err(|_| admission::commands_full())
    }
}

/// A command that is being carried out.
struct Underway {
    app: App,
    control: Control,
    key: Option<String>,
    logged: oneshot::Sender<()>,
    _slot: OwnedSemaphorePermit,
    _held: Option<Held>,
}

/// Logs a command and waits for its ruling.
pub(crate) async fn command(
    app: &App,
    operator: &Operator,
    command: Command,
) -> Result<Commanded, Problem> {
    let (logged, is_logged) = oneshot::channel();
    let is_pause = matches!(command.action, Action::Pause {});
    let control = control(operator, &command);
    let underway = Underway {
        app: app.clone(),
        control: control.clone(),
        key: command.key,
        logged,
        _slot: app.undecided.begin()?,
        _held: is_pause.then(|| app.pausing.hold(command.sale)),
    };
    let mut ruling = tokio::spawn(underway.carry_out());
    // Fails when the record was not logged; then the task has ended and says why.
    let _ = is_logged.await;
    match tokio::time::timeout(DECISION_WAIT, &mut ruling).await {
        Ok(ruling) => match ruling.map_err(anyhow::Error::from)?? {
            Some(ruling) => conclude(app, &control, ruling).await,
            None => Ok(Commanded::Logged),
        },
        Err(_not_yet) => Ok(Commanded::Logged),
    }
}

fn control(operator: &Operator, command: &Command) -> Control {
    let id = match &command.key {
        Some(key) => derived::command(&operator.name, command.sale, key),
        None => CommandId::new(Uuid::new_v4()),
    };
    Control {
        v: RECORD_VERSION,
        sale: command.sale,
        command: id,
        by: operator.name.clone(),
        reason: command.reason.clone(),
        action: command.action.clone(),
    }
}

impl Underway {
    async fn carry_out(self) -> Result<Option<CommandRuling>, Problem> {
        let subject = LogSubject::of(self.control.sale, Channel::Control);
        let body = serde_json::to_vec(&self.control).expect("a command is all JSON");
        let published = self.app.publisher.publish(subject, body.into(), 0).await;
        let seq = published.map_err(|refusal| match refusal {
            Refusal::Certain => admission::shut(Shut::Silent),
            Refusal::Unknown => Problem::CommandUnknown { key: self.key },
            Refusal::Halted => Problem::Halted,
        })?;
        // The caller may be gone; the command is in the log all the same.
        let _ = self.logged.send(());
        let place = Place {
            partition: subject.partition,
            seq,
            index: 0,
        };
        decided(&self.app, place).await
    }
}

/// Waits until the feed's cursor has passed a place, then reads what was ruled there; `None` when
/// Postgres does not tell. The command is in the log all the same: no failure of it.
async fn decided(app: &App, place: Place) -> Result<Option<CommandRuling>, Problem> {
    let mut cursor = app
        .feed
        .cursor_changes(place.partition)
        .ok_or(Problem::Halted)?;
    cursor
        .wait_for(|cursor| *cursor >= place.seq)
        .await
        .map_err(anyhow::Error::from)?;
    match store::commands::command_ruling(&app.pool, place).await {
        Ok(ruling) => told(place, ruling, app.feed.gave_up(place)).map(Some),
        Err(error) => {
            warn!(%place, error = %format!("{error:#}"), "cannot read what was ruled");
            Ok(None)
        }
    }
}

/// What the row behind the cursor says. An adopted stream leaves places that no row is for.
fn told(
    place: Place,
    ruling: Option<CommandRuling>,
    is_given_up: bool,
) -> Result<CommandRuling, Problem> {
    match ruling {
        Some(ruling) => Ok(ruling),
        None if is_given_up => Err(Problem::Adopted),
        None => Err(anyhow::anyhow!("no decision at {place}").into()),
    }
}

async fn conclude(
    app: &App,
    control: &Control,
    ruling: CommandRuling,
) -> Result<Commanded, Problem> {
    match ruling {
        CommandRuling::Applied => {}
        CommandRuling::Repeated => is_the_same(app, control).await?,
        CommandRuling::UnknownSale => return Err(Problem::UnknownSale),
        CommandRuling::UnknownOrder => return Err(Problem::UnknownOrder),
        CommandRuling::Invalid => {
            return Err(Problem::Invalid("a sale cannot have these terms".into()));
        }
        CommandRuling::AlreadyOpen
        | CommandRuling::StaleVersion
        | CommandRuling::BelowSold
        | CommandRuling::WindowPassed
        | CommandRuling::LimitLowered
        | CommandRuling::Closed
        | CommandRuling::AlreadyCancelled => {
            return Err(Problem::CommandRefused(ruling.as_str()));
        }
    }
    let sale = app.feed.sale(control.sale).ok_or(Problem::UnknownSale)?;
    Ok(Commanded::Applied(sale))
}

/// A key that was applied before must have stood for the very same command.
async fn is_the_same(app: &App, control: &Control) -> Result<(), Problem> {
    let applied = store::commands::applied(&app.pool, control.sale, control.command).await?;
    let applied = applied.ok_or_else(|| anyhow::anyhow!("repeated, but never applied"))?;
    let action: Action = serde_json::from_str(&applied.details).map_err(anyhow::Error::from)?;
    let is_same = action == control.action && applied.reason == control.reason;
    is_same.then_some(()).ok_or(Problem::KeyReused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_was_lost_with_its_stream_is_told_so() {
        let place = Place {
            partition: 0.try_into().unwrap(),
            seq: 7.try_into().unwrap(),
            index: 0,
        };
        let told = |ruling, is_given_up| {
            let told = told(place, ruling, is_given_up);
            told.map_err(|problem| problem.code())
        };
        assert_eq!(told(None, true), Err("adopted"));
        assert_eq!(told(None, false), Err("internal"));
        // It was decided before the stream was lost.
        let applied = CommandRuling::Applied;
        assert_eq!(told(Some(applied), true), Ok(applied));
    }
}
