//! Links that are mailed.

use weft_auth::AccountId;
use weft_auth::link::{Code, CodeDigest, Purpose, Record};
use weft_auth::login::{Outcome, Presented, RefusalKind, Shown, Visit};
use weft_auth::store::{Account, AccountState, AccountStore, LinkStore, Mail, MailKind};
use weft_auth::testkit::{Memory, Race, Threads};
use weft_auth::token::{Browser, Link, Token};

use crate::stage::{
    App, RIGHT, Stage, WRONG, account, at, chosen, enforce, mailbox, network, password, post,
    refused, run, signed_in, visit,
};

fn show(
    stage: &Stage,
    link: &Token<Link>,
    browser: Option<&Token<Browser>>,
    seconds: u64,
) -> Shown {
    run(stage
        .login
        .show(link, Purpose::SignIn, browser, at(seconds)))
    .unwrap()
}

fn code(stage: &Stage, link: &Token<Link>) -> Code {
    match show(stage, link, None, 0) {
        Shown::Code(code) => code,
        Shown::Button => panic!("a button in another browser"),
    }
}

#[test]
fn a_link_is_a_button_where_it_was_asked_for_and_signs_in_once() {
    let stage = Stage::new();
    let (browser, link) = stage.ask(0);
    assert!(matches!(
        show(&stage, &link, Some(&browser), 1),
        Shown::Button
    ));
    let signed_in = signed_in(stage.follow(&link, Some(&browser), 2).unwrap());
    let session = run(stage
        .login
        .sessions()
        .resume(&signed_in.started.token, at(3)));
    assert_eq!(session.unwrap().account(), stage.account.id);
    assert_eq!(
        refused(stage.follow(&link, Some(&browser), 4)),
        RefusalKind::Link
    );
    let shown = stage
        .login
        .show(&link, Purpose::SignIn, Some(&browser), at(4));
    assert_eq!(refused(run(shown)), RefusalKind::Link);
}

/// better-auth #9690 and kin: scanners follow links, some of them press buttons.
#[test]
fn better_auth_9690_a_scanner_uses_nothing_up_and_gets_no_session() {
    let stage = Stage::new();
    let (browser, link) = stage.ask(0);
    for seconds in 1..20 {
        assert!(matches!(show(&stage, &link, None, seconds), Shown::Code(_)));
    }
    assert_eq!(refused(stage.follow(&link, None, 20)), RefusalKind::Link);
    let other = Token::generate().unwrap();
    assert_eq!(
        refused(stage.follow(&link, Some(&other), 21)),
        RefusalKind::Link
    );
    assert!(stage.follow(&link, Some(&browser), 22).is_ok());
}

#[test]
fn another_device_shows_a_code_for_the_browser_that_asked() {
    let stage = Stage::new();
    let (browser, link) = stage.ask(0);
    let code = code(&stage, &link);
    let typed = Code::parse(&code.grouped()).unwrap();
    let elsewhere = Token::generate().unwrap();
    let by = |code, browser, seconds| {
        let presented = Presented::Code(code, browser);
        run(stage
            .login
            .sign_in_by_link(post(), presented, visit(seconds)))
    };
    assert_eq!(refused(by(&typed, &elsewhere, 1)), RefusalKind::Link);
    assert!(by(&typed, &browser, 2).is_ok());
    assert_eq!(refused(by(&typed, &browser, 3)), RefusalKind::Link);
    assert_eq!(
        refused(stage.follow(&link, Some(&browser), 4)),
        RefusalKind::Link
    );
}

#[test]
fn a_code_is_tried_five_times() {
    let stage = Stage::new();
    let (browser, link) = stage.ask(0);
    let right = code(&stage, &link);
    let wrong = ["00000000", "11111111"].map(|text| Code::parse(text).unwrap());
    let by = |code, seconds| {
        let presented = Presented::Code(code, &browser);
        run(stage
            .login
            .sign_in_by_link(post(), presented, visit(seconds)))
    };
    for seconds in 1..=5 {
        assert_eq!(
            refused(by(&wrong[seconds as usize % 2], seconds)),
            RefusalKind::Link
        );
    }
    assert_eq!(refused(by(&right, 6)), RefusalKind::Link);
    // The link itself is as good as it was.
    assert!(stage.follow(&link, Some(&browser), 7).is_ok());
}

/// A link to the guesser's own mailbox brought five more guesses at somebody else's code.
#[test]
fn a_code_is_tried_five_times_whatever_else_its_browser_asks_for() {
    let stage = Stage::new();
    let eve = account(AccountId::from_bytes([2; 16]), "eve@example.com");
    assert!(run(stage.store.create_account(&eve)).unwrap());
    let (browser, link) = stage.ask(0);
    let [right, wrong] = [code(&stage, &link), Code::parse("00000000").unwrap()];
    let by = |code, seconds| {
        let presented = Presented::Code(code, &browser);
        run(stage
            .login
            .sign_in_by_link(post(), presented, visit(seconds)))
    };
    for seconds in 1..=5 {
        assert_eq!(refused(by(&wrong, seconds)), RefusalKind::Link);
    }
    let same = Token::parse(browser.expose()).unwrap();
    let asks = visit(6);
    let asked = stage.login.ask_to_sign_in(&eve.mailbox, Some(same), &asks);
    run(asked).unwrap();
    assert_eq!(refused(by(&right, 7)), RefusalKind::Link);
    let later = code(&stage, &stage.mailed(Purpose::SignIn));
    assert!(by(&later, 8).is_ok());
}

#[test]
fn the_fifth_attempt_at_a_code_is_one() {
    let stage = Stage::new();
    let (browser, link) = stage.ask(0);
    let [right, wrong] = [code(&stage, &link), Code::parse("00000000").unwrap()];
    let by = |code, seconds| {
        let presented = Presented::Code(code, &browser);
        run(stage
            .login
            .sign_in_by_link(post(), presented, visit(seconds)))
    };
    for seconds in 1..=4 {
        assert_eq!(refused(by(&wrong, seconds)), RefusalKind::Link);
    }
    assert!(by(&right, 5).is_ok());
}

#[test]
fn a_browser_that_asks_again_keeps_its_links() {
    let stage = Stage::new();
    let (browser, first) = stage.ask(0);
    let again = Token::parse(browser.expose()).unwrap();
    let mailbox = &stage.account.mailbox;
    let asked = run(stage.login.ask_to_sign_in(mailbox, Some(again), &visit(61))).unwrap();
    assert_eq!(asked.browser.expose(), browser.expose());
    assert!(stage.follow(&first, Some(&browser), 62).is_ok());
    let second = stage.mailed(Purpose::SignIn);
    assert!(stage.follow(&second, Some(&browser), 63).is_ok());
}

#[test]
fn cve_2026_3590_of_all_who_follow_a_link_at_once_one_is_signed_in() {
    let stage = Stage::new();
    let (browser, link) = stage.ask(0);
    let racers = (0..32).map(|place| {
        let login = stage.login.clone();
        let (link, browser) = (link.expose().to_owned(), browser.expose().to_owned());
        async move {
            let (link, browser) = (
                Token::parse(&link).unwrap(),
                Token::parse(&browser).unwrap(),
            );
            let presented = Presented::Link(&link, Some(&browser));
            login
                .sign_in_by_link(post(), presented, visit(place))
                .await
                .is_ok()
        }
    });
    let signed_in = run(Threads.race(racers.collect()));
    assert_eq!(signed_in.iter().filter(|in_| **in_).count(), 1);
}

#[test]
fn a_link_is_good_for_15_minutes_on_any_clock() {
    let stage = Stage::new();
    let (browser, link) = stage.ask(1_000);
    for seconds in [1_900, 939, 0, 100_000_000] {
        let told = stage.follow(&link, Some(&browser), seconds);
        assert_eq!(refused(told), RefusalKind::Link, "{seconds}");
    }
    assert!(stage.follow(&link, Some(&browser), 1_899).is_ok());
}

/// CVE-2019-19844: mail goes to the mailbox that is stored. What folds to it is refused before.
#[test]
fn cve_2019_19844_mail_goes_to_the_stored_mailbox() {
    let stage = Stage::new();
    let asked = mailbox("ADA@EXAMPLE.COM");
    run(stage.login.ask_to_reset(&asked, None, &visit(0))).unwrap();
    let mail = stage.store.outbox().pop().unwrap();
    assert_eq!(mail.to, stage.account.mailbox);
}

#[test]
fn who_asks_is_told_the_same_and_one_mail_is_written_whoever_is_known() {
    for state in [
        AccountState::Active,
        AccountState::Unverified,
        AccountState::Suspended,
    ] {
        let stage = Stage::with(|account| account.state = state);
        let mut told = Vec::new();
        for (place, text) in ["ada@example.com", "eve@example.com"]
            .into_iter()
            .enumerate()
        {
            for (seconds, again) in [(0, false), (1, true), (61, false)] {
                let seconds = seconds + 1_000 * place as u64;
                let asked = run(stage
                    .login
                    .ask_to_sign_in(&mailbox(text), None, &visit(seconds)));
                told.push(
                    asked
                        .map(|asked| asked.expires_at == at(seconds + 900))
                        .ok(),
                );
                assert_eq!(told.last().unwrap().is_none(), again);
            }
        }
        assert_eq!(told[..3], told[3..]);
        let mails = stage.store.outbox();
        let decoys: Vec<_> = mails.iter().map(|mail| mail.decoy).collect();
        let gone = state == AccountState::Suspended;
        assert_eq!(decoys, [gone, gone, true, true]);
        assert!(mails.iter().all(|mail| mail.token.is_some()));
    }
}

#[test]
fn a_decoys_link_signs_nobody_in() {
    let stage = Stage::new();
    let nobody = mailbox("eve@example.com");
    let asked = run(stage.login.ask_to_sign_in(&nobody, None, &visit(0))).unwrap();
    let token = stage.store.outbox().pop().unwrap().token.unwrap();
    let told = stage.follow(&token, Some(&asked.browser), 1);
    assert_eq!(refused(told), RefusalKind::Link);
}

#[test]
fn a_link_proves_the_mailbox_of_an_unverified_account() {
    let stage = Stage::with(|account| account.state = AccountState::Unverified);
    assert_eq!(refused(stage.password(RIGHT, 0)), RefusalKind::Credentials);
    let (browser, link) = stage.ask(1);
    assert!(stage.follow(&link, Some(&browser), 2).is_ok());
    assert!(stage.password(RIGHT, 3).is_ok());
}

#[test]
fn a_reset_ends_sessions_and_links_and_owes_the_second_factor() {
    let app = App::new();
    let stage = &app.stage;
    let (browser, sign_in) = stage.ask(0);
    let Ok(Outcome::SecondFactorNeeded(_)) = stage.follow(&sign_in, Some(&browser), 1) else {
        panic!("a link is one factor");
    };
    let mailbox = &stage.account.mailbox;
    let (other, waiting) = stage.ask(61);
    let asked = run(stage.login.ask_to_reset(mailbox, None, &visit(3_700))).unwrap();
    let link = stage.mailed(Purpose::Reset);
    let presented = Presented::Link(&link, Some(&asked.browser));
    let reset = run(stage
        .login
        .reset(post(), presented, chosen(WRONG), visit(3_701)));
    assert!(matches!(reset, Ok(Outcome::SecondFactorNeeded(_))));
    assert_eq!(
        refused(stage.password(RIGHT, 3_702)),
        RefusalKind::Credentials
    );
    assert!(stage.password(WRONG, 3_703).is_ok());
    assert_eq!(
        refused(stage.follow(&waiting, Some(&other), 62)),
        RefusalKind::Link
    );
    let again = run(stage
        .login
        .reset(post(), presented, chosen(RIGHT), visit(3_704)));
    assert_eq!(refused(again), RefusalKind::Link);
    let kinds: Vec<_> = stage.store.outbox().iter().map(|mail| mail.kind).collect();
    assert_eq!(kinds.last(), Some(&MailKind::PasswordReplaced));
}

#[test]
fn a_reset_ends_the_sessions_of_whoever_has_the_old_password() {
    let stage = Stage::new();
    let stolen = signed_in(stage.password(RIGHT, 0).unwrap()).started.token;
    let mailbox = &stage.account.mailbox;
    let asked = run(stage.login.ask_to_reset(mailbox, None, &visit(1))).unwrap();
    let link = stage.mailed(Purpose::Reset);
    let presented = Presented::Link(&link, Some(&asked.browser));
    let own = run(stage
        .login
        .reset(post(), presented, chosen(WRONG), visit(2)));
    let own = signed_in(own.unwrap()).started.token;
    let sessions = stage.login.sessions();
    assert!(run(sessions.resume(&stolen, at(3))).is_err());
    assert!(run(sessions.resume(&own, at(3))).is_ok());
}

#[test]
fn a_registration_makes_the_account_once_the_mailbox_is_proved() {
    let stage = Stage::new();
    let asked = stage.ask_to_register("eve@example.com", 0).unwrap();
    let link = stage.mailed(Purpose::Register);
    let found = || run(stage.store.account_by_mailbox(&mailbox("eve@example.com"))).unwrap();
    assert_eq!(found(), None);
    let presented = Presented::Link(&link, Some(&asked.browser));
    assert!(run(stage.login.register(post(), presented, visit(1))).is_ok());
    assert_eq!(found().unwrap().state, AccountState::Active);
    let nobody = mailbox("eve@example.com");
    assert!(run(stage.login.password(&nobody, password(WRONG), visit(2))).is_ok());
}

/// Kratos #4480: whoever has an account is told by mail, and whoever asks learns nothing.
#[test]
fn kratos_4480_a_registration_does_not_tell_that_there_is_an_account() {
    let stage = Stage::new();
    let known = stage.ask_to_register("ada@example.com", 0).unwrap();
    let unknown = stage.ask_to_register("eve@example.com", 0).unwrap();
    assert_eq!(known.expires_at, unknown.expires_at);
    let mails = stage.store.outbox();
    assert_eq!(mails[0].kind, MailKind::AlreadyRegistered);
    assert_eq!(mails[1].kind, MailKind::Link(Purpose::Register));
    // Even the token that was not mailed replaces nothing.
    let token = mails[0].token.clone().unwrap();
    let presented = Presented::Link(&token, Some(&known.browser));
    let told = run(stage.login.register(post(), presented, visit(1)));
    assert_eq!(refused(told), RefusalKind::Link);
    assert!(stage.password(RIGHT, 2).is_ok());
}

/// better-auth PR #9578: an account that waits for its owner, with an attacker's password in it.
#[test]
fn better_auth_9578_nobody_waits_in_an_account_for_its_owner() {
    let stage = Stage::new();
    let attacker = stage.ask_to_register("eve@example.com", 0).unwrap();
    let link = stage.mailed(Purpose::Register);
    // The owner follows the mail in another browser, and makes no account with that password.
    let owner = Presented::Link(&link, None);
    let told = run(stage.login.register(post(), owner, visit(1)));
    assert_eq!(refused(told), RefusalKind::Link);
    drop(attacker);
    let nobody = mailbox("eve@example.com");
    assert_eq!(run(stage.store.account_by_mailbox(&nobody)).unwrap(), None);
}

#[test]
fn a_mailbox_is_changed_when_both_agree() {
    let stage = Stage::new();
    let started = signed_in(stage.password(RIGHT, 0).unwrap()).started;
    let recent = started.session.recently_authenticated(at(1)).unwrap();
    let (old, new) = (&stage.account.mailbox, mailbox("lovelace@example.com"));
    let login = &stage.login;
    let asked = run(login.ask_to_change_mailbox(&recent, &new, None, &visit(1))).unwrap();
    let from = stage.mailed(Purpose::ChangeFrom);
    assert_eq!(&stage.store.outbox().last().unwrap().to, old);
    let current = || {
        run(stage.store.account(stage.account.id))
            .unwrap()
            .unwrap()
            .mailbox
    };

    let presented = Presented::Link(&from, Some(&asked.browser));
    let browser = Token::parse(asked.browser.expose()).unwrap();
    let asked = run(login.allow_change(post(), presented, browser, &visit(2))).unwrap();
    assert_eq!(stage.store.outbox().last().unwrap().to, new);
    assert_eq!(&current(), old);

    let to = stage.mailed(Purpose::ChangeTo);
    let presented = Presented::Link(&to, Some(&asked.browser));
    run(login.change_mailbox(post(), presented, &visit(3))).unwrap();
    assert_eq!(current(), new);
    let told = stage.store.outbox().pop().unwrap();
    assert_eq!((told.kind, &told.to), (MailKind::MailboxChanged, old));
    let again = run(login.change_mailbox(post(), presented, &visit(4)));
    assert_eq!(refused(again), RefusalKind::Link);
}

/// CVE-2026-32700: of two changes at once, the link of one confirmed the mailbox of the other.
#[test]
fn cve_2026_32700_a_link_confirms_the_mailbox_that_it_was_mailed_to() {
    let stage = Stage::new();
    let started = signed_in(stage.password(RIGHT, 0).unwrap()).started;
    let recent = started.session.recently_authenticated(at(1)).unwrap();
    let login = &stage.login;
    let change = |text: &str, seconds| {
        let (to, now) = (mailbox(text), visit(seconds));
        let asked = run(login.ask_to_change_mailbox(&recent, &to, None, &now)).unwrap();
        let from = stage.mailed(Purpose::ChangeFrom);
        let presented = Presented::Link(&from, Some(&asked.browser));
        let browser = Token::parse(asked.browser.expose()).unwrap();
        let asked = run(login.allow_change(post(), presented, browser, &visit(seconds + 1)));
        (stage.mailed(Purpose::ChangeTo), asked.unwrap().browser)
    };
    let (mallorys, browser) = change("mallory@example.com", 1);
    let (victims, _) = change("victim@example.com", 100);
    let presented = Presented::Link(&mallorys, Some(&browser));
    run(login.change_mailbox(post(), presented, &visit(200))).unwrap();
    let account = run(stage.store.account(stage.account.id)).unwrap().unwrap();
    assert_eq!(account.mailbox, mailbox("mallory@example.com"));
    // The other one was asked for while the account had another mailbox.
    let presented = Presented::Link(&victims, Some(&browser));
    let told = run(login.change_mailbox(post(), presented, &visit(201)));
    assert_eq!(refused(told), RefusalKind::Link);
}

#[test]
fn an_invitation_is_accepted_with_the_account_there_is_or_a_new_one() {
    let stage = Stage::new();
    let login = &stage.login;
    for (seconds, text) in [(0, "ada@example.com"), (100, "eve@example.com")] {
        run(login.invite(&mailbox(text), "org 7 as member", &visit(seconds))).unwrap();
        let link = stage.mailed(Purpose::Invite);
        let presented = Presented::Link(&link, None);
        let shown = run(login.show(&link, Purpose::Invite, None, at(seconds)));
        assert!(matches!(shown, Ok(Shown::Button)));
        let accepted =
            login.accept_invitation(post(), presented, Some(chosen(WRONG)), visit(seconds + 1));
        let accepted = run(accepted).unwrap();
        assert_eq!(accepted.to, "org 7 as member");
        // A link of last week signs nobody in to an account that is in use.
        assert_eq!(accepted.outcome.is_some(), text == "eve@example.com");
        let account = run(stage.store.account(accepted.account)).unwrap().unwrap();
        assert_eq!(account.mailbox, mailbox(text));
        let again = run(login.accept_invitation(post(), presented, None, visit(seconds + 2)));
        assert_eq!(refused(again), RefusalKind::Link);
    }
    let devices = run(login.sessions().devices(stage.account.id, at(200))).unwrap();
    assert_eq!(devices, []);
    // The invitation changed no password of the account that was there.
    assert!(stage.password(RIGHT, 300).is_ok());
}

/// Whoever invites may be another organisation than the one that signs its people in.
#[test]
fn an_invitation_where_single_sign_on_goes_before_signs_nobody_in() {
    let stage = Stage::new();
    enforce(&stage.store, "example.com");
    let login = &stage.login;
    let unused = Account {
        id: AccountId::from_bytes([9; 16]),
        mailbox: mailbox("ren@example.com"),
        password: None,
        state: AccountState::Unverified,
        ..stage.account.clone()
    };
    run(stage.store.create_account(&unused)).unwrap();
    for (seconds, text) in [
        (0, "ada@example.com"),
        (100, "eve@example.com"),
        (200, "ren@example.com"),
    ] {
        run(login.invite(&mailbox(text), "org 7 as member", &visit(seconds))).unwrap();
        let link = stage.mailed(Purpose::Invite);
        let presented = Presented::Link(&link, None);
        let accepted =
            login.accept_invitation(post(), presented, Some(chosen(WRONG)), visit(seconds + 1));
        let accepted = run(accepted).unwrap();
        assert!(
            accepted.outcome.is_none() && accepted.single_sign_on,
            "{text}"
        );
        assert_eq!(accepted.to, "org 7 as member");
        let account = run(stage.store.account(accepted.account)).unwrap().unwrap();
        assert_eq!(account.mailbox, mailbox(text));
        assert_eq!(account.state, AccountState::Active);
        assert_eq!(account.password.is_some(), text == "ada@example.com");
        let devices = run(login.sessions().devices(account.id, at(seconds))).unwrap();
        assert_eq!(devices, []);
    }
}

#[test]
fn a_link_is_void_once_the_account_has_another_mailbox() {
    let stage = Stage::new();
    let (browser, link) = stage.ask(0);
    let (id, old, new) = (
        stage.account.id,
        &stage.account.mailbox,
        mailbox("new@example.com"),
    );
    assert!(run(stage.store.change_mailbox(id, old, &new)).unwrap());
    assert_eq!(
        refused(stage.follow(&link, Some(&browser), 1)),
        RefusalKind::Link
    );
}

#[test]
fn every_future_can_be_sent_between_threads() {
    fn is_send(_: impl Send) {}
    let stage = Stage::new();
    let login = &stage.login;
    let token = Token::generate().unwrap();
    is_send(login.password(&stage.account.mailbox, password(RIGHT), visit(0)));
    is_send(login.ask_to_sign_in(&stage.account.mailbox, None, &visit(0)));
    is_send(login.sign_in_by_link(post(), Presented::Link(&token, None), visit(0)));
    is_send(login.reset(
        post(),
        Presented::Link(&token, None),
        chosen(RIGHT),
        visit(0),
    ));
    let _: &Memory = &stage.store;
}

/// A link that is asked for while the account is suspended is issued behind what deletes links.
#[test]
fn no_link_is_good_for_a_suspended_account() {
    let stage = Stage::with(|account| account.state = AccountState::Suspended);
    let to = mailbox("eve@example.com");
    for (place, purpose) in Purpose::ALL.into_iter().enumerate() {
        if !purpose.needs_account() {
            continue;
        }
        let (link, browser) = (Token::generate().unwrap(), Token::generate().unwrap());
        let bound = (browser.digest(), CodeDigest::from_bytes([7; 32]));
        let record = Record {
            purpose,
            account: Some(stage.account.id),
            mailbox: Some(stage.account.mailbox.clone()),
            sent_to: to.clone(),
            browser: purpose.is_bound().then_some(bound),
            carries: Some(to.as_str().to_owned()),
            issued_at: at(0),
            expires_at: at(600),
        };
        let mail = Mail {
            kind: MailKind::Link(purpose),
            to: to.clone(),
            token: None,
            decoy: false,
        };
        run(stage.store.issue_link(&link.digest(), &record, &mail)).unwrap();
        let (login, visit) = (&stage.login, visit(60 * place as u64 + 1));
        let presented = Presented::Link(&link, Some(&browser));
        let told = match purpose {
            Purpose::SignIn => run(login.sign_in_by_link(post(), presented, visit)).map(drop),
            Purpose::Reset => run(login.reset(post(), presented, chosen(WRONG), visit)).map(drop),
            Purpose::ChangeFrom => {
                let browser = Token::generate().unwrap();
                run(login.allow_change(post(), presented, browser, &visit)).map(drop)
            }
            Purpose::ChangeTo => run(login.change_mailbox(post(), presented, &visit)),
            _ => run(login.unlock(post(), presented, &visit)),
        };
        assert_eq!(refused(told), RefusalKind::Credentials, "{purpose:?}");
        let account = run(stage.store.account(stage.account.id)).unwrap();
        assert_eq!(account.as_ref(), Some(&stage.account), "{purpose:?}");
    }
}

/// Guesses at codes are limited by network as well.
#[test]
fn a_network_has_ten_links_a_minute() {
    let stage = Stage::new();
    let told = |seconds| {
        let (nobody, browser) = (Token::generate().unwrap(), Token::generate().unwrap());
        let presented = Presented::Link(&nobody, Some(&browser));
        let visit = Visit::from(network(1), at(seconds));
        refused(run(stage.login.sign_in_by_link(post(), presented, visit)))
    };
    for _ in 0..10 {
        assert_eq!(told(0), RefusalKind::Link);
    }
    assert_eq!(told(0), RefusalKind::TooMany);
    assert_eq!(told(6), RefusalKind::Link);
}

#[test]
fn a_link_signs_nobody_in_whose_domain_has_got_single_sign_on_meanwhile() {
    let stage = Stage::new();
    let (browser, link) = stage.ask(0);
    enforce(&stage.store, "example.com");
    let told = stage.follow(&link, Some(&browser), 1);
    assert_eq!(refused(told), RefusalKind::SingleSignOn);
    let devices = run(stage.login.sessions().devices(stage.account.id, at(2)));
    assert_eq!(devices.unwrap(), []);
}
