use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use super::{Letter, Mailer, NotTaken};

/// The mail of a server that sends none, in memory: the latest come first.
#[derive(Default)]
pub struct Development {
    kept: Mutex<VecDeque<Kept>>,
}

/// A mail that went nowhere.
#[derive(Debug, Clone)]
pub struct Kept {
    /// When it came.
    pub at: SystemTime,
    /// What it is.
    pub letter: Letter,
}

impl Development {
    /// All that is kept.
    pub fn letters(&self) -> Vec<Kept> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().cloned().collect()
    }
}

impl Mailer for Development {
    fn send(
        &self,
        letter: Letter,
    ) -> Pin<Box<dyn Future<Output = Result<(), NotTaken>> + Send + '_>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = SystemTime::now();
        kept.push_front(Kept { at, letter });
        kept.truncate(MOST);
        Box::pin(std::future::ready(Ok(())))
    }
}

const MOST: usize = 200;
