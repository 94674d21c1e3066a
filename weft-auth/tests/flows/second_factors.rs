//! Second factors.

use weft_auth::link::Purpose;
use weft_auth::login::{Outcome, Presented, RefusalKind, SecondFactor, SignedIn};
use weft_auth::session::Proof;
use weft_auth::store::{MailKind, SecondFactorStore};
use weft_auth::testkit::{Race, Threads};
use weft_auth::token::{Challenge, Token};
use weft_auth::totp::{Code, Secret, Totp};

use crate::stage::{
    App, RIGHT, SECRET, Stage, Told, Unsealed, WRONG, at, code, post, probed, refused, run,
    signed_in, visit,
};

impl App {
    fn challenge(&self, seconds: u64) -> Token<Challenge> {
        match self.stage.password(RIGHT, seconds).unwrap() {
            Outcome::SecondFactorNeeded(needed) => needed.challenge,
            Outcome::SignedIn(_) => panic!("a password is one factor"),
        }
    }

    fn give(
        &self,
        challenge: &Token<Challenge>,
        given: SecondFactor,
        seconds: u64,
    ) -> Told<SignedIn> {
        let login = &self.stage.login;
        run(login.second_factor(challenge, given, &Unsealed, visit(seconds)))
    }
}

fn wrong(seconds: u64) -> SecondFactor {
    let totp = Totp::new(Secret::from_bytes(SECRET).unwrap());
    let codes = (0..).map(|number| Code::parse(&format!("{number:06}")).unwrap());
    let mut wrong = codes.filter(|code| totp.check(code, at(seconds), None).is_none());
    SecondFactor::Totp(wrong.next().unwrap())
}

fn right(seconds: u64) -> SecondFactor {
    SecondFactor::Totp(code(seconds))
}

/// GHSA-xg6x-h9c9-2m83: what is owed a second factor is no session.
#[test]
fn ghsa_xg6x_there_is_no_session_before_the_second_factor() {
    let app = App::new();
    let challenge = app.challenge(0);
    let as_session = Token::parse(challenge.expose()).unwrap();
    let sessions = app.stage.login.sessions();
    assert!(run(sessions.resume(&as_session, at(1))).is_err());
    assert!(
        run(sessions.devices(app.stage.account.id, at(1)))
            .unwrap()
            .is_empty()
    );
    let started = app.give(&challenge, right(1), 1).unwrap().started;
    let session = run(sessions.resume(&started.token, at(2))).unwrap();
    let proofs: Vec<_> = session.proofs().iter().map(|(proof, _)| proof).collect();
    assert_eq!(proofs, [Proof::Password, Proof::Totp]);
    assert!(session.into_two_factors().is_ok());
    // And the challenge is used up.
    assert_eq!(
        refused(app.give(&challenge, right(40), 40)),
        RefusalKind::Challenge
    );
}

/// CVE-2015-7225, CVE-2021-43177, CVE-2025-43798, CVE-2026-27855.
#[test]
fn cve_2015_7225_a_code_signs_in_once() {
    let app = App::new();
    for (seconds, expected) in [(0, true), (1, false), (31, false)] {
        let challenge = app.challenge(seconds);
        let given = app.give(&challenge, right(0), seconds);
        assert_eq!(given.is_ok(), expected, "{seconds}");
    }
}

/// Gitea: the last passcode was read, compared and written in three steps.
#[test]
fn gitea_of_all_who_bring_one_code_at_once_one_is_signed_in() {
    let app = App::new();
    let challenges: Vec<_> = (0..4).map(|seconds| app.challenge(seconds)).collect();
    let (probe, login) = probed(&app.stage.store);
    probe.meet_after("totp", challenges.len());
    let racers = challenges.into_iter().map(|challenge| {
        let login = login.clone();
        async move {
            let given = login.second_factor(&challenge, right(10), &Unsealed, visit(10));
            given.await.is_ok()
        }
    });
    let signed_in = run(Threads.race(racers.collect()));
    assert_eq!(signed_in.iter().filter(|in_| **in_).count(), 1);
}

#[test]
fn of_two_who_answer_one_challenge_at_once_one_is_signed_in() {
    let mut app = App::new();
    let challenge = app.challenge(0);
    let (probe, login) = probed(&app.stage.store);
    probe.meet_after("count_challenge_attempt", 2);
    let code = app.recovery.pop().unwrap();
    let racers = [right(1), SecondFactor::Recovery(code)].map(|given| {
        let login = login.clone();
        let challenge = Token::parse(challenge.expose()).unwrap();
        async move {
            let given = login.second_factor(&challenge, given, &Unsealed, visit(1));
            given.await.is_ok()
        }
    });
    let signed_in = run(Threads.race(racers.into()));
    assert_eq!(signed_in.iter().filter(|in_| **in_).count(), 1);
}

/// CVE-2024-0227, CVE-2026-56450.
#[test]
fn cve_2024_0227_a_challenge_takes_five_attempts_and_an_account_ten_in_a_quarter() {
    let app = App::new();
    for round in 0..2 {
        let challenge = app.challenge(round * 10);
        for seconds in 0..5 {
            let told = app.give(&challenge, wrong(0), round * 10 + seconds);
            assert_eq!(refused(told), RefusalKind::Credentials);
        }
        let told = app.give(&challenge, right(0), round * 10 + 6);
        assert_eq!(refused(told), RefusalKind::Challenge);
    }
    let challenge = app.challenge(30);
    assert_eq!(
        refused(app.give(&challenge, right(30), 30)),
        RefusalKind::TooMany
    );
    let challenge = app.challenge(900);
    assert!(app.give(&challenge, right(900), 900).is_ok());
    let kinds: Vec<_> = app
        .stage
        .store
        .outbox()
        .iter()
        .map(|mail| mail.kind)
        .collect();
    assert_eq!(kinds, [MailKind::SecondFactorFailing]);
}

/// Keycloak #46164 and the dragonflight fix: both directions.
#[test]
fn keycloak_46164_passwords_and_second_factors_are_counted_apart() {
    let app = App::new();
    // Passwords that were wrong lock no second factor …
    let challenge = app.challenge(0);
    for seconds in 1..5 {
        assert_eq!(
            refused(app.stage.password(WRONG, seconds)),
            RefusalKind::Credentials
        );
    }
    assert!(app.give(&challenge, right(6), 6).is_ok());
    // … and passwords that are right free none.
    for round in 1..=2 {
        let challenge = app.challenge(1_000 * round);
        for seconds in 0..5 {
            let told = app.give(&challenge, wrong(1_000 * round), 1_000 * round + seconds);
            assert_eq!(refused(told), RefusalKind::Credentials);
        }
    }
    let mut seconds = 3_000;
    for _ in 0..90 {
        let challenge = app.challenge(seconds);
        assert_eq!(
            refused(app.give(&challenge, wrong(seconds), seconds)),
            RefusalKind::Credentials
        );
        seconds += 1_000;
    }
    let challenge = app.challenge(seconds);
    assert_eq!(
        refused(app.give(&challenge, right(seconds), seconds)),
        RefusalKind::TooMany
    );
    // A lock is no weapon of somebody who knows the password either: mail opens it.
    let (login, mailbox) = (&app.stage.login, &app.stage.account.mailbox);
    let with_the_lock = app.stage.mailed(Purpose::Unlock);
    let late = visit(seconds + 3_600);
    let presented = Presented::Link(&with_the_lock, None);
    let told = run(login.unlock(post(), presented, &late));
    assert_eq!(refused(told), RefusalKind::Link);
    let asked = run(login.ask_to_unlock(mailbox, None, &late)).unwrap();
    let unlock = app.stage.mailed(Purpose::Unlock);
    let presented = Presented::Link(&unlock, Some(&asked.browser));
    run(login.unlock(post(), presented, &late)).unwrap();
    let seconds = seconds + 3_600;
    let challenge = app.challenge(seconds);
    assert!(app.give(&challenge, right(seconds), seconds + 2).is_ok());
}

#[test]
fn a_recovery_code_signs_in_once_and_is_told() {
    let mut app = App::new();
    let code = app.recovery.pop().unwrap();
    let again = weft_auth::totp::RecoveryCode::parse(&code.grouped()).unwrap();
    let challenge = app.challenge(0);
    let started = app
        .give(&challenge, SecondFactor::Recovery(code), 0)
        .unwrap()
        .started;
    assert!(started.session.into_two_factors().is_ok());
    let told = app.stage.store.outbox().pop().unwrap();
    assert_eq!(told.kind, MailKind::RecoveryCodeUsed);
    let challenge = app.challenge(1);
    let told = app.give(&challenge, SecondFactor::Recovery(again), 1);
    assert_eq!(refused(told), RefusalKind::Credentials);
}

/// Kratos #4317: a mailed code was taken for both factors.
#[test]
fn kratos_4317_a_mailbox_is_not_the_second_factor_of_a_password() {
    let stage = Stage::new();
    let started = signed_in(stage.password(RIGHT, 0).unwrap()).started;
    let (browser, link) = stage.ask(1);
    let by_link = signed_in(stage.follow(&link, Some(&browser), 2).unwrap()).started;
    let sessions = stage.login.sessions();
    let who = weft_auth::session::Authenticated::assertion(stage.account.id, Proof::Mailbox, at(3));
    let both = run(sessions.elevate(started.session, who, at(3)))
        .unwrap()
        .session;
    assert_eq!(both.proofs().iter().count(), 2);
    assert!(both.into_two_factors().is_err());
    assert!(by_link.session.into_two_factors().is_err());
    assert_eq!(Purpose::SignIn.name(), "sign-in");
}

#[test]
fn a_challenge_is_good_for_ten_minutes_on_any_clock() {
    let app = App::new();
    let challenge = app.challenge(1_000);
    for seconds in [1_600, 939, 0] {
        let told = app.give(&challenge, right(seconds), seconds);
        assert_eq!(refused(told), RefusalKind::Challenge, "{seconds}");
    }
    assert!(app.give(&challenge, right(1_599), 1_599).is_ok());
}

#[test]
fn an_app_is_enrolled_with_a_code_and_removed_with_two_factors() {
    let stage = Stage::new();
    let login = &stage.login;
    let started = signed_in(stage.password(RIGHT, 0).unwrap()).started;
    let recent = started.session.recently_authenticated(at(1)).unwrap();
    let totp = Totp::new(Secret::from_bytes(SECRET).unwrap());
    let enrol = |given: SecondFactor, seconds| {
        let SecondFactor::Totp(code) = given else {
            panic!("a recovery code enrols nothing")
        };
        run(login.enrol(&recent, (&totp, SECRET.to_vec()), &code, &visit(seconds)))
    };
    assert_eq!(refused(enrol(wrong(1), 1)), RefusalKind::Credentials);
    let (codes, proved) = enrol(right(1), 2).unwrap();
    assert_eq!(codes.len(), 10);
    assert!(enrol(right(40), 40).is_err());
    // The code that enrolled is used.
    let stored = run(stage.store.totp(stage.account.id)).unwrap().unwrap();
    let step = weft_auth::totp::Step::at(at(1)).unwrap();
    assert_eq!(stored.last_step, step);

    let elevated = run(login.sessions().elevate(started.session, proved, at(3))).unwrap();
    let two = elevated.session.into_two_factors().unwrap();
    let late = two.recently_authenticated(at(4_000));
    assert!(late.is_err());
    let recent = two.recently_authenticated(at(5)).unwrap();
    let others = run(login.replace_recovery_codes(&recent, &visit(5))).unwrap();
    for (code, good) in [(&codes[0], false), (&others[0], true)] {
        let digest = code.digest();
        let used = stage.store.consume_recovery_code(stage.account.id, &digest);
        assert_eq!(run(used).unwrap(), good);
    }
    run(login.remove_second_factor(&recent, &visit(5))).unwrap();
    assert!(run(login.replace_recovery_codes(&recent, &visit(6))).is_err());
    assert!(run(login.remove_second_factor(&recent, &visit(6))).is_err());
    assert!(matches!(stage.password(RIGHT, 7), Ok(Outcome::SignedIn(_))));
    let kinds: Vec<_> = stage.store.outbox().iter().map(|mail| mail.kind).collect();
    assert_eq!(
        kinds,
        [
            MailKind::SecondFactorEnrolled,
            MailKind::RecoveryCodesReplaced,
            MailKind::SecondFactorRemoved
        ]
    );
}

#[test]
fn a_second_factor_given_again_is_a_proof_of_now() {
    let app = App::new();
    let started = app.give(&app.challenge(0), right(0), 0).unwrap().started;
    let login = &app.stage.login;
    let session = started.session.into_two_factors().unwrap();
    assert!(session.recently_authenticated(at(700)).is_err());
    let now = visit(700);
    let proved = run(login.confirm_second_factor(&session, right(700), &Unsealed, &now)).unwrap();
    let again = run(login.sessions().elevate(session, proved, at(700))).unwrap();
    assert!(again.session.recently_authenticated(at(701)).is_ok());
}

#[test]
fn codes_that_enrol_are_counted() {
    let stage = Stage::new();
    let started = signed_in(stage.password(RIGHT, 0).unwrap()).started;
    let recent = started.session.recently_authenticated(at(1)).unwrap();
    let totp = Totp::new(Secret::from_bytes(SECRET).unwrap());
    let enrol = |code: &Code| {
        let app = (&totp, SECRET.to_vec());
        refused(run(stage.login.enrol(&recent, app, code, &visit(1))))
    };
    let SecondFactor::Totp(wrong) = wrong(1) else {
        panic!("a recovery code enrols nothing")
    };
    for _ in 0..10 {
        assert_eq!(enrol(&wrong), RefusalKind::Credentials);
    }
    assert_eq!(enrol(&code(1)), RefusalKind::TooMany);
}
