use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use hyper::http::Extensions;
use s3s::{S3ErrorCode, S3Result};
use tokio::sync::Notify;

use super::places::Place;

/// A connection, which is for one request.
pub(super) struct Visit {
    strangers: Arc<Strangers>,
    end: Arc<Notify>,
    place: OnceLock<Place>,
}

/// The connections of those who have not yet said what shows whether they may ask, the oldest first. When
/// there are too many, that one makes way: whoever may ask says it at once.
#[derive(Default)]
pub(super) struct Strangers(Mutex<VecDeque<Arc<Notify>>>);

/// How many of them there may be.
const MOST: usize = 256;

impl Strangers {
    fn all(&self) -> MutexGuard<'_, VecDeque<Arc<Notify>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Visit {
    pub(super) fn new(strangers: Arc<Strangers>) -> Visit {
        let end = Arc::new(Notify::new());
        {
            let mut all = strangers.all();
            if all.len() == MOST
                && let Some(oldest) = all.pop_front()
            {
                oldest.notify_one();
            }
            all.push_back(Arc::clone(&end));
        }
        Visit {
            strangers,
            end,
            place: OnceLock::new(),
        }
    }

    /// That of a request.
    pub(super) fn of(extensions: &Extensions) -> S3Result<Arc<Visit>> {
        let visit = extensions.get::<Arc<Visit>>().map(Arc::clone);
        visit.ok_or_else(|| S3ErrorCode::InternalError.into())
    }

    /// What ends that of a request.
    pub(super) fn end_of(extensions: &Extensions) -> S3Result<Arc<Notify>> {
        Ok(Arc::clone(&Visit::of(extensions)?.end))
    }

    /// Whether they may ask is up to this store from here on.
    pub(super) fn has_said_all(&self) {
        self.strangers
            .all()
            .retain(|other| !Arc::ptr_eq(other, &self.end));
    }

    /// Keeps a place up to its end.
    pub(super) fn keep(&self, place: Place) -> S3Result<()> {
        let kept = self.place.set(place);
        kept.map_err(|_| S3ErrorCode::InternalError.into())
    }

    /// What ends it.
    pub(super) fn end(&self) -> &Arc<Notify> {
        &self.end
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.has_said_all();
    }
}
