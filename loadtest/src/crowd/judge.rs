//! What a run comes to: the other sources are asked, the auditor reads the books, and what makes the figures worthless
//! is said.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use anyhow::{Context, Result};
use devstack::audit::{Attempt, Findings, History, PATIENCE, Word, audit};
use devstack::say;
use uuid::Uuid;

use super::cross_check::ask_again;
use super::shopper::{End, Seen};
use super::{Outcome, Plan, Scene};
use crate::config::Against;
use crate::run::{Run, Tally};

/// The generator is the bottleneck when one try in a hundred is sent later than this.
const LAG_MAX: Duration = Duration::from_millis(100);

/// Then they show how requests break, and not how long they take.
const BROKEN_MAX: f64 = 0.01;

pub(super) async fn judge(
    scene: Scene,
    plan: &Plan,
    against: &Against,
    mut outcome: Outcome,
) -> Result<Run> {
    let mut invalid = Vec::new();
    if outcome.is_interrupted {
        outcome.seen.extend(missing(&scene, &outcome.seen));
    }
    let (orders, audit) = match audited(&scene, &mut outcome, &mut invalid).await {
        Ok(audited) => audited.unzip(),
        Err(error) => {
            // What was measured is not lost with it.
            invalid.push(format!("nothing could be judged: {error:#}"));
            (None, None)
        }
    };
    scene.target.close(&scene.sales, scene.sales_are_ours).await;
    let name = scene.target.name.clone();
    let stock = scene.sales.iter().map(|sale| sale.stock).sum();
    scene.target.stop().await?;
    let tickets: HashSet<Uuid> = scene.notes.tickets().values().copied().collect();
    let tally = scene.notes.into_tally();
    invalid.extend(worthless(&tally, outcome.is_interrupted));
    Ok(Run {
        scenario: plan.scenario,
        target: name,
        seed: against.seed,
        settings: plan.settings.clone(),
        began: outcome.began,
        took: outcome.took,
        stock,
        tally,
        tickets: tickets.len(),
        backlog_max: None,
        orders,
        audit,
        claims: Vec::new(),
        invalid,
    })
}

/// Those who had a ticket and were sent away before they had the verdict.
fn missing(scene: &Scene, seen: &[Seen]) -> Vec<Seen> {
    let known: HashSet<u64> = seen.iter().map(|one| one.number).collect();
    let tickets = scene.notes.tickets();
    let missing = tickets.iter().filter(|(number, _)| !known.contains(number));
    missing
        .map(|(number, ticket)| Seen {
            shopper: scene.shoppers.of_turn(*number).id,
            number: *number,
            wish: scene.behaviour.wish(*number),
            sale: scene.sale_of(*number),
            end: End::Accepted {
                ticket: *ticket,
                heard: vec![Word::Unasked],
            },
        })
        .collect()
}

/// Orders, and what the auditor found; nothing without one.
async fn audited(
    scene: &Scene,
    outcome: &mut Outcome,
    invalid: &mut Vec<String>,
) -> Result<Option<(u64, Findings)>> {
    let Some(auditor) = &scene.target.auditor else {
        return Ok(None);
    };
    say("waiting for the last decision");
    let sales = scene.sales.iter().map(|sale| Ok(sale.id.parse()?));
    let sales: Vec<Uuid> = sales.collect::<Result<_>>()?;
    let mut attempts = attempts(&sales, &outcome.seen);
    let open: Vec<(Uuid, &[Attempt])> = sales
        .iter()
        .map(|sale| (*sale, attempts[sale].as_slice()))
        .collect();
    let quiet = auditor.quiet(&open, PATIENCE).await?;
    if !quiet.is_quiet() {
        invalid.push(quiet.to_string());
    }
    say("asking once more, and reading the log and Postgres");
    ask_again(scene, &mut outcome.seen).await;
    attempts = self::attempts(&sales, &outcome.seen);
    let (mut orders, mut all) = (0, Vec::with_capacity(sales.len()));
    for sale in sales {
        let attempts = attempts.remove(&sale).context("a sale without attempts")?;
        let mut history = auditor.history(sale, attempts).await?;
        // Whoever was interrupted is not in the attempts, and a sale that was named may have other shoppers.
        if scene.sales_are_ours && !outcome.is_interrupted {
            history = history.asked_by_nobody_else();
        }
        orders += orders_of_run(&history, scene.sales_are_ours);
        all.push(audit(&history));
    }
    Ok(Some((orders, all.into_iter().sum())))
}

/// In a sale that was there before, others may have bought.
fn orders_of_run(history: &History, are_all_ours: bool) -> u64 {
    let ours: HashSet<Uuid> = history.accepted().map(|accepted| accepted.ticket).collect();
    let orders = history.live_orders();
    let counted = orders.filter(|order| are_all_ours || ours.contains(&order.ticket));
    counted.count() as u64
}

fn attempts(sales: &[Uuid], seen: &[Seen]) -> HashMap<Uuid, Vec<Attempt>> {
    let mut attempts: HashMap<Uuid, Vec<Attempt>> =
        sales.iter().map(|sale| (*sale, Vec::new())).collect();
    for one in seen {
        let of_sale = attempts.entry(sales[one.sale]).or_default();
        of_sale.push(one.attempt());
    }
    attempts
}

/// Why the figures mean nothing.
fn worthless(tally: &Tally, is_interrupted: bool) -> Vec<String> {
    let mut why = Vec::new();
    if is_interrupted {
        why.push("it was interrupted: whoever was under way is missing".to_owned());
    }
    let lag = Duration::from_micros(tally.lag_us.value_at_quantile(0.99));
    if lag > LAG_MAX {
        why.push(format!(
            "the generator was the bottleneck: one try in a hundred was sent {} ms late or more; ask for less, or \
             send from another machine",
            lag.as_millis()
        ));
    }
    let tries = tally.http_us.len() + tally.broken;
    if tally.http_us.is_empty() {
        why.push("nobody was answered".to_owned());
    } else if tally.broken as f64 > BROKEN_MAX * tries as f64 {
        let by = tally.broken_by.as_deref().unwrap_or_default();
        why.push(format!(
            "{} of {tries} tries had no answer; the first: {by}",
            tally.broken
        ));
    }
    let (sockets, failed) = (tally.sockets, tally.sockets_failed);
    if failed as f64 > BROKEN_MAX * sockets as f64 {
        why.push(format!(
            "{failed} of {sockets} WebSockets could not be had or broke: their shoppers polled"
        ));
    }
    why
}

impl Seen {
    fn attempt(&self) -> Attempt {
        use devstack::audit::Outcome;
        let outcome = match &self.end {
            End::Accepted { ticket, heard } => Outcome::Accepted {
                ticket: *ticket,
                heard: heard.clone(),
            },
            End::Refused(problem) => Outcome::Refused(problem.clone()),
            End::Unknown(why) => Outcome::Unknown((*why).to_owned()),
        };
        Attempt {
            shopper: self.shopper,
            wish: Some(self.wish),
            outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Answered;

    fn tally(answers: u64, lag_us: u64) -> Tally {
        let mut tally = Tally::of(Duration::from_secs(1));
        for _ in 0..answers {
            tally.answered(&Answered {
                at: Duration::ZERO,
                status: 202,
                http_us: 1_000,
                lag_us,
            });
        }
        tally
    }

    #[test]
    fn a_run_in_time_and_answered_is_worth_something() {
        assert_eq!(worthless(&tally(100, 99_000), false), Vec::<String>::new());
    }

    #[test]
    fn late_interrupted_or_unanswered_runs_show_nothing() {
        let late = worthless(&tally(100, 150_000), false);
        assert!(late[0].contains("bottleneck"), "{late:?}");
        assert_eq!(worthless(&tally(0, 0), false), ["nobody was answered"]);
        assert!(worthless(&tally(1, 0), true)[0].contains("interrupted"));
        let mut broken = tally(98, 0);
        broken.broken = 2;
        broken.broken_by = Some("refused".to_owned());
        let why = worthless(&broken, false);
        assert_eq!(why, ["2 of 100 tries had no answer; the first: refused"]);
        let mut deaf = tally(1, 0);
        (deaf.sockets, deaf.sockets_failed) = (100, 2);
        assert!(worthless(&deaf, false)[0].contains("WebSockets"));
    }
}
