//! Time and randomness: the machine's, and ones that a test holds in its hand.

use crate::ports::{Clock, Entropy};
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// When the process was first asked for its own time. The operating system's monotonic clock does not follow corrections of the wall clock.
static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the port that everybody else asks")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        BEGAN.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Follows tokio's time from a given start: it stands still and jumps where a test pauses the runtime.
#[derive(Debug, Clone, Copy)]
pub struct RuntimeClock {
    start: Timestamp,
    began: tokio::time::Instant,
}

impl RuntimeClock {
    /// It is `start` now. To be called within a runtime.
    pub fn starting_at(start: Timestamp) -> Self {
        Self { start, began: tokio::time::Instant::now() }
    }
}

#[async_trait]
impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        self.start.saturating_add(self.began.elapsed()).unwrap_or(self.start)
    }

    fn monotonic(&self) -> Duration {
        self.began.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Stands still until it is told to move; sleeping moves it.
#[derive(Debug)]
pub struct ManualClock(Mutex<Moment>);

#[derive(Debug)]
struct Moment {
    wall: Timestamp,
    passed: Duration,
}

impl ManualClock {
    /// It is `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(Moment { wall: now, passed: Duration::ZERO }))
    }

    /// Time goes by.
    pub fn advance(&self, duration: Duration) {
        let mut moment = self.moment();
        moment.wall = moment.wall.saturating_add(duration).unwrap_or(Timestamp::MAX);
        moment.passed = moment.passed.saturating_add(duration);
    }

    /// Somebody sets the wall clock; no time goes by.
    pub fn set(&self, now: Timestamp) {
        self.moment().wall = now;
    }

    fn moment(&self) -> MutexGuard<'_, Moment> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.moment().wall
    }

    fn monotonic(&self) -> Duration {
        self.moment().passed
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
        tokio::task::yield_now().await;
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

/// A program that cannot have random bits must not go on with guessable ones.
fn fill(bytes: &mut [u8]) {
    if getrandom::fill(bytes).is_err() {
        std::process::abort();
    }
}

impl Entropy for SystemEntropy {
    fn id_bits(&self) -> [u8; 16] {
        let mut bits = [0; 16];
        fill(&mut bits);
        bits
    }

    fn secret_bits(&self) -> [u8; 32] {
        let mut bits = [0; 32];
        fill(&mut bits);
        bits
    }
}

/// Counts up, so that what is made of it is the same in every run. For tests: whoever knows the seed knows the secrets.
#[derive(Debug, Default)]
pub struct CountingEntropy(AtomicU64);

impl CountingEntropy {
    /// The first value is made of `seed`.
    pub fn from_seed(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Entropy for CountingEntropy {
    fn id_bits(&self) -> [u8; 16] {
        u128::from(self.0.fetch_add(1, Ordering::Relaxed)).to_be_bytes()
    }

    fn secret_bits(&self) -> [u8; 32] {
        let mut bits = [0; 32];
        let (_, low) = bits.split_at_mut(24);
        low.copy_from_slice(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_entropy_does_not_repeat() {
        assert_ne!(SystemEntropy.id_bits(), SystemEntropy.id_bits());
        assert_ne!(SystemEntropy.secret_bits(), SystemEntropy.secret_bits());
    }

    #[test]
    fn counting_entropy_is_the_same_in_every_run() {
        let (a, b) = (CountingEntropy::from_seed(7), CountingEntropy::from_seed(7));
        assert_eq!((a.id_bits(), a.secret_bits()), (b.id_bits(), b.secret_bits()));
        assert_ne!(a.secret_bits(), a.secret_bits());
    }

    #[tokio::test]
    async fn manual_clock_moves_by_sleeping_only() {
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.now(), clock.now());
        clock.sleep(Duration::from_secs(90)).await;
        assert_eq!(clock.now().as_second(), 90);
    }

    #[test]
    fn monotonic_time_does_not_follow_a_wall_clock_that_is_set() {
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        clock.advance(Duration::from_secs(5));
        clock.set(Timestamp::from_second(1_000_000).unwrap());
        clock.advance(Duration::from_secs(5));
        clock.set(Timestamp::UNIX_EPOCH);
        assert_eq!((clock.now(), clock.monotonic()), (Timestamp::UNIX_EPOCH, Duration::from_secs(10)));
        let earlier = SystemClock.monotonic();
        assert!(SystemClock.monotonic() >= earlier);
    }

    #[tokio::test(start_paused = true)]
    async fn runtime_clock_follows_paused_time() {
        let clock = RuntimeClock::starting_at(Timestamp::UNIX_EPOCH);
        clock.sleep(Duration::from_secs(3600)).await;
        assert_eq!(clock.now().as_second(), 3600);
    }
}
