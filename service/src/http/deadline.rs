//! Two deadlines for the head of a request, where hyper knows one.
//!
//! hyper starts its `header_read_timeout` when it begins to wait for a request, so one number would
//! have to be both the patience with an idle connection (long) and with a half-sent head (short).
//! Through hyper's own [`Timer`] this gives the long one until the first byte arrives and the short
//! one from then on.
//!
//! It also costs less than a timer per request: one tokio timer serves the whole connection. It is
//! moved only to an earlier time; when it goes off too early it is set again.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use hyper::rt::{Sleep, Timer};
use tokio::time::Instant;

use super::socket::Arrived;

/// Makes the deadlines of one connection; hand it to hyper as its timer, with the idle timeout as
/// `header_read_timeout`.
pub(super) struct HeadDeadlines {
    head_timeout: Duration,
    arrived: Arrived,
    mute: AtomicBool,
    alarm: Alarm,
}

/// Locked only by the connection's own task, so never contended.
type Alarm = Arc<Mutex<Pin<Box<tokio::time::Sleep>>>>;

impl HeadDeadlines {
    pub(super) fn new(head_timeout: Duration, idle_timeout: Duration, arrived: Arrived) -> Self {
        let alarm = Box::pin(tokio::time::sleep(head_timeout.min(idle_timeout)));
        Self {
            head_timeout,
            arrived,
            mute: AtomicBool::new(true),
            alarm: Arc::new(Mutex::new(alarm)),
        }
    }
}

impl Timer for HeadDeadlines {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until((Instant::now() + duration).into_std())
    }

    /// hyper calls this once per request, when it begins to wait for the head.
    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn Sleep>> {
        self.arrived.set(false);
        // The first head is due soon whether or not it has begun: nobody connects to be idle.
        let begun = self.mute.swap(false, Ordering::Relaxed);
        let deadline = match begun {
            true => Instant::now() + self.head_timeout,
            false => Instant::from_std(deadline),
        };
        Box::pin(HeadDeadline {
            head_timeout: self.head_timeout,
            arrived: self.arrived.clone(),
            alarm: Arc::clone(&self.alarm),
            deadline,
            begun,
        })
    }

    fn now(&self) -> std::time::Instant {
        Instant::now().into_std()
    }
}

/// Resolves when the head that hyper waits for is too late. hyper polls it only while it waits.
struct HeadDeadline {
    head_timeout: Duration,
    arrived: Arrived,
    alarm: Alarm,
    deadline: Instant,
    begun: bool,
}

impl Sleep for HeadDeadline {}

impl Future for HeadDeadline {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if !self.begun && self.arrived.get() {
            self.begun = true;
            self.deadline = Instant::now() + self.head_timeout;
        }
        let mut alarm = self.alarm.lock().unwrap_or_else(PoisonError::into_inner);
        if alarm.deadline() > self.deadline {
            alarm.as_mut().reset(self.deadline);
        }
        while alarm.as_mut().poll(cx).is_ready() {
            if alarm.deadline() >= self.deadline {
                return Poll::Ready(());
            }
            // It was set for an earlier request.
            alarm.as_mut().reset(self.deadline);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Duration = Duration::from_secs(10);
    const IDLE: Duration = Duration::from_secs(75);

    fn given_a_connection() -> (HeadDeadlines, Arrived) {
        let arrived = Arrived::default();
        (HeadDeadlines::new(HEAD, IDLE, arrived.clone()), arrived)
    }

    #[tokio::test(start_paused = true)]
    async fn a_mute_connection_is_given_the_time_of_a_head() {
        let (deadlines, _) = given_a_connection();
        let started = Instant::now();
        deadlines.sleep(IDLE).await;
        assert_eq!(started.elapsed(), HEAD);
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_may_wait_longer() {
        let (deadlines, arrived) = given_a_connection();
        drop(deadlines.sleep(IDLE));
        arrived.set(true);
        tokio::time::advance(HEAD * 3).await;

        let started = Instant::now();
        deadlines.sleep(IDLE).await;
        assert_eq!(started.elapsed(), IDLE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_began_is_due_soon_even_after_idling() {
        let (deadlines, arrived) = given_a_connection();
        drop(deadlines.sleep(IDLE));

        let mut waiting = deadlines.sleep(IDLE);
        let idling = tokio::time::timeout(Duration::from_secs(50), waiting.as_mut());
        assert!(idling.await.is_err(), "closed while idle");
        arrived.set(true);
        let started = Instant::now();
        waiting.await;
        assert_eq!(started.elapsed(), HEAD);
    }
}
