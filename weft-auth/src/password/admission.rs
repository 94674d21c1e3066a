//! Who may hash now: a fair queue before a fixed number of permits, each with its memory.
//!
//! It is a queue of our own, and not a runtime's semaphore, so that the crate has no runtime: an
//! [`Entering`] is a future for any executor, and [`Entering::wait_at_most`] is for threads.

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use super::hasher::Hasher;
use super::memory::Memory;

/// All permits are out and the queue is full. The answer is a 503, and nothing was looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

/// A place in the queue, which becomes a [`Permit`]; dropping it leaves the queue.
#[must_use = "a place in the queue is left when it is dropped"]
pub struct Entering {
    hasher: Hasher,
    place: Arc<Mutex<Place>>,
}

/// Leave to hash, with the memory for it; dropping it lets the next one in.
pub struct Permit {
    pub(super) hasher: Hasher,
    /// It is there until the permit is dropped.
    pub(super) memory: Option<Memory>,
}

/// What a [`Hasher`] lends its memory through.
pub(super) struct Gate {
    waiting: usize,
    state: Mutex<State>,
}

/// There is free memory only while nobody waits.
struct State {
    free: Vec<Memory>,
    queue: VecDeque<Arc<Mutex<Place>>>,
}

enum Place {
    Waiting(Option<Waker>),
    Granted(Memory),
    Left,
}

impl Gate {
    pub(super) fn new(free: Vec<Memory>, waiting: usize) -> Gate {
        let queue = VecDeque::new();
        Gate {
            waiting,
            state: Mutex::new(State { free, queue }),
        }
    }

    fn enter(&self) -> Result<Arc<Mutex<Place>>, Busy> {
        let mut state = lock(&self.state);
        if let Some(memory) = state.free.pop() {
            return Ok(Arc::new(Mutex::new(Place::Granted(memory))));
        }
        if state.queue.len() >= self.waiting {
            return Err(Busy);
        }
        let place = Arc::new(Mutex::new(Place::Waiting(None)));
        state.queue.push_back(Arc::clone(&place));
        Ok(place)
    }

    /// Hands the memory to whoever has waited longest.
    fn release(&self, memory: Memory) {
        let waker = {
            let mut state = lock(&self.state);
            let Some(place) = state.queue.pop_front() else {
                state.free.push(memory);
                return;
            };
            let before = mem::replace(&mut *lock(&place), Place::Granted(memory));
            match before {
                Place::Waiting(waker) => waker,
                Place::Granted(_) | Place::Left => None,
            }
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn leave(&self, place: &Arc<Mutex<Place>>) {
        let before = {
            let mut state = lock(&self.state);
            state.queue.retain(|other| !Arc::ptr_eq(other, place));
            mem::replace(&mut *lock(place), Place::Left)
        };
        if let Place::Granted(memory) = before {
            self.release(memory);
        }
    }
}

/// Nothing that can panic runs under these locks, so what they hold is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hasher {
    /// Takes a place in the queue, before anything is looked up.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use weft_auth::password::{Config, Hasher, Params};
    /// # let params = Params::insecure_for_tests();
    /// let hasher = Hasher::new(Config::new(params, 1 << 20))?;
    /// let place = hasher.enter()?; // or a 503, now
    /// // … look the account up …
    /// let permit = place.wait_at_most(Duration::from_secs(2))?; // or `place.await`
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When all permits are out and as many wait as may.
    pub fn enter(&self) -> Result<Entering, Busy> {
        let place = self.gate().enter()?;
        Ok(Entering {
            hasher: self.clone(),
            place,
        })
    }
}

impl Entering {
    /// Blocks this thread until it is its turn.
    ///
    /// # Errors
    /// When it has waited for as long as that.
    pub fn wait_at_most(mut self, patience: Duration) -> Result<Permit, Busy> {
        let since = Instant::now();
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(permit) = Pin::new(&mut self).poll(&mut context) {
                return Ok(permit);
            }
            match patience.checked_sub(since.elapsed()) {
                Some(left) if !left.is_zero() => thread::park_timeout(left),
                _ => return Err(Busy),
            }
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl Future for Entering {
    type Output = Permit;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Permit> {
        let mut place = lock(&self.place);
        match mem::replace(&mut *place, Place::Left) {
            Place::Granted(memory) => Poll::Ready(Permit {
                hasher: self.hasher.clone(),
                memory: Some(memory),
            }),
            Place::Waiting(_) => {
                *place = Place::Waiting(Some(context.waker().clone()));
                Poll::Pending
            }
            Place::Left => Poll::Pending,
        }
    }
}

impl Drop for Entering {
    fn drop(&mut self) {
        self.hasher.gate().leave(&self.place);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(memory) = self.memory.take() {
            self.hasher.gate().release(memory);
        }
    }
}

impl fmt::Debug for Entering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entering").finish_non_exhaustive()
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too many passwords are being hashed")
    }
}

impl std::error::Error for Busy {}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::password::{Config, Params};

    /// Two permits and three places in the queue.
    fn hasher() -> Hasher {
        let config = Config::new(Params::insecure_for_tests(), 2 * 128 * 1024);
        Hasher::new(config.with_waiting(3)).unwrap()
    }

    fn enter(hasher: &Hasher, times: usize) -> Vec<Entering> {
        (0..times).map(|_| hasher.enter().unwrap()).collect()
    }

    /// The permit, if it is granted already.
    fn granted(mut place: Entering) -> Result<Permit, Entering> {
        let mut context = Context::from_waker(Waker::noop());
        match Pin::new(&mut place).poll(&mut context) {
            Poll::Ready(permit) => Ok(permit),
            Poll::Pending => Err(place),
        }
    }

    #[test]
    fn whoever_finds_the_queue_full_is_refused_at_once() {
        let hasher = hasher();
        assert_eq!(hasher.permits(), 2);
        let mut places = enter(&hasher, 5);
        assert_eq!(hasher.enter().unwrap_err(), Busy);
        // Leaving makes room, also from the middle of the queue.
        drop(places.remove(3));
        places.push(hasher.enter().unwrap());
        assert_eq!(hasher.enter().unwrap_err(), Busy);
    }

    #[test]
    fn who_waited_longest_is_next() {
        let hasher = hasher();
        let mut places = enter(&hasher, 5).into_iter();
        let mut permits: VecDeque<Permit> = places
            .by_ref()
            .take(2)
            .map(|place| granted(place).unwrap())
            .collect();
        let mut waiting: VecDeque<Entering> =
            places.map(|place| granted(place).unwrap_err()).collect();
        while let Some(next) = waiting.pop_front() {
            permits.pop_front();
            // A newcomer is behind all of them.
            let newcomer = granted(hasher.enter().unwrap()).unwrap_err();
            waiting = waiting
                .into_iter()
                .map(|place| granted(place).unwrap_err())
                .collect();
            permits.push_back(granted(next).unwrap());
            drop(newcomer);
        }
    }

    #[test]
    fn a_permit_that_nobody_took_goes_to_the_next() {
        let hasher = hasher();
        let mut places = enter(&hasher, 4);
        let last = places.pop().unwrap();
        let last = granted(last).unwrap_err();
        // Two were granted and not taken, one waits before the last.
        drop(places);
        let permit = granted(last).unwrap();
        let second = granted(hasher.enter().unwrap());
        assert!(second.is_ok() && granted(hasher.enter().unwrap()).is_err());
        drop(permit);
    }

    #[test]
    fn a_thread_waits_as_long_as_it_says() {
        let hasher = hasher();
        let held: Vec<Permit> = enter(&hasher, 2)
            .into_iter()
            .map(|place| granted(place).unwrap())
            .collect();
        let refused = hasher.enter().unwrap().wait_at_most(Duration::ZERO);
        assert_eq!(refused.unwrap_err(), Busy);
        let place = hasher.enter().unwrap();
        let waiter = thread::spawn(move || place.wait_at_most(Duration::from_secs(60)));
        drop(held);
        assert!(waiter.join().unwrap().is_ok());
    }

    #[test]
    fn a_permit_comes_back_from_a_thread_that_panicked() {
        let hasher = hasher();
        for _ in 0..3 {
            let place = hasher.enter().unwrap();
            let thread = thread::spawn(move || {
                let _permit = granted(place).unwrap();
                panic!("while hashing");
            });
            assert!(thread.join().is_err());
        }
        assert_eq!(hasher.gate().state.lock().unwrap().free.len(), 2);
    }

    /// Room for 4 and 16 that wait: of 50, 20 hash, never more than 4 at a time, and 30 are refused.
    #[test]
    fn fifty_at_once_stay_within_the_budget() {
        let budget = 4 * 128 * 1024;
        let config = Config::new(Params::insecure_for_tests(), budget).with_waiting(16);
        let hasher = Hasher::new(config).unwrap();
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let all_entered = Barrier::new(50);
        let admitted: usize = thread::scope(|scope| {
            let threads: Vec<_> = (0..50)
                .map(|_| {
                    scope.spawn(|| {
                        let place = hasher.enter();
                        all_entered.wait();
                        let Ok(place) = place else { return 0 };
                        let permit = place.wait_at_most(Duration::from_secs(60)).unwrap();
                        let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(now, Ordering::SeqCst);
                        thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(permit);
                        1
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert_eq!(admitted, 20);
        assert!(most.into_inner() <= 4);
        assert_eq!(hasher.gate().state.lock().unwrap().free.len(), 4);
    }
}
