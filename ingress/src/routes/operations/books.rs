//! Whether a sale's books are right: its standing orders, counted, and what the allocator keeps of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sale::SaleId;
use sqlx::PgPool;
use tokio::sync::Semaphore;
use tracing::debug;

use crate::store::operations::{self, Books};

/// How long a count is told before Postgres is asked again, also one that failed: it reads an entry for each order.
const COUNTED_EVERY: Duration = Duration::from_secs(10);

/// How long whoever looks at a sale waits for its books: the rest of the answer is there.
const COUNT_MAX: Duration = Duration::from_secs(1);

/// Sales whose books are kept, far more than operators look at within [`COUNTED_EVERY`]. Beyond them none are told.
const SALES_MAX: usize = 256;

/// Counts of this door at a time, of its 8 connections: shoppers' orders come from there, too.
const COUNTS_AT_ONCE: usize = 2;

/// The books of sales that operators look at.
#[derive(Debug)]
pub(crate) struct KeptBooks {
    sales: Mutex<HashMap<SaleId, Arc<Kept>>>,
    counts: Semaphore,
}

/// One sale's books. Whoever asks while they are counted waits for the same count.
#[derive(Debug)]
struct Kept {
    asked_at: Instant,
    books: tokio::sync::OnceCell<Option<Books>>,
}

impl KeptBooks {
    pub(crate) fn new() -> Self {
        Self {
            sales: Mutex::default(),
            counts: Semaphore::new(COUNTS_AT_ONCE),
        }
    }

    /// A sale's books, at most [`COUNTED_EVERY`] old. `None` when Postgres does not tell in time.
    pub(super) async fn of(&self, pool: &PgPool, sale: SaleId, now: Instant) -> Option<Books> {
        let kept = self.kept(sale, now)?;
        *kept.books.get_or_init(|| self.count(pool, sale)).await
    }

    async fn count(&self, pool: &PgPool, sale: SaleId) -> Option<Books> {
        let books = async {
            let _permit = self.counts.acquire().await?;
            operations::books(pool, sale).await
        };
        match tokio::time::timeout(COUNT_MAX, books).await {
            Ok(Ok(books)) => books,
            Ok(Err(error)) => {
                debug!(%sale, error = %format!("{error:#}"), "cannot count a sale's orders");
                None
            }
            Err(_) => None,
        }
    }

    /// Where this sale's books are, or shall be. `None` where there is no room.
    fn kept(&self, sale: SaleId, now: Instant) -> Option<Arc<Kept>> {
        let mut sales = self.sales.lock().unwrap_or_else(PoisonError::into_inner);
        sales.retain(|_, kept| now.saturating_duration_since(kept.asked_at) < COUNTED_EVERY);
        if sales.len() >= SALES_MAX && !sales.contains_key(&sale) {
            return None;
        }
        let kept = sales
            .entry(sale)
            .or_insert_with(|| Arc::new(Kept::new(now)));
        Some(Arc::clone(kept))
    }
}

impl Kept {
    fn new(asked_at: Instant) -> Self {
        Self {
            asked_at,
            books: tokio::sync::OnceCell::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sale(random: u64) -> SaleId {
        SaleId::new(0.try_into().unwrap(), sale::Moment::default(), random)
    }

    #[test]
    fn books_are_kept_for_a_while_each_sale_for_itself() {
        let (books, begun) = (KeptBooks::new(), Instant::now());
        let first = books.kept(sale(1), begun).unwrap();
        let other = books.kept(sale(2), begun).unwrap();
        let soon = begun + COUNTED_EVERY - Duration::from_millis(1);
        assert!(Arc::ptr_eq(&first, &books.kept(sale(1), soon).unwrap()));
        assert!(!Arc::ptr_eq(&first, &other));
        let later = begun + COUNTED_EVERY;
        assert!(!Arc::ptr_eq(&first, &books.kept(sale(1), later).unwrap()));
    }

    #[test]
    fn beyond_the_limit_no_books_are_told_until_there_is_room() {
        let (books, begun) = (KeptBooks::new(), Instant::now());
        for random in 0..SALES_MAX as u64 {
            books.kept(sale(random), begun).unwrap();
        }
        let late = sale(u64::MAX);
        assert!(books.kept(late, begun).is_none());
        assert!(books.kept(sale(0), begun).is_some());
        assert!(books.kept(late, begun + COUNTED_EVERY).is_some());
    }
}
