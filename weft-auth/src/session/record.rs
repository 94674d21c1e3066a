use std::marker::PhantomData;
use std::time::{Duration, SystemTime};

use super::assurance::{OneFactor, Proofs};
use super::device::Device;
use super::policy::Policy;
use super::refusal::{Refusal, RefusalKind};
use super::signed_in::Session;
use crate::clock;
use crate::token::{self, TokenDigest};
use crate::{AccountId, SessionId};

/// What a store keeps of a session, besides the digest of its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The id that its owner sees.
    pub id: SessionId,
    /// Whose it is.
    pub account: AccountId,
    /// When somebody signed in.
    pub created_at: SystemTime,
    /// When it got the token that it has.
    pub rotated_at: SystemTime,
    /// When it was last used, or up to a minute before.
    pub last_seen_at: SystemTime,
    /// Whether it outlives the browser.
    pub remembered: bool,
    /// What was proved.
    pub proofs: Proofs,
    /// The connection of single sign-on that it stands and falls with.
    pub connection: Option<String>,
    /// What it is listed as.
    pub device: Device,
}

impl Policy {
    /// Decides on what a store has under `digest`, which is that of the token that came in.
    ///
    /// # Errors
    /// When it is over, or from a future that no clock's error explains.
    ///
    /// # Security
    /// It is pure, and believes the record; [`Sessions::resume`](super::Sessions::resume) brings it from
    /// the store. Lifetimes count from what happened, so that a stricter policy holds at once.
    pub fn judge(
        &self,
        record: &Record,
        digest: TokenDigest<token::Session>,
        now: SystemTime,
    ) -> Result<Session<OneFactor>, Refusal> {
        let unused = self.unused(record, now)?;
        let lifetimes = self.lifetimes(record.remembered);
        let token_age = clock::age(record.rotated_at, now).unwrap_or_default();
        Ok(Session {
            id: record.id,
            account: record.account,
            digest,
            proofs: record.proofs,
            remembered: record.remembered,
            ends_at: (record.created_at + lifetimes.absolute).min(now + lifetimes.idle),
            touch_due: unused >= Policy::TOUCH,
            rotation_due: record.remembered && token_age >= Policy::ROTATION,
            assurance: PhantomData,
        })
    }

    /// How long a session was not used, if it is not over.
    pub(super) fn unused(&self, record: &Record, now: SystemTime) -> Result<Duration, Refusal> {
        let lifetimes = self.lifetimes(record.remembered);
        let age = clock::age(record.created_at, now);
        let unused = clock::age(record.last_seen_at, now);
        match (age, unused) {
            (Some(age), Some(_)) if age >= lifetimes.absolute => Err(RefusalKind::Expired),
            (Some(_), Some(unused)) if unused >= lifetimes.idle => Err(RefusalKind::Idle),
            (Some(_), Some(unused)) => Ok(unused),
            _ => Err(RefusalKind::FromTheFuture),
        }
        .map_err(Refusal::new)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::session::Proof;
    use crate::token::Token;

    const DAY: u64 = 24 * 60 * 60;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(100 * DAY + seconds)
    }

    fn record(created: u64, seen: u64) -> Record {
        Record {
            id: SessionId::from_bytes([1; 16]),
            account: AccountId::from_bytes([2; 16]),
            created_at: at(created),
            rotated_at: at(created),
            last_seen_at: at(seen),
            remembered: false,
            proofs: Proofs::of(Proof::Password, at(created)),
            connection: None,
            device: Device::default(),
        }
    }

    fn judge(policy: &Policy, record: &Record, now: SystemTime) -> Result<Session, RefusalKind> {
        let digest = Token::from_random(&[3; 32]).digest();
        let judged = policy.judge(record, digest, now);
        judged.map_err(|refusal| refusal.kind())
    }

    fn kind(record: &Record, now: SystemTime) -> Option<RefusalKind> {
        judge(&Policy::default(), record, now).err()
    }

    #[test]
    fn a_session_ends_unused_after_7_days_and_in_any_case_after_30() {
        assert_eq!(kind(&record(0, 0), at(7 * DAY - 1)), None);
        let idle = kind(&record(0, 0), at(7 * DAY));
        assert_eq!(idle, Some(RefusalKind::Idle));
        let used = record(0, 30 * DAY - 1);
        assert_eq!(kind(&used, at(30 * DAY - 1)), None);
        assert_eq!(kind(&used, at(30 * DAY)), Some(RefusalKind::Expired));
    }

    #[test]
    fn a_remembered_session_ends_unused_after_14_days_and_in_any_case_after_30() {
        let remembered = |seen| Record {
            remembered: true,
            ..record(0, seen)
        };
        assert_eq!(kind(&remembered(0), at(14 * DAY - 1)), None);
        assert_eq!(kind(&remembered(0), at(14 * DAY)), Some(RefusalKind::Idle));
        let expired = kind(&remembered(30 * DAY), at(30 * DAY));
        assert_eq!(expired, Some(RefusalKind::Expired));
    }

    #[test]
    fn a_stricter_policy_holds_at_once() {
        let judged = judge(&Policy::STRICT, &record(0, 0), at(30 * 60));
        assert_eq!(judged.unwrap_err(), RefusalKind::Idle);
    }

    #[test]
    fn what_was_written_in_the_future_is_refused() {
        for (created, seen, expected) in [
            (60, 60, None),
            (61, 61, Some(RefusalKind::FromTheFuture)),
            (0, 61, Some(RefusalKind::FromTheFuture)),
            (300 * DAY, 0, Some(RefusalKind::FromTheFuture)),
        ] {
            assert_eq!(kind(&record(created, seen), at(0)), expected);
        }
    }

    #[test]
    fn it_is_written_to_once_a_minute_at_most() {
        let due = |seen, now| {
            let judged = judge(&Policy::default(), &record(0, seen), at(now));
            judged.unwrap().touch_due
        };
        assert!(!due(100, 159) && due(100, 160) && !due(100, 90));
    }

    #[test]
    fn a_remembered_token_is_to_be_exchanged_after_7_days() {
        let due = |remembered, now| {
            let record = Record {
                remembered,
                ..record(0, now)
            };
            judge(&Policy::default(), &record, at(now))
                .unwrap()
                .rotation_due
        };
        assert!(due(true, 7 * DAY) && !due(true, 7 * DAY - 1) && !due(false, 7 * DAY));
    }

    #[test]
    fn what_was_proved_is_recent_for_10_minutes() {
        let session = judge(&Policy::default(), &record(0, 0), at(0)).unwrap();
        let recent = |now| session.recently_authenticated(now).is_ok();
        assert!(recent(at(0)) && recent(at(599)) && !recent(at(600)));
        assert!(!recent(at(0) - Duration::from_secs(61)));
    }

    #[test]
    fn two_factors_are_what_the_record_proves() {
        let with = |proof| {
            let proofs = Proofs::of(Proof::Password, at(0)).with(proof, at(1));
            let record = Record {
                proofs,
                ..record(0, 0)
            };
            judge(&Policy::default(), &record, at(2)).unwrap()
        };
        assert!(with(Proof::Totp).into_two_factors().is_ok());
        let one = with(Proof::Mailbox).into_two_factors();
        assert_eq!(one.unwrap_err().kind(), RefusalKind::SecondFactor);
    }
}
