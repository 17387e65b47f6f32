//! Passwords, hashed with argon2id. Slow on purpose, so it is done apart from the requests, a few at a time.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;

use anyhow::{Context, anyhow};
use argon2::password_hash::Error;
use argon2::{Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::accounts::credentials::Password;
use crate::problem::Problem;

/// Memory of one hash in KiB: 19 MiB, with the two below what OWASP asks of argon2id at least.
const MEMORY_KIB: u32 = 19 * 1024;

/// Passes over the memory.
const PASSES: u32 = 2;

/// Threads of one hash.
const LANES: u32 = 1;

/// Bytes of salt, as the PHC format recommends.
const SALT_BYTES: usize = 16;

/// Cores per hash that is made at a time: half of them stay free for purchases.
const CORES_PER_HASH: usize = 2;

/// Sign-ins waiting for their turn, per hash at a time: at some 30 ms each, about a second.
const WAITING_PER_HASH: usize = 32;

/// How long whoever finds the queue full stays away: till those who wait have had their turn.
const BUSY_RETRY_AFTER_MS: u64 = 1_000;

/// Makes and checks hashes, each in PHC form with its parameters.
pub(crate) struct Passwords {
    /// Whoever hashes.
    hashing: Arc<Semaphore>,
    /// Whoever hashes or waits for it.
    seats: Arc<Semaphore>,
    /// Of a password nobody knows: checked for those without an account, so that they wait as long.
    nobody: String,
}

/// A place in the queue; dropped, it is free again.
pub(crate) struct Seat {
    hashing: Arc<Semaphore>,
    seat: OwnedSemaphorePermit,
}

/// Whether a password is right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Wrong,
    Right,
    /// Right, and hashed anew with today's parameters.
    RightButOld(String),
}

impl Passwords {
    /// As many at a time as this machine can spare.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        Self::hashing_at_a_time((cores / CORES_PER_HASH).max(1))
    }

    fn hashing_at_a_time(count: usize) -> anyhow::Result<Self> {
        Ok(Self {
            hashing: Arc::new(Semaphore::new(count)),
            seats: Arc::new(Semaphore::new(count * (1 + WAITING_PER_HASH))),
            nobody: hash(&rand::random::<[u8; SALT_BYTES]>())?,
        })
    }

    /// A place in the queue, to be taken before anything is asked of Postgres. Beyond the last one: busy.
    pub(crate) fn seat(&self) -> Result<Seat, Problem> {
        let seat = self.seats.clone().try_acquire_owned();
        Ok(Seat {
            hashing: self.hashing.clone(),
            seat: seat.map_err(|_full| Problem::Busy {
                retry_after_ms: BUSY_RETRY_AFTER_MS,
            })?,
        })
    }

    /// A hash to check a password against for which there is no account.
    pub(crate) fn nobody(&self) -> &str {
        &self.nobody
    }
}

impl Seat {
    /// A new hash of a password.
    pub(crate) async fn hash(self, password: Password) -> anyhow::Result<String> {
        self.work(move || hash(password.as_bytes())).await
    }

    /// Whether a hash is that of a password.
    pub(crate) async fn check(self, password: Password, known: String) -> anyhow::Result<Verdict> {
        self.work(move || check(password.as_bytes(), &known)).await
    }

    /// Both permits go along: a client that leaves does not stop the hashing, and must not be counted as gone before it.
    async fn work<T: Send + 'static>(
        self,
        work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let Self { hashing, seat } = self;
        let turn = hashing.acquire_owned().await?;
        tokio::task::spawn_blocking(move || {
            let _until_done = (turn, seat);
            work()
        })
        .await?
    }
}

fn argon2id() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("these are allowed");
    Argon2::from(params)
}

/// A new hash of a password. Takes some 30 ms of a core.
pub(crate) fn hash(password: &[u8]) -> anyhow::Result<String> {
    let salt: [u8; SALT_BYTES] = rand::random();
    let hash = argon2id().hash_password_with_salt(password, &salt);
    Ok(hash
        .map_err(|error| anyhow!("cannot hash: {error}"))?
        .to_string())
}

fn check(password: &[u8], known: &str) -> anyhow::Result<Verdict> {
    let known = PasswordHash::new(known).map_err(|error| anyhow!("a stored hash: {error}"))?;
    match argon2id().verify_password(password, &known) {
        Ok(()) if is_of_today(&known).context("a stored hash")? => Ok(Verdict::Right),
        Ok(()) => hash(password).map(Verdict::RightButOld),
        Err(Error::PasswordInvalid) => Ok(Verdict::Wrong),
        Err(error) => Err(anyhow!("a stored hash: {error}")),
    }
}

fn is_of_today(known: &PasswordHash) -> anyhow::Result<bool> {
    let params = Params::try_from(known).map_err(|error| anyhow!("{error}"))?;
    let costs = (params.m_cost(), params.t_cost(), params.p_cost());
    let is_argon2id = known.algorithm == argon2::ARGON2ID_IDENT;
    Ok(is_argon2id && costs == (MEMORY_KIB, PASSES, LANES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_says_how_it_was_made_and_is_never_the_same() {
        let (one, other) = (hash(b"a password").unwrap(), hash(b"a password").unwrap());
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, other);
        assert_eq!(check(b"a password", &one).unwrap(), Verdict::Right);
        assert_eq!(check(b"A password", &one).unwrap(), Verdict::Wrong);
        assert!(check(b"a password", "not a hash").is_err());
    }

    #[test]
    fn a_hash_of_other_parameters_is_made_anew() {
        let cheap = Argon2::from(Params::new(64, 1, 1, None).unwrap());
        let old = cheap.hash_password_with_salt(b"a password", &[7; SALT_BYTES]);
        let old = old.unwrap().to_string();
        assert_eq!(check(b"another one", &old).unwrap(), Verdict::Wrong);
        let Verdict::RightButOld(new) = check(b"a password", &old).unwrap() else {
            panic!("not made anew");
        };
        assert_eq!(check(b"a password", &new).unwrap(), Verdict::Right);
    }

    #[test]
    fn beyond_the_last_seat_it_is_busy() {
        let passwords = Passwords::hashing_at_a_time(1).unwrap();
        let taken: Vec<Seat> = (0..=WAITING_PER_HASH)
            .map(|_| passwords.seat().unwrap())
            .collect();
        assert!(matches!(passwords.seat(), Err(Problem::Busy { .. })));
        drop(taken);
        assert!(passwords.seat().is_ok());
    }

    #[tokio::test]
    async fn one_who_leaves_keeps_the_turn_until_the_hash_is_made() {
        let passwords = Passwords::hashing_at_a_time(1).unwrap();
        let (begin, began) = std::sync::mpsc::channel::<()>();
        let leaving = passwords.seat().unwrap().work(move || Ok(began.recv()?));
        let leaving = tokio::spawn(leaving);
        devstack::until("its turn", std::time::Duration::from_secs(30), async || {
            Ok((passwords.hashing.available_permits() == 0).then_some(()))
        })
        .await
        .unwrap();
        leaving.abort();
        let _aborted = leaving.await;
        assert_eq!(passwords.hashing.available_permits(), 0);
        begin.send(()).unwrap();
        let _turn = passwords.hashing.acquire().await.unwrap();
    }
}
