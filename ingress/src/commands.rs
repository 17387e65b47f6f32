//! Operator commands: logged like purchases, then waited for.

use std::time::Duration;

use sale::subject::{Channel, LogSubject};
use sale::{Action, CommandId, CommandRuling, Control, Place, RECORD_VERSION, Sale, SaleId};
use std::sync::Arc;
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;
use crate::publisher::{Refusal, Shut};
use crate::session::Operator;
use crate::{admission, store};

/// How long a call waits for its command's decision before it answers 202.
const DECISION_WAIT: Duration = Duration::from_secs(2);

/// What became of a command within the time a call may take.
pub(crate) enum Commanded {
    /// Decided as wished; the sale as it is now.
    Applied(Arc<Sale>),
    /// Logged; it will be decided.
    Logged,
}

/// Logs a command and waits for its ruling.
pub(crate) async fn command(
    app: &App,
    operator: &Operator,
    sale: SaleId,
    action: Action,
    reason: Option<String>,
) -> Result<Commanded, Problem> {
    let control = Control {
        v: RECORD_VERSION,
        sale,
        command: CommandId::new(Uuid::new_v4()),
        by: operator.name.clone(),
        reason,
        action,
    };
    let subject = LogSubject::of(sale, Channel::Control);
    let body = serde_json::to_vec(&control).expect("a command is all JSON");
    let seq = app
        .publisher
        .publish(subject, body.into(), 0)
        .await
        .map_err(|refusal| match refusal {
            Refusal::Certain => admission::shut(Shut::Silent),
            Refusal::Unknown => Problem::OutcomeUnknown { key: None },
            Refusal::Halted => Problem::Halted,
        })?;
    let place = Place {
        partition: subject.partition,
        seq,
        index: 0,
    };
    match tokio::time::timeout(DECISION_WAIT, decided(app, place)).await {
        Ok(ruling) => conclude(app, sale, ruling?),
        Err(_not_yet) => Ok(Commanded::Logged),
    }
}

/// Waits until the feed's cursor has passed a place, then reads what was ruled there.
async fn decided(app: &App, place: Place) -> Result<CommandRuling, Problem> {
    let mut cursor = app
        .feed
        .cursor_changes(place.partition)
        .ok_or(Problem::Halted)?;
    cursor
        .wait_for(|cursor| *cursor >= place.seq)
        .await
        .map_err(anyhow::Error::from)?;
    let ruling = store::command_ruling(&app.pool, place).await?;
    ruling.ok_or_else(|| Problem::Internal(anyhow::anyhow!("no decision at {place}")))
}

fn conclude(app: &App, sale: SaleId, ruling: CommandRuling) -> Result<Commanded, Problem> {
    match ruling {
        CommandRuling::Applied | CommandRuling::Repeated => {
            let sale = app.feed.sale(sale).ok_or(Problem::UnknownSale)?;
            Ok(Commanded::Applied(sale))
        }
        CommandRuling::UnknownSale => Err(Problem::UnknownSale),
        refused => Err(Problem::CommandRefused(refused.as_str())),
    }
}
