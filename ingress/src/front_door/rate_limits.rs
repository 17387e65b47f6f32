//! How often somebody may ask: per shopper, per address, all together, and for signing in.
//!
//! Each replica counts for itself: behind n replicas somebody may get up to n times as much.
//! Everything is in memory and bounded, see `states.rs`.

mod allowance;
mod limit;
mod states;

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

use sale::ShopperId;

pub(crate) use self::allowance::Allowance;
use self::limit::{Limit, Quota, Total};
use crate::config::Rates;
use crate::front_door::client_address::{ClientAddress, Visit};
use crate::problem::Problem;

/// How many times an account's own rate it may be tried from everywhere together. Much more than
/// its owner needs: whoever guesses from many addresses shuts the owner out only while guessing
/// at this rate, and each address gets no more than its share of it.
const EVERYWHERE: u32 = 10;

/// Every limit of this replica.
pub(crate) struct RateLimits {
    /// `None` when they are switched off.
    limits: Option<Limits>,
}

struct Limits {
    addresses: Limit<IpAddr>,
    shoppers: Limit<ShopperId>,
    purchases: Total,
    sign_ins: SignIns,
}

/// Attempts to sign in to an account, or to make one.
struct SignIns {
    by_address: Limit<IpAddr>,
    /// An account from one address: one guesser does not shut out the owner, who is elsewhere.
    by_account_from: Limit<(Account, IpAddr)>,
    /// An account from everywhere.
    by_account: Limit<Account>,
    /// Emails are not kept, only what they hash to in this process.
    hasher: RandomState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Account(u64);

impl RateLimits {
    pub(crate) fn new(rates: &Rates) -> Self {
        Self {
            limits: rates.rate_limits.then(|| Limits::new(rates)),
        }
    }

    /// One more request from an address, whatever it wants.
    pub(crate) fn request(&self, from: ClientAddress) -> Result<Option<Allowance>, Problem> {
        let Some(limits) = &self.limits else {
            return Ok(None);
        };
        limits.addresses.check(&from.network()).map(Some)
    }

    /// One more purchase of a shopper, whose request has been counted. Gives the allowance that is
    /// nearest to its end.
    pub(crate) fn purchase(
        &self,
        visit: &Visit,
        shopper: ShopperId,
    ) -> Result<Option<Allowance>, Problem> {
        let Some(limits) = &self.limits else {
            return Ok(None);
        };
        // The shopper first: whoever is refused must not use up what all have together.
        let own = limits.shoppers.check(&shopper)?;
        let total = limits.purchases.check()?;
        let nearest = own.or_nearer(total);
        Ok(Some(match &visit.allowance {
            Some(address) => nearest.or_nearer(address.clone()),
            None => nearest,
        }))
    }

    /// One more attempt to sign in to an account, or to make one.
    pub(crate) fn sign_in(&self, from: ClientAddress, email: &str) -> Result<(), Problem> {
        match &self.limits {
            Some(limits) => limits.sign_ins.check(from, email),
            None => Ok(()),
        }
    }

    /// Forgets everybody whose allowance is full again; to be called now and then.
    pub(crate) fn tidy(&self) {
        let Some(limits) = &self.limits else {
            return;
        };
        limits.addresses.tidy();
        limits.shoppers.tidy();
        limits.sign_ins.by_address.tidy();
        limits.sign_ins.by_account_from.tidy();
        limits.sign_ins.by_account.tidy();
    }
}

impl Limits {
    fn new(rates: &Rates) -> Self {
        Self {
            addresses: Limit::new("address", Quota::per_second(rates.rate_per_address_per_s)),
            shoppers: Limit::new("shopper", Quota::per_second(rates.rate_per_shopper_per_s)),
            purchases: Total::new("purchases", Quota::per_second(rates.rate_purchases_per_s)),
            sign_ins: SignIns::new(rates),
        }
    }
}

impl SignIns {
    fn new(rates: &Rates) -> Self {
        let address = Quota::per_minute(rates.rate_sign_ins_per_address_per_min);
        let account = Quota::per_minute(rates.rate_sign_ins_per_account_per_min);
        Self {
            by_address: Limit::new("sign-in-address", address),
            by_account_from: Limit::new("sign-in-account", account),
            by_account: Limit::new("sign-in-account", account.times(EVERYWHERE)),
            hasher: RandomState::new(),
        }
    }

    /// The narrowest first: what it refuses does not count against the others.
    fn check(&self, from: ClientAddress, email: &str) -> Result<(), Problem> {
        let account = Account(self.hasher.hash_one(email.trim().to_lowercase()));
        let from = from.network();
        self.by_account_from.check(&(account, from))?;
        self.by_address.check(&from)?;
        self.by_account.check(&account)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn limits() -> RateLimits {
        let one = NonZeroU32::MIN;
        RateLimits::new(&Rates {
            rate_limits: true,
            rate_per_shopper_per_s: one,
            rate_per_address_per_s: one,
            rate_purchases_per_s: NonZeroU32::new(1_000).unwrap(),
            rate_sign_ins_per_address_per_min: NonZeroU32::new(3).unwrap(),
            rate_sign_ins_per_account_per_min: NonZeroU32::new(2).unwrap(),
        })
    }

    fn address(last: u8) -> ClientAddress {
        ClientAddress(IpAddr::from([10, 0, 0, last]))
    }

    /// How many attempts are let through, of ten.
    fn allowed(attempt: impl Fn(u8) -> Result<(), Problem>) -> usize {
        (0..10).filter(|number| attempt(*number).is_ok()).count()
    }

    #[test]
    fn an_account_is_guessed_at_from_one_address_a_few_times_only() {
        let limits = limits();
        assert_eq!(allowed(|_| limits.sign_in(address(1), "a@example.org")), 2);
        let owner = limits.sign_in(address(2), "a@example.org");
        assert!(owner.is_ok(), "the owner, elsewhere");
    }

    #[test]
    fn an_email_is_the_same_however_it_is_written() {
        let limits = limits();
        let ways = ["a@example.org", "A@Example.org", " a@example.org "];
        let attempt = |number: u8| limits.sign_in(address(1), ways[usize::from(number) % 3]);
        assert_eq!(allowed(attempt), 2);
    }

    #[test]
    fn one_address_tries_a_few_accounts_only() {
        let limits = limits();
        let attempt = |number| limits.sign_in(address(1), &format!("{number}@example.org"));
        assert_eq!(allowed(attempt), 3);
    }

    #[test]
    fn an_account_is_guessed_at_from_everywhere_ten_times_as_often() {
        let limits = limits();
        let from = |last: u8| limits.sign_in(address(last), "a@example.org");
        assert_eq!((0..100).filter(|last| from(*last).is_ok()).count(), 20);
    }

    #[test]
    fn switched_off_nobody_counts() {
        let limits = RateLimits { limits: None };
        assert_eq!(allowed(|_| limits.sign_in(address(1), "a")), 10);
        assert!(limits.request(address(1)).unwrap().is_none());
        limits.tidy();
    }
}
