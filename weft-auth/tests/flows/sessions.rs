//! Sessions.

use weft_auth::session::{Arrival, Authenticated, Device, Policy, Proof, RefusalKind, Sessions};
use weft_auth::store::{AccountStore, SessionStore};
use weft_auth::testkit::{Memory, Race, Threads};
use weft_auth::token::{Session, Token};
use weft_auth::{AccountId, Error};

use crate::stage::{account, at, run};

const ADA: AccountId = AccountId::from_bytes([1; 16]);
const EVE: AccountId = AccountId::from_bytes([2; 16]);

fn sessions() -> (Memory, Sessions<Memory>) {
    let store = Memory::new();
    for (id, name) in [(ADA, "ada"), (EVE, "eve")] {
        let account = account(id, &format!("{name}@example.com"));
        assert!(run(store.create_account(&account)).unwrap());
    }
    (store.clone(), Sessions::new(store, Policy::default()))
}

fn start(sessions: &Sessions<Memory>, account: AccountId, seconds: u64) -> Token<Session> {
    let who = Authenticated::assertion(account, Proof::Password, at(seconds));
    let arrival = Arrival {
        device: Device::new("a browser\r\nSet-Cookie: x"),
        ..Arrival::default()
    };
    run(sessions.start(who, arrival, at(seconds)))
        .unwrap()
        .token
}

fn kind(sessions: &Sessions<Memory>, token: &Token<Session>, seconds: u64) -> Option<RefusalKind> {
    match run(sessions.resume(token, at(seconds))) {
        Ok(_) => None,
        Err(Error::Refused(refusal)) => Some(refusal.kind()),
        Err(_) => panic!("something failed"),
    }
}

#[test]
fn the_last_request_is_remembered_to_the_minute() {
    let (store, sessions) = sessions();
    let token = start(&sessions, ADA, 0);
    let seen = |seconds| {
        assert_eq!(kind(&sessions, &token, seconds), None);
        run(store.find_session(&token.digest()))
            .unwrap()
            .unwrap()
            .last_seen_at
    };
    assert_eq!(seen(59), at(0));
    assert_eq!(seen(60), at(60));
    assert_eq!(seen(100), at(60));
    assert_eq!(seen(10), at(60));
    assert_eq!(seen(1_000), at(1_000));
}

/// CVE-2025-46336: a request that began before the sign-out saved the session again.
#[test]
fn cve_2025_46336_a_sign_out_beats_requests_in_flight() {
    let (_, sessions) = sessions();
    for _ in 0..20 {
        let token = start(&sessions, ADA, 0);
        let text = token.expose().to_owned();
        let racers = (0..8).map(|place| {
            let (sessions, token) = (sessions.clone(), Token::parse(&text).unwrap());
            async move {
                // Each of these touches, and some rotate, with what they loaded before.
                let session = sessions.resume(&token, at(100)).await;
                match (place, session) {
                    (0, _) => drop(sessions.sign_out(&token).await),
                    (1..4, Ok(session)) => drop(sessions.rotate(session, at(100)).await),
                    _ => {}
                }
            }
        });
        run(Threads.race(racers.collect()));
        let left = run(sessions.devices(ADA, at(101))).unwrap();
        assert_eq!(left, []);
    }
}

#[test]
fn a_rotated_token_is_good_for_nothing_but_the_sign_out() {
    let (_, sessions) = sessions();
    let old = start(&sessions, ADA, 0);
    let session = run(sessions.resume(&old, at(1))).unwrap();
    let new = run(sessions.rotate(session, at(1))).unwrap().token;
    assert_eq!(kind(&sessions, &old, 2), Some(RefusalKind::Unknown));
    assert_eq!(kind(&sessions, &new, 2), None);
    assert!(run(sessions.sign_out(&old)).unwrap());
    assert_eq!(kind(&sessions, &new, 3), Some(RefusalKind::Unknown));
}

#[test]
fn a_session_is_elevated_by_its_own_account_alone() {
    let (_, sessions) = sessions();
    let token = start(&sessions, ADA, 0);
    let session = run(sessions.resume(&token, at(1))).unwrap();
    let eves = Authenticated::assertion(EVE, Proof::Totp, at(1));
    let told = run(sessions.elevate(session, eves, at(1)));
    let kind = told.unwrap_err().refusal().unwrap().kind();
    assert_eq!(kind, RefusalKind::OtherAccount);
}

#[test]
fn devices_are_listed_and_revoked_one_by_one_or_all() {
    let (_, sessions) = sessions();
    let tokens = [0, 10, 20].map(|seconds| start(&sessions, ADA, seconds));
    let eves = start(&sessions, EVE, 0);
    let devices = || run(sessions.devices(ADA, at(30))).unwrap();
    let listed = devices();
    let seen: Vec<_> = listed.iter().map(|record| record.last_seen_at).collect();
    assert_eq!(seen, [at(20), at(10), at(0)]);
    assert_eq!(listed[0].device.name(), "a browserSet-Cookie: x");

    assert!(!run(sessions.revoke(EVE, listed[0].id)).unwrap());
    assert!(run(sessions.revoke(ADA, listed[0].id)).unwrap());
    assert_eq!(kind(&sessions, &tokens[2], 31), Some(RefusalKind::Unknown));
    let session = run(sessions.resume(&tokens[1], at(31))).unwrap();
    let recent = session.recently_authenticated(at(31)).unwrap();
    assert_eq!(run(sessions.revoke_others(&recent)).unwrap(), 1);
    assert_eq!(devices().len(), 1);
    assert_eq!(run(sessions.revoke_all(ADA)).unwrap(), 1);
    assert_eq!(kind(&sessions, &tokens[1], 32), Some(RefusalKind::Unknown));
    assert_eq!(kind(&sessions, &eves, 32), None);
}

/// CVE-2026-9802: after a restart whose clock began anew, what was revoked was good again.
#[test]
fn cve_2026_9802_no_clock_revives_a_session() {
    let (_, sessions) = sessions();
    const DAY: u64 = 24 * 60 * 60;
    let revoked = start(&sessions, ADA, 30 * DAY);
    run(sessions.sign_out(&revoked)).unwrap();
    let live = start(&sessions, ADA, 30 * DAY);
    for seconds in [0, 29 * DAY, 30 * DAY, 31 * DAY] {
        assert_eq!(
            kind(&sessions, &revoked, seconds),
            Some(RefusalKind::Unknown)
        );
    }
    assert_eq!(
        kind(&sessions, &live, 29 * DAY),
        Some(RefusalKind::FromTheFuture)
    );
    assert_eq!(kind(&sessions, &live, 61 * DAY), Some(RefusalKind::Expired));
    assert_eq!(kind(&sessions, &live, 38 * DAY), Some(RefusalKind::Idle));
}

#[test]
fn what_is_over_is_purged() {
    let (store, sessions) = sessions();
    const DAY: u64 = 24 * 60 * 60;
    let (old, new) = (start(&sessions, ADA, 0), start(&sessions, ADA, 20 * DAY));
    assert_eq!(run(sessions.purge(at(20 * DAY), 10)).unwrap(), 1);
    assert_eq!(run(store.find_session(&old.digest())).unwrap(), None);
    assert!(run(store.find_session(&new.digest())).unwrap().is_some());
}

#[test]
fn what_is_over_is_on_no_list() {
    let (_, sessions) = sessions();
    const DAY: u64 = 24 * 60 * 60;
    start(&sessions, ADA, 0);
    start(&sessions, ADA, DAY);
    let listed = |seconds| run(sessions.devices(ADA, at(seconds))).unwrap().len();
    assert_eq!([6 * DAY, 7 * DAY, 8 * DAY].map(listed), [2, 1, 0]);
}
