//! From nobody to a crowd and back, in even steps.

use anyhow::Result;

use crate::arrivals::{self, Stage};
use crate::config;
use crate::crowd::{self, Behaviour, Plan};
use crate::run::Run;

pub(crate) async fn run(config: &config::Ramp) -> Result<Run> {
    let arrivals = arrivals::strangers(&stages(config), config.against.seed)?;
    let rates: Vec<String> = config.rates.iter().map(f64::to_string).collect();
    let shoppers = arrivals.len().max(1);
    let plan = Plan {
        scenario: "ramp",
        settings: vec![
            ("shoppers a second", format!("0 → {}", rates.join(" → "))),
            ("each step", format!("{:?}", config.stage)),
        ],
        variables: Vec::new(),
        sales: 1,
        stock: u32::try_from(shoppers)?,
        unit_limit: 1,
        shoppers: shoppers as u64,
        behaviour: Behaviour::Patient,
        arrivals,
    };
    crowd::run(&plan, &config.against).await
}

fn stages(config: &config::Ramp) -> Vec<Stage> {
    let before = std::iter::once(&0.0).chain(&config.rates);
    before
        .zip(&config.rates)
        .map(|(from, to)| Stage {
            lasts: config.stage,
            from_per_s: *from,
            to_per_s: *to,
        })
        .collect()
}
