//! What `allocator replay --check` prints.

use std::fmt;

use sale::SaleId;

/// Most differences told one by one: whoever has more needs the first ones, and their number.
const DIFFERENCES_TOLD_MAX: usize = 100;

/// Most sales named that could not be checked; after years there are more than anybody reads.
const UNCHECKED_TOLD_MAX: usize = 1_000;

/// What was compared, and what differs.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) partitions: u64,
    pub(crate) records: u64,
    pub(crate) purchases: u64,
    pub(crate) orders: u64,
    pub(crate) sales: u64,
    /// Sales whose opening is no longer in the log.
    pub(crate) unchecked: Vec<SaleId>,
    /// Their records that are.
    pub(crate) unchecked_records: u64,
    pub(crate) differences: Differences,
}

/// Everything in which Postgres is not what the log makes it.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    told: Vec<String>,
    count: u64,
}

impl Differences {
    pub(crate) fn tell(&mut self, difference: impl FnOnce() -> String) {
        self.count += 1;
        if self.told.len() < DIFFERENCES_TOLD_MAX {
            self.told.push(difference());
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for sale in self.unchecked.iter().take(UNCHECKED_TOLD_MAX) {
            writeln!(
                f,
                "not checked: sale {sale}, whose opening is no longer in the log"
            )?;
        }
        and_more(f, self.unchecked.len() as u64, UNCHECKED_TOLD_MAX)?;
        for difference in &self.differences.told {
            writeln!(f, "different: {difference}")?;
        }
        and_more(f, self.differences.count, DIFFERENCES_TOLD_MAX)?;
        let rows = [
            ("partitions", self.partitions),
            ("records", self.records),
            ("purchases", self.purchases),
            ("orders", self.orders),
            ("sales checked", self.sales),
            ("sales not checked", self.unchecked.len() as u64),
            ("records of those", self.unchecked_records),
            ("differences", self.differences.count),
        ];
        for (name, count) in rows {
            writeln!(f, "  {name:<20} {count:>12}")?;
        }
        Ok(())
    }
}

fn and_more(f: &mut fmt::Formatter<'_>, count: u64, told_max: usize) -> fmt::Result {
    match count.saturating_sub(told_max as u64) {
        0 => Ok(()),
        more => writeln!(f, "… and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_differences_are_counted_and_a_hundred_told() {
        let mut report = Report::default();
        for number in 0..1_000 {
            report.differences.tell(|| format!("number {number}"));
        }
        let told = report.to_string();
        assert_eq!(told.matches("different: ").count(), DIFFERENCES_TOLD_MAX);
        assert!(told.contains("… and 900 more"), "{told}");
        assert!(told.lines().last().unwrap().ends_with(" 1000"), "{told}");
    }
}
