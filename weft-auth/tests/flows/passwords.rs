//! Signing in with a password.

use weft_auth::audit::{Event, Head, Reason, Record, verify};
use weft_auth::link::Purpose;
use weft_auth::login::{Login, Outcome, Presented, RefusalKind, Visit};
use weft_auth::password::{Config, Hasher, Params, Pepper, Peppers};
use weft_auth::session::{Arrival, Proof};
use weft_auth::store::{
    AccountState, AccountStore, AuditStore, MailKind, SecondFactorStore, StoredTotp,
};
use weft_auth::testkit::{Memory, Race, Threads};
use weft_auth::token::Token;
use weft_auth::totp::Step;
use weft_auth::{Mailbox, PseudonymKey};

use crate::stage::{
    RIGHT, Stage, WRONG, at, enforce, mailbox, network, password, post, probed, refused, run,
    signed_in, visit,
};

/// The last entry of the audit log, whose chain is whole.
pub(crate) fn last_event(store: &Memory) -> Event {
    let entries = run(store.entries_after(0, u32::MAX)).unwrap();
    assert!(verify(Head::START, &entries).is_ok());
    Record::from_bytes(&entries.last().unwrap().body)
        .unwrap()
        .event
}

#[test]
fn the_right_password_signs_in_and_a_wrong_one_does_not() {
    let stage = Stage::new();
    assert_eq!(refused(stage.password(WRONG, 0)), RefusalKind::Credentials);
    assert_eq!(
        last_event(&stage.store),
        Event::Refused(Reason::WrongPassword)
    );
    let signed_in = signed_in(stage.password(RIGHT, 1).unwrap());
    assert_eq!(last_event(&stage.store), Event::SignedIn(Proof::Password));
    assert!(signed_in.rehash.is_none());
    let session = run(stage
        .login
        .sessions()
        .resume(&signed_in.started.token, at(2)));
    assert_eq!(session.unwrap().account(), stage.account.id);
}

/// CVE-2022-25896, CVE-2026-7507.
#[test]
fn cve_2022_25896_a_sign_in_takes_a_new_token_and_ends_the_old_session() {
    let stage = Stage::new();
    let before = signed_in(stage.password(RIGHT, 0).unwrap()).started.token;
    let arrival = Arrival {
        before: Some(&before),
        ..Arrival::default()
    };
    let visit = Visit {
        arrival,
        ..visit(1)
    };
    let again = run(stage
        .login
        .password(&stage.account.mailbox, password(RIGHT), visit));
    let after = signed_in(again.unwrap()).started.token;
    assert_ne!(after.expose(), before.expose());
    let sessions = stage.login.sessions();
    assert!(run(sessions.resume(&before, at(2))).is_err());
    assert!(run(sessions.resume(&after, at(2))).is_ok());
}

/// An attacker's own token, planted in the victim's browser, is nobody's afterwards.
#[test]
fn cve_2026_7507_a_planted_token_is_not_adopted() {
    let stage = Stage::new();
    let planted = Token::from_random(&[9; 32]);
    let arrival = Arrival {
        before: Some(&planted),
        ..Arrival::default()
    };
    let visit = Visit {
        arrival,
        ..visit(0)
    };
    let outcome = run(stage
        .login
        .password(&stage.account.mailbox, password(RIGHT), visit));
    let token = signed_in(outcome.unwrap()).started.token;
    assert_ne!(token.expose(), planted.expose());
    assert!(run(stage.login.sessions().resume(&planted, at(1))).is_err());
}

#[test]
fn the_reason_is_logged_and_never_told() {
    let cases: [(fn(&mut weft_auth::store::Account), _, _); 5] = [
        (|account| account.password = None, RIGHT, Reason::NoPassword),
        (
            |account| account.password = Some(String::new()),
            RIGHT,
            Reason::UnreadableHash,
        ),
        (
            |account| account.password = Some("$é".to_owned()),
            RIGHT,
            Reason::UnreadableHash,
        ),
        (
            |account| account.state = AccountState::Unverified,
            RIGHT,
            Reason::Unverified,
        ),
        (
            |account| account.state = AccountState::Suspended,
            RIGHT,
            Reason::Suspended,
        ),
    ];
    for (change, text, reason) in cases {
        let stage = Stage::with(change);
        let told = stage.password(text, 0).unwrap_err();
        assert_eq!(
            format!("{told} {told:?}"),
            "sign-in refused Refused(Refusal(Credentials))"
        );
        assert_eq!(last_event(&stage.store), Event::Refused(reason));
    }
    let stage = Stage::new();
    let nobody = mailbox("eve@example.com");
    let told = run(stage.login.password(&nobody, password(RIGHT), visit(0)));
    assert_eq!(refused(told), RefusalKind::Credentials);
    assert_eq!(
        last_event(&stage.store),
        Event::Refused(Reason::UnknownMailbox)
    );
}

/// CVE-2025-6004: spellings of one name had counters of their own.
#[test]
fn cve_2025_6004_all_spellings_of_a_mailbox_are_counted_together() {
    let stage = Stage::new();
    for (seconds, text) in ["ada@example.com", "ADA@example.com", "Ada@Example.Com"]
        .into_iter()
        .cycle()
        .take(5)
        .enumerate()
    {
        let mailbox = Mailbox::parse(text).unwrap();
        let told = run(stage
            .login
            .password(&mailbox, password(WRONG), visit(seconds as u64)));
        assert_eq!(refused(told), RefusalKind::Credentials);
    }
    assert_eq!(refused(stage.password(RIGHT, 4)), RefusalKind::TooMany);
    assert!(stage.password(RIGHT, 6).is_ok());
}

#[test]
fn success_forgets_failures() {
    let stage = Stage::new();
    for round in 0..3 {
        for seconds in 0..4 {
            let told = stage.password(WRONG, round * 10 + seconds);
            assert_eq!(refused(told), RefusalKind::Credentials);
        }
        assert!(stage.password(RIGHT, round * 10 + 5).is_ok());
    }
}

/// The order "count, then hash": an attempt whose process dies while it hashes was counted.
#[test]
fn a_failure_is_counted_before_the_hash() {
    let stage = Stage::new();
    let (probe, login) = probed(&stage.store);
    for seconds in 0..5 {
        let mut attempt =
            std::pin::pin!(login.password(&stage.account.mailbox, password(WRONG), visit(seconds)));
        let told = run(attempt.as_mut());
        assert_eq!(refused(told), RefusalKind::Credentials);
        let names: Vec<_> = probe.take_trace().iter().map(|op| op.name).collect();
        let place = |name| names.iter().position(|other| *other == name).unwrap();
        assert!(place("count_failure") < place("hash"));
    }
    assert_eq!(refused(stage.password(RIGHT, 4)), RefusalKind::TooMany);
}

#[test]
fn guesses_at_once_are_no_more_than_are_free() {
    let stage = Stage::new();
    let racers = (0..40_u8).map(|last| {
        let (login, mailbox) = (stage.login.clone(), stage.account.mailbox.clone());
        async move {
            let visit = Visit::from(network(last), at(0));
            refused(login.password(&mailbox, password(WRONG), visit).await)
        }
    });
    let told = run(Threads.race(racers.collect()));
    let tried = told
        .iter()
        .filter(|kind| **kind == RefusalKind::Credentials);
    assert_eq!((told.len(), tried.count()), (40, 5));
}

#[test]
fn a_network_has_ten_sign_ins_a_minute() {
    let stage = Stage::new();
    let told = |seconds, last, name: u32| {
        let nobody = mailbox(&format!("nobody{name}@example.com"));
        let visit = Visit::from(network(last), at(seconds));
        refused(run(stage.login.password(&nobody, password(WRONG), visit)))
    };
    for name in 0..10 {
        assert_eq!(told(0, 1, name), RefusalKind::Credentials);
    }
    assert_eq!(told(0, 1, 10), RefusalKind::TooMany);
    assert_eq!(told(0, 2, 11), RefusalKind::Credentials);
    assert_eq!(told(6, 1, 12), RefusalKind::Credentials);
    assert_eq!(told(6, 1, 13), RefusalKind::TooMany);
}

/// A lock is no weapon: mail opens it, and links get around it.
#[test]
fn the_hundredth_failure_locks_and_mail_unlocks() {
    let stage = Stage::new();
    let mut seconds = 0;
    for _ in 0..100 {
        assert_eq!(
            refused(stage.password(WRONG, seconds)),
            RefusalKind::Credentials
        );
        seconds += 900;
    }
    assert_eq!(stage.store.outbox().len(), 1);
    let unlock = stage.mailed(Purpose::Unlock);
    assert_eq!(
        refused(stage.password(RIGHT, seconds)),
        RefusalKind::TooMany
    );
    let (browser, link) = stage.ask(seconds + 1);
    assert!(stage.follow(&link, Some(&browser), seconds + 2).is_ok());
    // Which has proved the mailbox; lock it again for the other way.
    for _ in 0..100 {
        seconds += 900;
        assert_eq!(
            refused(stage.password(WRONG, seconds)),
            RefusalKind::Credentials
        );
    }
    let again = stage.mailed(Purpose::Unlock);
    let at_once = visit(seconds + 1);
    let late = run(stage
        .login
        .unlock(post(), Presented::Link(&unlock, None), &at_once));
    assert_eq!(refused(late), RefusalKind::Link);
    run(stage
        .login
        .unlock(post(), Presented::Link(&again, None), &at_once))
    .unwrap();
    assert!(stage.password(RIGHT, seconds + 2).is_ok());
}

#[test]
fn a_lock_writes_to_nobody_who_has_no_account() {
    let stage = Stage::new();
    let nobody = mailbox("nobody@example.com");
    for failure in 0..100 {
        let guess = password(WRONG);
        let told = run(stage.login.password(&nobody, guess, visit(900 * failure)));
        assert_eq!(refused(told), RefusalKind::Credentials);
    }
    let mails = stage.store.outbox();
    let [mail] = &mails[..] else {
        panic!("{mails:?}")
    };
    assert_eq!(
        (mail.kind, mail.decoy),
        (MailKind::Link(Purpose::Unlock), true)
    );
}

#[test]
fn an_overload_is_refused_before_any_look_up() {
    let stage = Stage::new();
    let config = Config::new(Params::insecure_for_tests(), 128 * 1024).with_waiting(0);
    let hasher = Hasher::new(config).unwrap();
    let probe = weft_auth::testkit::Probe::new(stage.store);
    let login = Login::new(probe.clone(), hasher.clone(), PseudonymKey::new(&[7; 32]));
    let held = run(hasher.enter().unwrap());
    for text in ["ada@example.com", "eve@example.com"] {
        let told = run(login.password(&mailbox(text), password(RIGHT), visit(0)));
        assert_eq!(refused(told), RefusalKind::Busy);
        let names: Vec<_> = probe.take_trace().iter().map(|op| op.name).collect();
        assert_eq!(names, ["take", "requires_single_sign_on", "append"]);
    }
    drop(held);
    assert!(run(login.password(&mailbox("ada@example.com"), password(RIGHT), visit(0))).is_ok());
}

#[test]
fn single_sign_on_is_a_matter_of_the_domain_alone() {
    let stage = Stage::with(|account| account.break_glass = true);
    enforce(&stage.store, "example.com");
    let (probe, login) = probed(&stage.store);
    for text in ["ada@example.com", "nobody@example.com"] {
        let told = run(login.password(&mailbox(text), password(RIGHT), visit(0)));
        assert_eq!(refused(told), RefusalKind::SingleSignOn);
        let names: Vec<_> = probe.take_trace().iter().map(|op| op.name).collect();
        assert_eq!(names, ["take", "requires_single_sign_on", "append"]);
        let told = run(login.ask_to_sign_in(&mailbox(text), None, &visit(0)));
        assert_eq!(refused(told), RefusalKind::SingleSignOn);
        assert!(
            probe
                .take_trace()
                .iter()
                .all(|op| op.name != "account_by_mailbox")
        );
    }
    // The owner who may break the glass needs a second factor for it.
    for text in [WRONG, RIGHT] {
        let told = run(login.break_glass(&stage.account.mailbox, password(text), true, visit(0)));
        assert_eq!(refused(told), RefusalKind::Credentials, "{text}");
    }
    assert_eq!(
        last_event(&stage.store),
        Event::Refused(Reason::NoBreakGlass)
    );
    let federated = run(login.federated(stage.account.id, "conn_1", visit(1)));
    let token = signed_in(federated.unwrap()).started.token;
    assert_eq!(
        run(stage.login.sessions().revoke_connection("conn_1")).unwrap(),
        1
    );
    assert!(run(stage.login.sessions().resume(&token, at(2))).is_err());
}

#[test]
fn the_glass_is_broken_with_two_factors() {
    let app = crate::stage::App::new();
    let mut owner = app.stage.account.clone();
    owner.mailbox = mailbox("owner@example.com");
    owner.id = weft_auth::AccountId::from_bytes([2; 16]);
    owner.break_glass = true;
    let store = &app.stage.store;
    assert!(run(store.create_account(&owner)).unwrap());
    let totp = StoredTotp {
        sealed: b"sealed".to_vec(),
        last_step: Step::from_number(1),
    };
    assert!(run(store.enrol_totp(owner.id, &totp, &[])).unwrap());
    enforce(&app.stage.store, "example.com");
    let login = &app.stage.login;
    let owners = run(login.break_glass(&owner.mailbox, password(RIGHT), true, visit(0)));
    assert!(matches!(owners, Ok(Outcome::SecondFactorNeeded(_))));
    // Who is not marked is refused, second factor or not, and so is who is marked and owns nothing any more.
    for (somebody, owns) in [(&app.stage.account, true), (&owner, false)] {
        let others = login.break_glass(&somebody.mailbox, password(RIGHT), owns, visit(1));
        assert_eq!(refused(run(others)), RefusalKind::Credentials);
    }
}

#[test]
fn a_hash_is_made_anew_after_the_answer() {
    let stage = Stage::new();
    let pepper = Pepper::new("2026", [9; 32]).unwrap();
    let peppers = Peppers::new([pepper]).unwrap().accepting_unpeppered();
    let config = Config::new(Params::insecure_for_tests(), 1 << 20).with_peppers(peppers);
    let hasher = Hasher::new(config).unwrap();
    let key = PseudonymKey::new(&[7; 32]);
    let login = Login::new(stage.store.clone(), hasher.clone(), key);
    let by =
        |text, seconds| run(login.password(&stage.account.mailbox, password(text), visit(seconds)));
    let rehash = signed_in(by(RIGHT, 0).unwrap()).rehash.unwrap();
    let stored = || {
        run(stage.store.account(stage.account.id))
            .unwrap()
            .unwrap()
            .password
            .unwrap()
    };
    let before = stored();
    assert!(hasher.needs_rehash(&before).unwrap());
    assert!(run(login.rehash(rehash)).unwrap());
    assert!(!hasher.needs_rehash(&stored()).unwrap());
    assert!(signed_in(by(RIGHT, 1).unwrap()).rehash.is_none());

    // What was replaced meanwhile stays replaced.
    run(stage
        .store
        .rehash_password(stage.account.id, &stored(), &before))
    .unwrap();
    let rehash = signed_in(by(RIGHT, 2).unwrap()).rehash.unwrap();
    let other = crate::stage::hash(WRONG);
    run(stage.store.replace_password(stage.account.id, &other, None)).unwrap();
    assert!(!run(login.rehash(rehash)).unwrap());
    assert_eq!(stored(), other);
}

#[test]
fn a_password_given_again_is_a_proof_of_now() {
    let stage = Stage::new();
    let started = signed_in(stage.password(RIGHT, 0).unwrap()).started;
    let sessions = stage.login.sessions();
    let session = run(sessions.resume(&started.token, at(3_000))).unwrap();
    assert!(session.recently_authenticated(at(3_000)).is_err());
    let again = stage
        .login
        .confirm_password(&session, password(WRONG), visit(3_000));
    assert_eq!(refused(run(again)), RefusalKind::Credentials);
    let again = stage
        .login
        .confirm_password(&session, password(RIGHT), visit(3_001));
    let proved = run(again).unwrap();
    let elevated = run(sessions.elevate(session, proved, at(3_001))).unwrap();
    assert!(elevated.session.recently_authenticated(at(3_002)).is_ok());
    assert!(run(sessions.resume(&started.token, at(3_002))).is_err());
    let session = run(sessions.resume(&elevated.token, at(3_002))).unwrap();
    let recent = session.recently_authenticated(at(3_002)).unwrap();
    let chosen = crate::stage::chosen(WRONG);
    run(stage
        .login
        .replace_own_password(&recent, chosen, &visit(3_003)))
    .unwrap();
    assert!(run(sessions.resume(&elevated.token, at(3_004))).is_ok());
    assert!(stage.password(WRONG, 3_005).is_ok());
    let told: Vec<_> = stage.store.outbox().iter().map(|mail| mail.kind).collect();
    assert_eq!(told, [MailKind::PasswordReplaced]);
}

#[test]
fn fifty_at_once_with_room_for_four_are_answered() {
    let stage = Stage::new();
    let config = Config::new(Params::insecure_for_tests(), 4 * 128 * 1024).with_waiting(16);
    let hasher = Hasher::new(config).unwrap();
    let key = PseudonymKey::new(&[7; 32]);
    let login = Login::new(stage.store, hasher, key);
    let racers = (0..50_u8).map(|last| {
        let login = login.clone();
        async move {
            let nobody = mailbox(&format!("nobody{last}@example.com"));
            let visit = Visit::from(network(last), at(0));
            refused(login.password(&nobody, password(WRONG), visit).await)
        }
    });
    let told = run(Threads.race(racers.collect()));
    assert_eq!(told.len(), 50);
    let tried = told
        .iter()
        .filter(|kind| **kind == RefusalKind::Credentials)
        .count();
    assert!(tried >= 20, "{tried}");
    let busy = told
        .iter()
        .filter(|kind| **kind == RefusalKind::Busy)
        .count();
    assert_eq!(tried + busy, 50);
}

#[test]
fn a_deleted_account_takes_its_session_along_and_its_mailbox_is_told() {
    let stage = Stage::new();
    let token = signed_in(stage.password(RIGHT, 0).unwrap()).started.token;
    let sessions = stage.login.sessions();
    let session = run(sessions.resume(&token, at(1))).unwrap();
    let recent = session.recently_authenticated(at(1)).unwrap();
    run(stage.login.delete_own_account(&recent, &visit(1))).unwrap();
    assert_eq!(last_event(&stage.store), Event::Deleted);
    let told = stage.store.outbox().pop().unwrap();
    assert_eq!(
        (told.kind, told.to, told.decoy),
        (
            MailKind::AccountDeleted,
            stage.account.mailbox.clone(),
            false
        )
    );
    assert!(run(sessions.resume(&token, at(2))).is_err());
    assert_eq!(refused(stage.password(RIGHT, 2)), RefusalKind::Credentials);
    let again = run(stage.login.delete_own_account(&recent, &visit(2)));
    assert_eq!(refused(again), RefusalKind::Credentials);
}
