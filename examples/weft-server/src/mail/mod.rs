//! Mail out: what waits in the outbox is written, and given to whoever sends it.

mod development;
mod letter;

use std::{
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::{sync::Notify, time::timeout};
use weft_auth::Mailbox;

use crate::{accounts::Store, site::Site};

pub use development::{Development, Kept};

/// A mail as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Where it goes.
    pub to: Mailbox,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub text: String,
}

/// A mail was not taken. It is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotTaken;

/// Whoever sends mail.
pub trait Mailer: Send + Sync {
    /// Takes a mail on, for good: it is not given a second time.
    fn send(
        &self,
        letter: Letter,
    ) -> Pin<Box<dyn Future<Output = Result<(), NotTaken>> + Send + '_>>;
}

/// The outbox, and who empties it.
#[derive(Clone)]
pub struct Post {
    mailer: Option<Arc<dyn Mailer>>,
    development: Option<Arc<Development>>,
    asked: Arc<Notify>,
}

impl Post {
    /// Mail goes out through `mailer`.
    pub fn through(mailer: Arc<dyn Mailer>) -> Post {
        Post {
            mailer: Some(mailer),
            development: None,
            asked: Arc::default(),
        }
    }

    /// Mail goes nowhere, and is shown on a page of this server to everyone who asks: for a machine that
    /// nobody else reaches.
    pub fn development() -> Post {
        let development = Arc::new(Development::default());
        Post {
            development: Some(Arc::clone(&development)),
            ..Post::through(development)
        }
    }

    /// Mail waits, until a server runs that has somebody to send it.
    pub fn nobody() -> Post {
        Post {
            mailer: None,
            development: None,
            asked: Arc::default(),
        }
    }

    /// What the development mailbox has, if that is where mail goes.
    pub fn shown(&self) -> Option<&Development> {
        self.development.as_deref()
    }

    /// There may be something in the outbox.
    pub fn wake(&self) {
        self.asked.notify_one();
    }

    /// Sends what waits in `store`, for as long as it is polled.
    pub async fn deliver(&self, store: &Store, site: &Site) {
        if self.mailer.is_none() {
            tracing::warn!("nobody is configured to send mail: it waits in the outbox");
            return;
        }
        loop {
            self.send_waiting(store, site).await;
            let _ = timeout(PERIOD, self.asked.notified()).await;
        }
    }

    /// Sends all that waits by now.
    pub async fn send_waiting(&self, store: &Store, site: &Site) {
        if let Some(mailer) = &self.mailer {
            while send_some(store, &**mailer, site).await {}
        }
    }
}

/// Sends some of what waits, and says whether there was any.
async fn send_some(store: &Store, mailer: &dyn Mailer, site: &Site) -> bool {
    let claimed = match store.claim_mail(BATCH, SystemTime::now(), LEASE).await {
        Ok(claimed) => claimed,
        Err(error) => {
            tracing::warn!(%error, "the outbox cannot be read");
            return false;
        }
    };
    let some = !claimed.is_empty();
    for waiting in claimed {
        let sent = match waiting.mail.decoy {
            true => Ok(()),
            false => mailer.send(letter::write(&waiting.mail, site)).await,
        };
        let done = match sent {
            Ok(()) => store.mail_sent(waiting.id).await.is_ok(),
            Err(NotTaken) => false,
        };
        if !done {
            tracing::warn!("a mail was not sent: it is tried again");
        }
    }
    some
}

/// How many are taken at once.
const BATCH: u32 = 50;
/// For how long whoever took them may need.
const LEASE: Duration = Duration::from_secs(60);
/// How often the outbox is looked into where nobody says that there is something.
const PERIOD: Duration = Duration::from_secs(2);
