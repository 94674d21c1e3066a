//! The store fails at every step, before it did anything and after it did.

use weft_auth::Error;
use weft_auth::link::Purpose;
use weft_auth::login::{Outcome, Presented, SecondFactor};
use weft_auth::session::Proof;
use weft_auth::testkit::Fault;
use weft_auth::token::Token;

use crate::stage::{
    App, RIGHT, Stage, Unsealed, WRONG, at, chosen, code, mailbox, password, post, probed, run,
    visit,
};

/// How many operations a flow has at most.
const OPS: usize = 16;

fn each_fault() -> impl Iterator<Item = (usize, Fault)> {
    (0..OPS).flat_map(|place| [Fault::Before, Fault::After].map(|fault| (place, fault)))
}

/// Whether a flow ended in a failure of the store.
fn failed<T, R, E>(told: &Result<T, Error<R, E>>) -> bool {
    matches!(told, Err(Error::Store(_)))
}

#[test]
fn a_password_signs_in_only_if_every_step_was_done() {
    let mut failures = 0;
    for (place, fault) in each_fault() {
        let stage = Stage::new();
        let (probe, login) = probed(&stage.store);
        probe.fail_at(place, fault);
        let told = run(login.password(&stage.account.mailbox, password(RIGHT), visit(0)));
        let ops = probe.take_trace();
        let hash = ops.get(place).is_some_and(|op| op.name == "hash");
        assert_eq!(
            failed(&told),
            place < ops.len() && !hash,
            "{place} {fault:?}"
        );
        failures += usize::from(failed(&told));
    }
    assert_eq!(failures, 2 * 7);
}

#[test]
fn a_wrong_password_is_never_let_in_by_a_failure() {
    for (place, fault) in each_fault() {
        let stage = Stage::new();
        let (probe, login) = probed(&stage.store);
        probe.fail_at(place, fault);
        let told = run(login.password(&stage.account.mailbox, password(WRONG), visit(0)));
        assert!(told.is_err(), "{place} {fault:?}");
        let devices = run(stage.login.sessions().devices(stage.account.id, at(1)));
        assert_eq!(devices.unwrap(), []);
    }
}

/// A crash between the consume and the answer: the link is used up, or as good as it was, and never
/// both.
#[test]
fn a_link_is_used_once_whatever_fails() {
    for (place, fault) in each_fault() {
        let stage = Stage::new();
        let (browser, link) = stage.ask(0);
        let (probe, login) = probed(&stage.store);
        probe.fail_at(place, fault);
        let presented = Presented::Link(&link, Some(&browser));
        let first = run(login.sign_in_by_link(post(), presented, visit(1)));
        let names: Vec<_> = probe.take_trace().iter().map(|op| op.name).collect();
        let consumed = names
            .iter()
            .position(|name| *name == "consume_link")
            .unwrap_or(OPS);
        let used = place > consumed || place == consumed && fault == Fault::After;
        let second = run(login.sign_in_by_link(post(), presented, visit(2)));
        assert_eq!(second.is_ok(), !used, "{place} {fault:?}");
        assert!(!(first.is_ok() && second.is_ok()));
    }
}

#[test]
fn a_reset_replaces_the_password_or_leaves_it() {
    for (place, fault) in each_fault() {
        let stage = Stage::new();
        let mailbox = &stage.account.mailbox;
        let asked = run(stage.login.ask_to_reset(mailbox, None, &visit(0))).unwrap();
        let link = stage.mailed(Purpose::Reset);
        let (probe, login) = probed(&stage.store);
        probe.fail_at(place, fault);
        let presented = Presented::Link(&link, Some(&asked.browser));
        let told = run(login.reset(post(), presented, chosen(WRONG), visit(1)));
        let ops = probe.take_trace();
        let [old, new] =
            [(RIGHT, 2), (WRONG, 3)].map(|(text, at)| stage.password(text, at).is_ok());
        assert!(old != new, "{place} {fault:?}");
        assert!(told.is_err() || new);
        let replaced = ops.iter().position(|op| op.name == "replace_password");
        let done = replaced.is_some_and(|at| place != at || fault == Fault::After);
        assert_eq!(new, done, "{place} {fault:?}");
        let again = run(login.reset(post(), presented, chosen(WRONG), visit(4)));
        assert!(!(told.is_ok() && again.is_ok()));
    }
}

#[test]
fn a_second_factor_signs_in_once_whatever_fails() {
    for recovery in [false, true] {
        for (place, fault) in each_fault() {
            let mut app = App::new();
            let stage = &app.stage;
            let (probe, login) = probed(&stage.store);
            let Ok(Outcome::SecondFactorNeeded(needed)) = stage.password(RIGHT, 0) else {
                panic!("a password is one factor");
            };
            let recovery_code = app.recovery.pop().unwrap();
            let given = || match recovery {
                true => {
                    let shown = recovery_code.grouped();
                    SecondFactor::Recovery(weft_auth::totp::RecoveryCode::parse(&shown).unwrap())
                }
                false => SecondFactor::Totp(code(1)),
            };
            probe.fail_at(place, fault);
            let give = |seconds| {
                run(login.second_factor(&needed.challenge, given(), &Unsealed, visit(seconds)))
            };
            let first = give(1);
            probe.take_trace();
            let second = give(2);
            assert!(!(first.is_ok() && second.is_ok()), "{place} {fault:?}");
            let devices = run(stage.login.sessions().devices(stage.account.id, at(3))).unwrap();
            assert!(devices.len() <= 1, "{place} {fault:?}");
            for device in devices {
                let proofs: Vec<_> = device.proofs.iter().map(|(proof, _)| proof).collect();
                assert_eq!(proofs[0], Proof::Password);
                assert_eq!(proofs.len(), 2);
            }
        }
    }
}

#[test]
fn a_session_resumes_only_from_a_store_that_answers() {
    let stage = Stage::new();
    let Ok(Outcome::SignedIn(signed_in)) = stage.password(RIGHT, 0) else {
        panic!("nobody is signed in");
    };
    let token = signed_in.started.token;
    let (probe, login) = probed(&stage.store);
    for (place, fault) in each_fault().take(4) {
        probe.fail_at(place, fault);
        assert!(
            run(login.sessions().resume(&token, at(10_000))).is_err(),
            "{place} {fault:?}"
        );
        let nobody = Token::generate().unwrap();
        assert!(run(login.sessions().resume(&nobody, at(10_000))).is_err());
    }
}

/// CVE-2024-45231: whether a mail could be sent told who was written to. Nothing is sent here, and a store
/// that fails at any step fails alike.
#[test]
fn cve_2024_45231_a_failure_tells_nobody_who_is_written_to() {
    for (place, fault) in each_fault() {
        let told = ["ada@example.com", "nobody@example.com"].map(|text| {
            let stage = Stage::new();
            let (probe, login) = probed(&stage.store);
            probe.fail_at(place, fault);
            let mailbox = mailbox(text);
            let asked = run(login.ask_to_reset(&mailbox, None, &visit(0)));
            let asked = asked.map(|asked| asked.expires_at);
            (format!("{asked:?}"), probe.take_trace())
        });
        assert_eq!(told[0], told[1], "{place} {fault:?}");
    }
}
