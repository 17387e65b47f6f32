//! A steady load for minutes: does memory stay where it is?

use std::time::Duration;

use anyhow::Result;

use crate::arrivals::{self, Stage};
use crate::config;
use crate::crowd::{self, Behaviour, Plan};
use crate::run::Run;
use crate::shoppers::UNIT_LIMIT;

/// Different people, who come again and again.
const SHOPPERS: usize = 20_000;

pub(crate) async fn run(config: &config::Soak) -> Result<Run> {
    let lasts = Duration::from_secs_f64(60.0 * config.minutes);
    let stages = [Stage::constant(config.rate, lasts)];
    let arrivals = arrivals::strangers(&stages, config.against.seed)?;
    let count = arrivals.len().max(1);
    // Nobody comes more often than the limit allows.
    let shoppers = SHOPPERS.min(count).max(count.div_ceil(UNIT_LIMIT.into()));
    let plan = Plan {
        scenario: "soak",
        settings: vec![
            ("shoppers a second", config.rate.to_string()),
            ("minutes", config.minutes.to_string()),
        ],
        variables: Vec::new(),
        sales: 1,
        stock: u32::try_from(count)?,
        unit_limit: UNIT_LIMIT,
        shoppers: shoppers as u64,
        behaviour: Behaviour::Patient,
        arrivals,
    };
    crowd::run(&plan, &config.against).await
}
