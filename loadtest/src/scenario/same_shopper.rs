//! One shopper who hammers with all the limits on: every other time with the same key, never waiting when told to.

use anyhow::Result;
use devstack::Role;

use crate::arrivals::{self, Stage};
use crate::config;
use crate::crowd::{self, Behaviour, Plan};
use crate::run::{Claim, Run};

pub(crate) async fn run(config: &config::SameShopper) -> Result<Run> {
    let stages = [Stage::constant(config.rate, config.lasts)];
    let arrivals = arrivals::strangers(&stages, config.against.seed)?;
    let plan = Plan {
        scenario: "same-shopper",
        settings: vec![
            ("purchases a second", config.rate.to_string()),
            ("for", format!("{:?}", config.lasts)),
            ("units they may have", config.unit_limit.to_string()),
        ],
        variables: vec![(Role::Ingress, "RATE_LIMITS", "on".to_owned())],
        sales: 1,
        stock: u32::try_from(arrivals.len())?.max(1),
        unit_limit: config.unit_limit,
        shoppers: 1,
        behaviour: Behaviour::Hammering,
        arrivals,
    };
    let mut run = crowd::run(&plan, &config.against).await?;
    // Of a sale that was there before nobody knows here how many they may have, or had.
    if config.against.sale.is_empty() {
        if run.tickets <= usize::from(config.unit_limit) {
            run.invalid.push(format!(
                "{} different purchases were let in: too few to try a limit of {}",
                run.tickets, config.unit_limit
            ));
        } else {
            run.claims.extend(has_their_units(&run, config.unit_limit));
        }
    }
    Ok(run)
}

/// As many as they may have and not one more, whatever they send; unknown without a database.
fn has_their_units(run: &Run, unit_limit: u16) -> Option<Claim> {
    let orders = run.orders?;
    Some(Claim {
        what: "units of the shopper",
        measured: orders.to_string(),
        asked: unit_limit.to_string(),
        holds: orders == u64::from(unit_limit),
    })
}
