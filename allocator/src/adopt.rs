//! `allocator adopt-stream`: goes on with the stream that is there, after the one that a partition
//! was decided from is lost. What was decided stays; what was not is given up, openly: its tickets
//! answer that they are lost by the adoption. See `docs/decisions/0008-adopting-a-stream.md`.

use anyhow::{Context, bail, ensure};
use async_nats::jetstream;
use async_nats::jetstream::stream::{Info, Stream};
use sale::{GROUP_PURCHASES_MAX, Partition, Seq, subject};
use sqlx::PgConnection;

use crate::config::AdoptStream;
use crate::intervene::confirm;
use crate::log::{RUNBOOK, is_missing};
use crate::store::{self, Adoption, Halted};

/// Adopts the present stream of a halted partition.
///
/// The stream jumps first and Postgres follows: whoever dies in between leaves a partition that is
/// still halted, and another run jumps once more.
pub(crate) async fn adopt(
    config: &AdoptStream,
    jetstream: &jetstream::Context,
    postgres: &mut PgConnection,
) -> anyhow::Result<()> {
    let partition = Partition::try_from(config.partition)?;
    let Some(halted) = store::halted(postgres, partition).await? else {
        bail!("partition {partition} has not halted: there is nothing to adopt. See {RUNBOOK}");
    };
    let stream = present_stream(jetstream, partition).await?;
    println!("{}", findings(&halted, stream.cached_info()));
    if !config.yes {
        confirm(
            "What is given up cannot be had back.",
            &partition.to_string(),
        )?;
    }

    // Looked at again: the answer may have taken a while.
    let stream = present_stream(jetstream, partition).await?;
    let hole_to = hole_to(&halted, stream.cached_info())?;
    let created = jump(&stream, hole_to).await?;
    let adoption = Adoption {
        hole_to,
        stream_created: created,
        by: &config.why.by,
        reason: &config.why.reason,
    };
    let Some(generation) = store::adopt(postgres, &halted, adoption).await? else {
        bail!("partition {partition} is not any more what it was a moment ago: run this again");
    };
    println!(
        "Partition {partition} goes on in generation {} with record {}. Now make a backup of \
         Postgres: an older one does not know of this.",
        generation.get(),
        hole_to.next()
    );
    Ok(())
}

async fn present_stream(
    jetstream: &jetstream::Context,
    partition: Partition,
) -> anyhow::Result<Stream> {
    let name = subject::stream(partition);
    match jetstream.get_stream(&name).await {
        Ok(stream) => Ok(stream),
        Err(error) if is_missing(&error) => {
            bail!("there is no stream {name}; `allocator setup` makes an empty one. See {RUNBOOK}")
        }
        Err(error) => Err(error).with_context(|| format!("stream {name}")),
    }
}

fn findings(halted: &Halted, found: &Info) -> String {
    let Halted {
        partition,
        reason,
        cursor,
        stream_created,
        ..
    } = halted;
    let state = &found.state;
    let undecided = undecided(halted, found);
    let places = undecided.saturating_mul(GROUP_PURCHASES_MAX as u64);
    format!(
        "Partition {partition} has halted: {reason}\n\
         \n\
         decided:  up to record {cursor}, from a stream created at {stream_created}\n\
         present:  {} records, {} to {}, in a stream created at {}\n\
         \n\
         Kept:     everything that was decided, and its tickets.\n\
         Given up: every place after record {cursor} that was ever handed out. In the present \
         stream that is {undecided} records, at most {places} purchases; how many the lost one held \
         beyond it, nobody can know. All of them answer \"lost by the operator's adoption\".\n\
         Removed:  all {} records of the present stream. To keep a copy, first run \
         `nats stream backup {}`.",
        state.messages,
        state.first_sequence,
        state.last_sequence,
        found.created,
        state.messages,
        found.config.name,
    )
}

/// Records of the present stream that nobody decided: those after the cursor when it is the stream
/// that was decided, else all of them.
fn undecided(halted: &Halted, found: &Info) -> u64 {
    let state = &found.state;
    if store::same_stream(halted.stream_created, found.created) {
        state.last_sequence.saturating_sub(halted.cursor.get())
    } else {
        state.messages
    }
}

/// Far beyond every sequence anybody can have been told.
fn hole_to(halted: &Halted, found: &Info) -> anyhow::Result<Seq> {
    let known = halted.cursor.get().max(found.state.last_sequence);
    Seq::try_from(known + Seq::ADOPTION_JUMP)
        .context("the sequences of this partition are used up: open the next sales in others")
}

/// Empties the stream and makes its next record the one after `hole_to`; when it was created.
async fn jump(stream: &Stream, hole_to: Seq) -> anyhow::Result<time::OffsetDateTime> {
    let next = hole_to.next().get();
    stream
        .purge()
        .sequence(next)
        .await
        .context("the stream did not jump; nothing was changed in Postgres")?;
    let found = stream.get_info().await.context("looking at the stream")?;
    // A record that came in since is of the new generation, and welcome.
    ensure!(
        found.state.first_sequence == next && found.state.last_sequence >= hole_to.get(),
        "the stream was to go on with record {next} and holds {} to {}; nothing was changed in Postgres",
        found.state.first_sequence,
        found.state.last_sequence
    );
    Ok(found.created)
}
