//! Sign-ins that something overtakes: what was proved before is worth nothing afterwards.

use std::sync::{Arc, Mutex};

use weft_auth::PseudonymKey;
use weft_auth::audit::{self, Reason};
use weft_auth::link::Purpose;
use weft_auth::login::{
    Inline, Login, Offload, OpenSecret, Outcome, Presented, RefusalKind, SecondFactor,
};
use weft_auth::store::{AccountStore, SecondFactorStore, SessionStore};
use weft_auth::testkit::Memory;
use weft_auth::token::{Challenge, Token};
use weft_auth::totp::{RecoveryCode, Secret};

use crate::passwords::last_event;
use crate::stage::{
    App, HASHER, RIGHT, SECRET, Stage, Unsealed, WRONG, at, chosen, code, hash, password, post,
    probed, refused, run, signed_in, visit,
};

/// What happens once, in the middle.
#[derive(Clone)]
struct Meanwhile(Arc<Mutex<Option<Event>>>);

type Event = Box<dyn FnOnce() + Send>;

impl Meanwhile {
    fn new(event: impl FnOnce() + Send + 'static) -> Meanwhile {
        Meanwhile(Arc::new(Mutex::new(Some(Box::new(event)))))
    }

    fn happen(&self) {
        let event = self.0.lock().unwrap().take();
        if let Some(event) = event {
            event();
        }
    }
}

/// While a password is hashed.
impl Offload for Meanwhile {
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        self.happen();
        Inline.run(work).await
    }
}

/// While the code of an app is compared.
impl OpenSecret for Meanwhile {
    fn open(&self, _: &[u8], _: &[u8]) -> Option<Secret> {
        self.happen();
        Secret::from_bytes(SECRET).ok()
    }
}

/// A login during whose first hash that happens.
fn during(stage: &Stage, event: impl FnOnce() + Send + 'static) -> Login<Memory, Meanwhile> {
    let key = PseudonymKey::new(&[7; 32]);
    let login = Login::new(stage.store.clone(), HASHER.clone(), key);
    login.with_offload(Meanwhile::new(event))
}

/// Has the password replaced by a link.
fn replace(stage: &Stage) -> impl FnOnce() + Send + 'static {
    let (store, id, hash) = (stage.store.clone(), stage.account.id, hash(WRONG));
    move || {
        let replaced = run(store.replace_password(id, &hash, None));
        assert!(replaced.unwrap().is_some());
    }
}

fn suspend(stage: &Stage) -> impl FnOnce() + Send + 'static {
    let (store, id) = (stage.store.clone(), stage.account.id);
    move || assert!(run(store.suspend_account(id)).unwrap())
}

/// What may overtake a sign-in.
type Overtaking = fn(&Stage) -> Event;

const OVERTAKING: [Overtaking; 2] = [
    |stage| Box::new(replace(stage)),
    |stage| Box::new(suspend(stage)),
];

fn sessions_of(stage: &Stage) -> usize {
    run(stage.store.sessions_of(stage.account.id))
        .unwrap()
        .len()
}

#[test]
fn a_password_that_is_replaced_while_it_is_hashed_signs_nobody_in() {
    for event in OVERTAKING {
        let stage = Stage::new();
        let login = during(&stage, event(&stage));
        let told = run(login.password(&stage.account.mailbox, password(RIGHT), visit(0)));
        assert_eq!(refused(told), RefusalKind::Credentials);
        assert_eq!(
            last_event(&stage.store),
            audit::Event::Refused(Reason::Overtaken)
        );
        assert_eq!(sessions_of(&stage), 0);
    }
}

#[test]
fn a_password_that_is_replaced_while_it_is_hashed_opens_no_challenge() {
    for event in OVERTAKING {
        let App { stage, .. } = App::new();
        let login = during(&stage, event(&stage));
        let told = run(login.password(&stage.account.mailbox, password(RIGHT), visit(0)));
        assert_eq!(refused(told), RefusalKind::Credentials);
        assert_eq!(
            last_event(&stage.store),
            audit::Event::Refused(Reason::Overtaken)
        );
    }
}

fn challenge(stage: &Stage) -> Token<Challenge> {
    match stage.password(RIGHT, 0).unwrap() {
        Outcome::SecondFactorNeeded(needed) => needed.challenge,
        Outcome::SignedIn(_) => panic!("no second factor was asked for"),
    }
}

#[test]
fn a_challenge_ends_with_the_password_that_opened_it() {
    for event in OVERTAKING {
        let App {
            stage,
            mut recovery,
        } = App::new();
        let challenge = challenge(&stage);
        event(&stage)();
        let recovery = SecondFactor::Recovery(recovery.remove(0));
        for given in [SecondFactor::Totp(code(30)), recovery] {
            let told = run(stage
                .login
                .second_factor(&challenge, given, &Unsealed, visit(30)));
            assert_eq!(refused(told), RefusalKind::Challenge);
        }
        assert_eq!(sessions_of(&stage), 0);
    }
}

#[test]
fn a_password_that_is_replaced_while_a_code_is_compared_signs_nobody_in() {
    for event in OVERTAKING {
        let App { stage, .. } = App::new();
        let challenge = challenge(&stage);
        let meanwhile = Meanwhile::new(event(&stage));
        let given = SecondFactor::Totp(code(30));
        let told = run(stage
            .login
            .second_factor(&challenge, given, &meanwhile, visit(30)));
        assert_eq!(refused(told), RefusalKind::Credentials);
        assert_eq!(
            last_event(&stage.store),
            audit::Event::Refused(Reason::Overtaken)
        );
        assert_eq!(sessions_of(&stage), 0);
    }
}

/// Whoever resets is signed in in the epoch that begins with it, and ends what began before.
#[test]
fn a_reset_overtakes_and_is_not_overtaken_by_itself() {
    let stage = Stage::new();
    let before = signed_in(stage.password(RIGHT, 0).unwrap()).started.token;
    let asked = run(stage
        .login
        .ask_to_reset(&stage.account.mailbox, None, &visit(1)));
    let (browser, link) = (asked.unwrap().browser, stage.mailed(Purpose::Reset));
    let login = during(&stage, replace(&stage));
    let presented = Presented::Link(&link, Some(&browser));
    let reset = run(login.reset(post(), presented, chosen(WRONG), visit(2)));
    let after = signed_in(reset.unwrap()).started.token;
    let sessions = stage.login.sessions();
    assert!(run(sessions.resume(&after, at(3))).is_ok());
    assert!(run(sessions.resume(&before, at(3))).is_err());
    assert_eq!(sessions_of(&stage), 1);
}

/// A stolen session that set a password while its owner reset it had the last word.
#[test]
fn a_session_that_is_ended_while_it_hashes_sets_no_password() {
    for event in OVERTAKING {
        let stage = Stage::new();
        let started = signed_in(stage.password(RIGHT, 0).unwrap()).started;
        let recent = started.session.recently_authenticated(at(1)).unwrap();
        let login = during(&stage, event(&stage));
        let told = run(login.replace_own_password(&recent, chosen(RIGHT), &visit(1)));
        assert_eq!(refused(told), RefusalKind::Credentials);
        let account = run(stage.store.account(stage.account.id)).unwrap();
        assert_eq!(account.unwrap().epoch, 1);
        assert_eq!(refused(stage.password(RIGHT, 2)), RefusalKind::Credentials);
    }
}

/// Between what is counted and what is looked up: the challenge was of the epoch before.
#[test]
fn a_password_that_is_replaced_behind_a_count_signs_nobody_in() {
    for event in OVERTAKING {
        let App {
            stage,
            mut recovery,
        } = App::new();
        let challenge = challenge(&stage);
        let (probe, login) = probed(&stage.store);
        probe.meanwhile("count_challenge_attempt", event(&stage));
        let given = SecondFactor::Recovery(recovery.remove(0));
        let told = run(login.second_factor(&challenge, given, &Unsealed, visit(30)));
        assert_eq!(refused(told), RefusalKind::Credentials);
        assert_eq!(sessions_of(&stage), 0);
    }
}

/// What is proved to a suspended account uses nothing up.
#[test]
fn a_suspension_behind_a_count_leaves_recovery_codes() {
    let App { stage, recovery } = App::new();
    let challenge = challenge(&stage);
    let (probe, login) = probed(&stage.store);
    probe.meanwhile("count_challenge_attempt", suspend(&stage));
    let code = RecoveryCode::parse(&recovery[0].grouped()).unwrap();
    let given = SecondFactor::Recovery(code);
    let told = run(login.second_factor(&challenge, given, &Unsealed, visit(30)));
    assert_eq!(refused(told), RefusalKind::Credentials);
    let digest = recovery[0].digest();
    let left = stage.store.consume_recovery_code(stage.account.id, &digest);
    assert!(run(left).unwrap());
}

/// A link that is used up is of the epoch that it was used up in.
#[test]
fn a_link_that_a_new_password_overtakes_signs_nobody_in() {
    for event in OVERTAKING {
        let stage = Stage::new();
        let (browser, link) = stage.ask(0);
        let (probe, login) = probed(&stage.store);
        probe.meanwhile("consume_link", event(&stage));
        let presented = Presented::Link(&link, Some(&browser));
        let told = run(login.sign_in_by_link(post(), presented, visit(1)));
        assert_eq!(refused(told), RefusalKind::Credentials);
        assert_eq!(sessions_of(&stage), 0);
    }
}

/// And of two resets the one that is overtaken keeps no session.
#[test]
fn a_reset_that_another_one_overtakes_signs_nobody_in() {
    for event in OVERTAKING {
        let stage = Stage::new();
        let asked = run(stage
            .login
            .ask_to_reset(&stage.account.mailbox, None, &visit(0)));
        let (browser, link) = (asked.unwrap().browser, stage.mailed(Purpose::Reset));
        let (probe, login) = probed(&stage.store);
        probe.meanwhile("replace_password", event(&stage));
        let presented = Presented::Link(&link, Some(&browser));
        let told = run(login.reset(post(), presented, chosen(WRONG), visit(1)));
        assert_eq!(refused(told), RefusalKind::Credentials);
        assert_eq!(sessions_of(&stage), 0);
    }
}

#[test]
fn a_federated_sign_in_that_a_suspension_overtakes_begins_no_session() {
    for event in OVERTAKING {
        let stage = Stage::new();
        let (probe, login) = probed(&stage.store);
        probe.meanwhile("account", event(&stage));
        let told = run(login.federated(stage.account.id, "conn_1", visit(0)));
        assert_eq!(refused(told), RefusalKind::Credentials);
        assert_eq!(sessions_of(&stage), 0);
    }
}
