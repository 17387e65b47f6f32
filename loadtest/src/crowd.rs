//! A crowd that comes when it comes: everybody arrives on schedule, whatever has become of those before.

mod advice;
mod cross_check;
mod judge;
mod notes;
mod plan;
mod shopper;
mod watch;

pub(crate) use plan::{Behaviour, Plan};

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use devstack::say;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::config::Against;
use crate::report::Progress;
use crate::room;
use crate::run::Run;
use crate::shoppers::Shoppers;
use crate::target::{SaleAt, Target};
use notes::Notes;
use shopper::{Seen, Shopper};

/// As shells say of a program that SIGINT ended.
const INTERRUPTED: i32 = 130;

/// Everybody's page is open so long before they press the button; then its WebSocket is there.
const PAGE_OPEN_FOR: Duration = Duration::from_millis(500);

/// What is open beyond the run: nobody shall find a sale ended that is only late.
const SALE_GOES_ON: Duration = Duration::from_secs(3_600);

/// Where a crowd is: what it loads, what it wants, and who it is made of.
struct Scene {
    /// Begins every key: another run is another wish.
    name: String,
    target: Target,
    sales: Vec<SaleAt>,
    /// Opened for this run: nobody else buys there.
    sales_are_ours: bool,
    shoppers: Shoppers,
    /// WebSockets that may be open at a time; whoever finds none polls.
    sockets: Semaphore,
    behaviour: Behaviour,
    notes: Notes,
}

impl Scene {
    /// Shoppers take turns in all sales.
    fn sale_of(&self, number: u64) -> usize {
        (number % self.sales.len() as u64) as usize
    }
}

/// What there is when the crowd has gone home.
struct Outcome {
    began: SystemTime,
    took: Duration,
    seen: Vec<Seen>,
    /// Somebody pressed Ctrl-C.
    is_interrupted: bool,
}

/// Sends the crowd and judges what came of it.
pub(crate) async fn run(plan: &Plan, against: &Against) -> Result<Run> {
    let room = room::halves()?;
    let target = Target::of(against, &plan.variables, room).await?;
    let scene = Arc::new(prepare(target, plan, against, room).await?);
    say(&format!("{} arrivals", plan.arrivals.len()));
    let began = SystemTime::now();
    let progress = Progress::begin(plan.scenario, plan.lasts())?;
    let over = CancellationToken::new();
    let watching = tokio::spawn(watch::watch(scene.clone(), progress, over.clone()));
    let (seen, is_interrupted) = send(&scene, plan, against.sockets).await;
    let took = scene.notes.at(Instant::now());
    over.cancel();
    watching.await?;
    let scene = Arc::into_inner(scene).context("somebody has not gone home")?;
    let outcome = Outcome {
        began,
        took,
        seen,
        is_interrupted,
    };
    judge::judge(scene, plan, against, outcome).await
}

async fn prepare(target: Target, plan: &Plan, against: &Against, room: usize) -> Result<Scene> {
    let sales = match against.sale.as_slice() {
        [] => {
            let lasts = plan.takes_at_most() + SALE_GOES_ON;
            target.open_sales(plan, lasts).await?
        }
        named => target.sales(named).await?,
    };
    say(&format!("{} shoppers sign in", plan.shoppers));
    let door = &target.doors[0];
    let shoppers = match &against.sessions {
        Some(file) => Shoppers::of_file(file, plan.shoppers, door).await?,
        None => Shoppers::guests(plan.shoppers, door).await?,
    };
    Ok(Scene {
        name: Uuid::new_v4().simple().to_string(),
        target,
        sales,
        sales_are_ours: against.sale.is_empty(),
        shoppers,
        sockets: Semaphore::new(room),
        behaviour: plan.behaviour,
        notes: Notes::of(Instant::now() + PAGE_OPEN_FOR, plan.takes_at_most()),
    })
}

/// Lets everybody arrive and waits for all, unless it is interrupted: then what was seen so far is all.
async fn send(scene: &Arc<Scene>, plan: &Plan, sockets: u64) -> (Vec<Seen>, bool) {
    let mut present = JoinSet::new();
    let mut seen = Vec::with_capacity(plan.arrivals.len());
    let all = async {
        for (number, due) in (0..).zip(&plan.arrivals) {
            let due = scene.notes.moment(*due);
            sleep_until(due.checked_sub(PAGE_OPEN_FOR).unwrap_or(due)).await;
            present.spawn(Shopper::new(scene.clone(), number, due, sockets).shop());
            while let Some(gone) = present.try_join_next() {
                seen.push(told(gone));
            }
        }
        while let Some(gone) = present.join_next().await {
            seen.push(told(gone));
        }
    };
    let is_interrupted = tokio::select! {
        () = all => false,
        _ = tokio::signal::ctrl_c() => true,
    };
    present.shutdown().await;
    if is_interrupted {
        say("interrupted: what was seen is judged; once more ends it at once");
    }
    // Whoever has looked for the signal once has taken its own effect from it for good.
    tokio::spawn(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(INTERRUPTED);
        }
    });
    (seen, is_interrupted)
}

fn told(gone: Result<Seen, JoinError>) -> Seen {
    // Nobody is sent away before all have come, so it can only be a fault of this program.
    gone.unwrap_or_else(|error| resume_unwind(error.into_panic()))
}
