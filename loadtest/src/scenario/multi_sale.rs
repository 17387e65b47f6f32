//! Many sales at once, spread over the partitions; half of each sale's shoppers find nothing left.

use anyhow::Result;

use crate::arrivals::{self, Stage};
use crate::config;
use crate::crowd::{self, Behaviour, Plan};
use crate::run::Run;

pub(crate) async fn run(config: &config::MultiSale) -> Result<Run> {
    let stages = [Stage::constant(config.rate, config.lasts)];
    let arrivals = arrivals::strangers(&stages, config.against.seed)?;
    let (sales, shoppers) = (config.sales as usize, arrivals.len().max(1));
    let plan = Plan {
        scenario: "multi-sale",
        settings: vec![
            ("sales", sales.to_string()),
            ("shoppers a second", config.rate.to_string()),
            ("for", format!("{:?}", config.lasts)),
        ],
        variables: Vec::new(),
        sales,
        stock: u32::try_from(shoppers.div_ceil(2 * sales))?,
        unit_limit: 1,
        shoppers: shoppers as u64,
        behaviour: Behaviour::Patient,
        arrivals,
    };
    crowd::run(&plan, &config.against).await
}
