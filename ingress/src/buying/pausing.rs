//! Sales that this replica sells nothing of because a pause is on its way to the log: shoppers who
//! come after the operator are refused at once, not only when the ruling is back.
//!
//! Other replicas learn of it by the feed. What was logged before the pause is still decided.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use sale::{SaleId, SaleState};

use crate::problem::Problem;

/// The sales held back, with how many pauses are under way for each. As many as commands may be.
#[derive(Clone, Default)]
pub(crate) struct Pausing {
    held: Arc<RwLock<HashMap<SaleId, usize>>>,
}

/// Holds a sale back until it is dropped: when the pause was decided, refused, or not logged.
pub(crate) struct Held {
    pausing: Pausing,
    sale: SaleId,
}

impl Pausing {
    /// Refuses purchases of a sale from here on.
    pub(crate) fn hold(&self, sale: SaleId) -> Held {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        *held.entry(sale).or_default() += 1;
        Held {
            pausing: self.clone(),
            sale,
        }
    }

    /// Lets a purchase pass unless its sale is about to be paused.
    pub(crate) fn admit(&self, sale: SaleId) -> Result<(), Problem> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        match held.contains_key(&sale) {
            true => Err(Problem::NotForSale(SaleState::Paused)),
            false => Ok(()),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = self
            .pausing
            .held
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(pauses) = held.get_mut(&self.sale) {
            *pauses -= 1;
            if *pauses == 0 {
                held.remove(&self.sale);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sale_is_held_until_the_last_pause_is_over() {
        let partition = 0.try_into().unwrap();
        let sale = |random| SaleId::new(partition, sale::Moment::default(), random);
        let pausing = Pausing::default();
        let (first, second) = (pausing.hold(sale(1)), pausing.hold(sale(1)));
        assert!(pausing.admit(sale(1)).is_err());
        assert!(pausing.admit(sale(2)).is_ok());
        drop(first);
        assert!(pausing.admit(sale(1)).is_err());
        drop(second);
        assert!(pausing.admit(sale(1)).is_ok());
        assert!(pausing.held.read().unwrap().is_empty());
    }
}
