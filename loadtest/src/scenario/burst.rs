//! Everybody at once, each for one unit, and not enough for all.

use anyhow::Result;

use crate::arrivals;
use crate::config;
use crate::crowd::{self, Behaviour, Plan};
use crate::run::Run;

/// One in so many gets a unit, if nothing else is said.
const SHOPPERS_PER_UNIT: u64 = 10;

pub(crate) async fn run(config: &config::Burst) -> Result<Run> {
    let shoppers = config.shoppers;
    let stock = match config.stock {
        Some(stock) => stock,
        None => u32::try_from(shoppers.div_ceil(SHOPPERS_PER_UNIT))?,
    };
    let plan = Plan {
        scenario: "burst",
        settings: vec![
            ("shoppers", shoppers.to_string()),
            ("within", format!("{:?}", config.within)),
            ("stock", stock.to_string()),
        ],
        variables: Vec::new(),
        sales: 1,
        stock,
        unit_limit: 1,
        shoppers,
        behaviour: Behaviour::Patient,
        arrivals: arrivals::within(shoppers, config.within, config.against.seed),
    };
    crowd::run(&plan, &config.against).await
}
