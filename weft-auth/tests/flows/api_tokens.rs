//! API tokens in a store.

use std::time::Duration;

use weft_auth::audit::{Event, Record};
use weft_auth::link::Purpose;
use weft_auth::login::Presented;
use weft_auth::session::Session;
use weft_auth::store::{AccountStore, ApiTokenStore, AuditStore, MailKind, SessionStore};
use weft_auth::testkit::{Memory, Probe};
use weft_auth::token::{
    ApiToken, ApiTokens, GrantRefusal, New, NoToken, Prefix, RotationError, Scope, Scopes,
};
use weft_auth::{AccountId, ApiTokenId, Error};

use crate::stage::{RIGHT, Stage, WRONG, at, chosen, post, run, signed_in, visit};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Orders {
    Read,
    Write,
}

impl Scope for Orders {
    const ALL: &'static [Orders] = &[Orders::Read, Orders::Write];

    fn name(self) -> &'static str {
        match self {
            Orders::Read => "orders:read",
            Orders::Write => "orders:write",
        }
    }
}

/// A service that has fewer scopes by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fewer {
    Write,
}

impl Scope for Fewer {
    const ALL: &'static [Fewer] = &[Fewer::Write];

    fn name(self) -> &'static str {
        "orders:write"
    }
}

struct Programs<S = Memory> {
    tokens: ApiTokens<S>,
    account: AccountId,
}

impl<S: ApiTokenStore + AccountStore + SessionStore> Programs<S> {
    fn of(stage: &Stage, store: S) -> Programs<S> {
        Programs {
            tokens: ApiTokens::new(store, Prefix::new("test").unwrap()),
            account: stage.account.id,
        }
    }

    fn issue(&self, lifetime: Option<Duration>) -> (ApiTokenId, ApiToken) {
        let new = New {
            account: self.account,
            audience: None,
            session: None,
            label: "a program",
            scopes: &Scopes::new([Orders::Read]),
            lifetime,
        };
        run(self.tokens.issue(new, at(0))).unwrap()
    }

    fn refused<C: Scope>(&self, token: &ApiToken, needed: C, seconds: u64) -> Option<GrantRefusal> {
        let told = run(self.tokens.authorize(token, needed, at(seconds)));
        told.err().as_ref().and_then(Error::refusal).copied()
    }

    fn rotate(&self, id: ApiTokenId, overlap: Duration) -> Result<(ApiTokenId, ApiToken), NoToken> {
        let owner = (self.account, id);
        let told = run(self.tokens.rotate::<Orders>(owner, overlap, at(100)));
        told.map_err(|error| *error.refusal().unwrap())
    }
}

#[test]
fn a_token_is_good_for_its_scopes_until_it_ends() {
    let stage = Stage::new();
    let programs = Programs::of(&stage, stage.store.clone());
    let (id, token) = programs.issue(Some(DAY));
    let token = programs.tokens.parse(token.expose()).unwrap();
    let record = run(programs.tokens.authorize(&token, Orders::Read, at(0))).unwrap();
    assert_eq!((record.id, record.account), (id, stage.account.id));
    let day = DAY.as_secs();
    assert_eq!(programs.refused(&token, Orders::Read, day - 1), None);
    let expired = programs.refused(&token, Orders::Read, day);
    assert_eq!(expired, Some(GrantRefusal::Expired));
    let other = programs.refused(&token, Orders::Write, 0);
    assert_eq!(other, Some(GrantRefusal::Scope));
    // One of its scopes is gone, so nobody knows what it may do.
    let gone = programs.refused(&token, Fewer::Write, 0);
    assert_eq!(gone, Some(GrantRefusal::Scope));
    let nobodys = ApiToken::generate(Prefix::new("test").unwrap()).unwrap();
    let unknown = programs.refused(&nobodys, Orders::Read, 0);
    assert_eq!(unknown, Some(GrantRefusal::Unknown));
    assert!(programs.tokens.parse("other_guess").is_err());
}

#[test]
fn a_use_is_written_once_a_minute() {
    let stage = Stage::new();
    let probe = Probe::new(stage.store.clone());
    let programs = Programs::of(&stage, probe.clone());
    let (_, token) = programs.issue(None);
    let asked = |seconds| {
        probe.take_trace();
        assert_eq!(programs.refused(&token, Orders::Read, seconds), None);
        probe.take_trace().len()
    };
    assert_eq!([0, 59, 60, 61].map(asked), [2, 1, 2, 1]);
    let own = run(stage.store.api_tokens_of(stage.account.id)).unwrap();
    assert_eq!(own[0].last_used_at, Some(at(60)));
}

#[test]
fn a_token_is_rotated_once_and_both_are_good_for_the_overlap() {
    let stage = Stage::new();
    let programs = Programs::of(&stage, stage.store.clone());
    let (_, other) = programs.issue(None);
    let (id, old) = programs.issue(None);
    let (_, new) = programs.rotate(id, DAY).unwrap();
    let end = 100 + DAY.as_secs();
    assert_eq!(programs.refused(&old, Orders::Read, end - 1), None);
    let ended = programs.refused(&old, Orders::Read, end);
    assert_eq!(ended, Some(GrantRefusal::Expired));
    for token in [&new, &other] {
        assert_eq!(programs.refused(token, Orders::Read, end), None);
    }
    assert_eq!(programs.rotate(id, DAY).unwrap_err(), NoToken::Unknown);
    let too_long = programs.rotate(programs.issue(None).0, 8 * DAY);
    let overlap = NoToken::Rotation(RotationError::Overlap);
    assert_eq!(too_long.unwrap_err(), overlap);
    let nobodys = programs.rotate(ApiTokenId::generate().unwrap(), DAY);
    assert_eq!(nobodys.unwrap_err(), NoToken::Unknown);
}

#[test]
fn who_is_suspended_or_not_there_gets_no_token() {
    let stage = Stage::new();
    let mut programs = Programs::of(&stage, stage.store.clone());
    let (_, token) = programs.issue(None);
    run(stage.store.suspend_account(stage.account.id)).unwrap();
    let unknown = programs.refused(&token, Orders::Read, 0);
    assert_eq!(unknown, Some(GrantRefusal::Unknown));
    for account in [stage.account.id, AccountId::generate().unwrap()] {
        programs.account = account;
        let scopes = Scopes::new([Orders::Read]);
        let new = New {
            account,
            audience: None,
            session: None,
            label: "a program",
            scopes: &scopes,
            lifetime: None,
        };
        let told = run(programs.tokens.issue(new, at(0))).map(drop);
        assert_eq!(told.unwrap_err().refusal(), Some(&NoToken::Account));
        let endless = New {
            lifetime: Some(Duration::MAX),
            ..new
        };
        let told = run(programs.tokens.issue(endless, at(0))).map(drop);
        assert_eq!(told.unwrap_err().refusal(), Some(&NoToken::Time));
    }
}

/// What was logged and mailed last.
fn told(stage: &Stage) -> (Option<Event>, Option<MailKind>) {
    let entries = run(stage.store.entries_after(0, u32::MAX)).unwrap();
    let last = entries
        .last()
        .map(|entry| Record::from_bytes(&entry.body).unwrap());
    let mail = stage.store.outbox().pop();
    (last.map(|record| record.event), mail.map(|mail| mail.kind))
}

impl Programs {
    fn make(&self, stage: &Stage, session: &Session) -> Result<(ApiTokenId, ApiToken), NoToken> {
        let recent = session.recently_authenticated(at(1)).unwrap();
        let new = New {
            account: AccountId::from_bytes([9; 16]), // whoever that is
            audience: None,
            session: None,
            label: "the importer",
            scopes: &Scopes::new([Orders::Read]),
            lifetime: None,
        };
        let login = &stage.login;
        let made = run(login.make_api_token(&recent, &self.tokens, new, &visit(1)));
        made.map_err(|error| *error.refusal().unwrap())
    }
}

#[test]
fn what_is_made_in_a_session_is_its_owners_and_told() {
    let stage = Stage::new();
    let programs = Programs::of(&stage, stage.store.clone());
    let session = signed_in(stage.password(RIGHT, 0).unwrap()).started.session;
    let (id, token) = programs.make(&stage, &session).unwrap();
    let (event, kind) = (Event::ApiTokenMade, MailKind::ApiTokenMade);
    assert_eq!(told(&stage), (Some(event), Some(kind)));
    assert_eq!(
        stage.store.outbox().pop().unwrap().to,
        stage.account.mailbox
    );
    let own = run(stage.store.api_tokens_of(stage.account.id)).unwrap();
    assert_eq!(own.iter().map(|own| own.id).collect::<Vec<_>>(), [id]);
    assert_eq!(programs.refused(&token, Orders::Read, 2), None);

    let recent = session.recently_authenticated(at(2)).unwrap();
    let revoke = || run(stage.login.revoke_api_token(&recent, id, &visit(2))).unwrap();
    assert!(revoke());
    let (event, kind) = (Event::ApiTokenRevoked, MailKind::ApiTokenRevoked);
    assert_eq!(told(&stage), (Some(event), Some(kind)));
    let unknown = programs.refused(&token, Orders::Read, 2);
    assert_eq!(unknown, Some(GrantRefusal::Unknown));
    let mails = stage.store.outbox().len();
    assert!(!revoke());
    assert_eq!(stage.store.outbox().len(), mails);
}

#[test]
fn what_is_refused_in_a_session_is_told_to_nobody_else() {
    let stage = Stage::new();
    let mut programs = Programs::of(&stage, stage.store.clone());
    programs.tokens = programs.tokens.with_most(1);
    let session = signed_in(stage.password(RIGHT, 0).unwrap()).started.session;
    programs.make(&stage, &session).unwrap();
    let (before, mails) = (told(&stage), stage.store.outbox().len());
    let too_many = programs.make(&stage, &session).unwrap_err();
    assert_eq!(too_many, NoToken::TooMany);
    run(stage.store.revoke_api_tokens(stage.account.id, None)).unwrap();
    run(stage.store.revoke_session(stage.account.id, session.id())).unwrap();
    let over = programs.make(&stage, &session).unwrap_err();
    assert_eq!(over, NoToken::Account);
    assert_eq!((told(&stage), stage.store.outbox().len()), (before, mails));
    assert!(
        run(stage.store.api_tokens_of(stage.account.id))
            .unwrap()
            .is_empty()
    );
}

/// Who made one in another tab, and revoked it a moment later, is signed in still.
#[test]
fn a_place_that_is_free_by_now_was_taken_and_the_session_is_not_over() {
    let stage = Stage::new();
    let probe = Probe::new(stage.store.clone());
    let mut programs = Programs::of(&stage, probe.clone());
    programs.tokens = programs.tokens.with_most(1);
    let session = signed_in(stage.password(RIGHT, 0).unwrap()).started.session;
    let (store, id) = (stage.store.clone(), stage.account.id);
    let refused = |session| {
        programs.issue(None);
        let store = store.clone();
        probe.meanwhile("issue_api_token", move || {
            assert_eq!(run(store.revoke_api_tokens(id, None)).unwrap(), 1);
        });
        let new = New {
            account: id,
            audience: None,
            session,
            label: "another program",
            scopes: &Scopes::new([Orders::Read]),
            lifetime: None,
        };
        let told = run(programs.tokens.issue(new, at(1))).unwrap_err();
        *told.refusal().unwrap()
    };
    assert_eq!(refused(None), NoToken::TooMany);
    assert_eq!(refused(Some(session.id())), NoToken::TooMany);
    assert!(run(store.revoke_session(id, session.id())).unwrap());
    assert_eq!(refused(Some(session.id())), NoToken::Account);
}

/// Whoever was in by the old password is out, by what was made then as well. Who is signed in and chooses
/// another password knows what was made, and keeps it.
#[test]
fn a_reset_ends_api_tokens_and_a_change_does_not() {
    let stage = Stage::new();
    let programs = Programs::of(&stage, stage.store.clone());
    let session = signed_in(stage.password(RIGHT, 0).unwrap()).started.session;
    let (_, token) = programs.make(&stage, &session).unwrap();
    let recent = session.recently_authenticated(at(2)).unwrap();
    run(stage
        .login
        .replace_own_password(&recent, chosen(WRONG), &visit(2)))
    .unwrap();
    assert_eq!(programs.refused(&token, Orders::Read, 3), None);

    let mailbox = &stage.account.mailbox;
    let asked = run(stage.login.ask_to_reset(mailbox, None, &visit(4))).unwrap();
    let link = stage.mailed(Purpose::Reset);
    let presented = Presented::Link(&link, Some(&asked.browser));
    let reset = stage
        .login
        .reset(post(), presented, chosen(RIGHT), visit(5));
    signed_in(run(reset).unwrap());
    let unknown = programs.refused(&token, Orders::Read, 6);
    assert_eq!(unknown, Some(GrantRefusal::Unknown));
}
