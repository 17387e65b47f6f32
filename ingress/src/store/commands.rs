//! What was decided for operators' commands.

use sale::{CommandId, CommandRuling, Place, SaleId};
use sqlx::PgPool;
use uuid::Uuid;

/// A command as it was applied.
#[derive(Debug)]
pub(crate) struct AppliedRow {
    /// The action as JSON.
    pub(crate) details: String,
    pub(crate) reason: Option<String>,
}

/// What was decided for the command at a place; `None` when it was not decided yet.
pub(crate) async fn command_ruling(
    pool: &PgPool,
    place: Place,
) -> anyhow::Result<Option<CommandRuling>> {
    let rulings = sqlx::query_scalar!(
        "SELECT rulings FROM decisions WHERE partition = $1 AND seq = $2",
        place.partition.get().cast_signed(),
        place.seq.get().cast_signed()
    )
    .fetch_optional(pool)
    .await?;
    let letter = rulings.and_then(|rulings| rulings.chars().next());
    Ok(letter.map(CommandRuling::try_from).transpose()?)
}

/// The one application of a command. By `operator_actions_once`.
pub(crate) async fn applied(
    pool: &PgPool,
    sale: SaleId,
    command: CommandId,
) -> anyhow::Result<Option<AppliedRow>> {
    let row = sqlx::query_as!(
        AppliedRow,
        "SELECT details, reason FROM operator_actions
         WHERE sale_id = $1 AND command_id = $2 AND ruling = 'applied'",
        sale.uuid(),
        command.uuid()
    )
    .fetch_optional(pool)
    .await?;
    Ok(row)
}

/// Which of these sales was opened; they are candidates for one, so at most one was.
pub(crate) async fn opened_among(
    pool: &PgPool,
    candidates: &[SaleId],
) -> anyhow::Result<Option<SaleId>> {
    let ids: Vec<Uuid> = candidates.iter().map(|sale| sale.uuid()).collect();
    let id = sqlx::query_scalar!("SELECT id FROM sales WHERE id = ANY($1) LIMIT 1", &ids)
        .fetch_optional(pool)
        .await?;
    Ok(id.map(SaleId::try_from).transpose()?)
}
