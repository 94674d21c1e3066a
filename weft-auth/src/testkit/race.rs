use std::pin::pin;
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// Who lets racers loose at once, and waits for all.
///
/// With a runtime, spawn each as a task on more than one thread.
pub trait Race: Sync {
    /// What came of each, in any order; one that panicked left nothing.
    fn race<F>(&self, racers: Vec<F>) -> impl Future<Output = Vec<F::Output>> + Send
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;
}

/// A thread for each racer, for stores that need no runtime.
#[derive(Debug, Clone, Copy, Default)]
pub struct Threads;

impl Race for Threads {
    async fn race<F>(&self, racers: Vec<F>) -> Vec<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let start = Arc::new(Barrier::new(racers.len()));
        let run = |racer: F| {
            let start = Arc::clone(&start);
            thread::spawn(move || {
                start.wait();
                block_on(racer)
            })
        };
        let threads: Vec<_> = racers.into_iter().map(run).collect();
        let ended = threads.into_iter().map(thread::JoinHandle::join);
        ended.filter_map(Result::ok).collect()
    }
}

impl Threads {
    /// Runs a future on this thread until it is ready.
    pub fn block_on<F: Future>(future: F) -> F::Output {
        block_on(future)
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(done) => return done,
            Poll::Pending => thread::park(),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
