use std::fmt;
use std::marker::PhantomData;
use std::time::SystemTime;

use super::assurance::{Assurance, OneFactor, Proofs, TwoFactors};
use super::policy::Policy;
use super::refusal::{Refusal, RefusalKind};
use crate::clock;
use crate::token::{self, TokenDigest};
use crate::{AccountId, SessionId};

/// Somebody who is signed in, as the store had it when this request came.
///
/// What needs two factors takes a `Session<TwoFactors>`, and what is dangerous a [`Recent`]: neither can
/// be had without the proof.
///
/// ```
/// use weft_auth::session::{Recent, Session, TwoFactors};
///
/// fn read(_: &Session) {}
/// fn invite(_: &Session<TwoFactors>) {}
/// fn delete_everything(_: Recent<'_, TwoFactors>) {}
/// ```
pub struct Session<A: Assurance = OneFactor> {
    pub(super) id: SessionId,
    pub(super) account: AccountId,
    pub(super) digest: TokenDigest<token::Session>,
    pub(super) proofs: Proofs,
    pub(super) remembered: bool,
    pub(super) ends_at: SystemTime,
    pub(super) touch_due: bool,
    pub(super) rotation_due: bool,
    pub(super) assurance: PhantomData<A>,
}

/// A session whose owner proved something in the last ten minutes.
pub struct Recent<'s, A: Assurance = OneFactor>(&'s Session<A>);

impl<A: Assurance> Session<A> {
    /// The id that its owner sees.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// Whose it is.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// What was proved, and when.
    pub fn proofs(&self) -> &Proofs {
        &self.proofs
    }

    /// The digest of its token, to bind tokens against cross-site requests to.
    pub fn digest(&self) -> TokenDigest<token::Session> {
        self.digest
    }

    /// Whether it outlives the browser.
    pub fn is_remembered(&self) -> bool {
        self.remembered
    }

    /// When it ends, unless it is used again.
    pub fn ends_at(&self) -> SystemTime {
        self.ends_at
    }

    /// Whether [`Sessions::rotate`](super::Sessions::rotate) should exchange the token, at the next page
    /// that is not fetched along with others: who still has the old one then is refused.
    pub fn is_due_for_rotation(&self) -> bool {
        self.rotation_due
    }

    /// The session, for what is dangerous: changes of password, mailbox or factors, deletion, export.
    ///
    /// # Errors
    /// When nothing was proved in the last ten minutes.
    pub fn recently_authenticated(&self, now: SystemTime) -> Result<Recent<'_, A>, Refusal> {
        let latest = self.proofs.latest();
        match latest.and_then(|at| clock::age(at, now)) {
            Some(age) if age < Policy::RECENT => Ok(Recent(self)),
            _ => Err(Refusal::new(RefusalKind::NotRecent)),
        }
    }

    /// The session, for what needs two factors.
    ///
    /// # Errors
    /// When they were not proved.
    pub fn into_two_factors(self) -> Result<Session<TwoFactors>, Refusal> {
        match self.proofs.are_two_factors() {
            true => Ok(self.into_assurance()),
            false => Err(Refusal::new(RefusalKind::SecondFactor)),
        }
    }

    pub(super) fn into_assurance<B: Assurance>(self) -> Session<B> {
        Session {
            id: self.id,
            account: self.account,
            digest: self.digest,
            proofs: self.proofs,
            remembered: self.remembered,
            ends_at: self.ends_at,
            touch_due: self.touch_due,
            rotation_due: self.rotation_due,
            assurance: PhantomData,
        }
    }
}

impl From<Session<TwoFactors>> for Session<OneFactor> {
    fn from(session: Session<TwoFactors>) -> Session<OneFactor> {
        session.into_assurance()
    }
}

impl<'s, A: Assurance> Recent<'s, A> {
    /// The session.
    pub fn session(&self) -> &'s Session<A> {
        self.0
    }
}

impl<A: Assurance> fmt::Debug for Session<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("account", &self.account)
            .field("proofs", &self.proofs)
            .finish_non_exhaustive()
    }
}

impl<A: Assurance> fmt::Debug for Recent<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Recent").field(self.0).finish()
    }
}
