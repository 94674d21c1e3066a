//! Mail that waits: sealed for its recipient, claimed by one sender, sent once.

use std::collections::HashSet;

use weft_auth::link::Purpose;
use weft_auth::postgres::PgError;
use weft_auth::store::{AccountStore, Mail, MailKind, OutboxStore};
use weft_auth::testkit::{Race, Threads};
use weft_auth::token::Token;
use weft_auth::totp::seal::SealError;
use weft_tests::auth::Tables;
use weft_tests::auth::race::now;

use super::stage::{MINUTE, Stage, account, asked, run};

#[test]
fn a_mail_reads_back_until_it_is_sent() {
    let tables = Tables::new();
    let store = tables.pooled();
    let stage = Stage::new(&store);
    let notice = Mail {
        kind: MailKind::PasswordReplaced,
        to: stage.account.mailbox.clone(),
        token: None,
        decoy: false,
    };
    run(store.post(&notice)).unwrap();
    let claim =
        |most, minutes| run(store.claim_mail(most, now() + MINUTE * minutes, MINUTE)).unwrap();

    let link = claim(1, 0).pop().unwrap();
    assert_eq!(link.mail.kind, MailKind::Link(Purpose::SignIn));
    assert_eq!(link.mail.to, stage.account.mailbox);
    let token = link.mail.token.as_ref().unwrap();
    assert_eq!(token.expose(), stage.link.expose());
    let notice = claim(9, 0).pop().unwrap();
    assert_eq!(notice.mail.kind, MailKind::PasswordReplaced);
    assert!(notice.mail.token.is_none() && !notice.mail.decoy);
    assert!(claim(9, 0).is_empty(), "both are claimed");

    run(store.mail_sent(link.id)).unwrap();
    let again = claim(9, 1); // whoever claimed it died
    assert_eq!(
        again.iter().map(|waiting| waiting.id).collect::<Vec<_>>(),
        [notice.id]
    );
}

#[test]
fn each_mail_is_claimed_by_one_of_many_senders() {
    let tables = Tables::new();
    let store = tables.pooled();
    let owner = account("ada@example.com");
    run(store.create_account(&owner)).unwrap();
    for _ in 0..40 {
        let (_, mail) = asked(
            &owner,
            &Token::generate().unwrap(),
            &Token::generate().unwrap(),
        );
        run(store.post(&mail)).unwrap();
    }
    let senders = (0..8).map(|_| {
        let store = store.clone();
        async move { store.claim_mail(5, now(), MINUTE).await.unwrap() }
    });
    let claimed: Vec<i64> = run(Threads.race(senders.collect()))
        .into_iter()
        .flatten()
        .map(|waiting| waiting.id)
        .collect();
    let different: HashSet<_> = claimed.iter().collect();
    assert_eq!(claimed.len(), different.len());
    let left = run(store.claim_mail(40, now(), MINUTE)).unwrap().len();
    assert_eq!(claimed.len() + left, 40);
}

/// Who can write to the table has nothing mailed to himself.
#[test]
fn a_mail_with_another_recipient_or_kind_is_not_opened() {
    for change in [
        "recipient = 'eve@example.com'",
        "purpose = 'reset'",
        "sealed_token = set_byte(sealed_token, 30, get_byte(sealed_token, 30) # 1)",
        "sealed_token = ''",
    ] {
        let tables = Tables::new();
        let store = tables.pooled();
        Stage::new(&store);
        tables.admin(&format!("UPDATE auth_outbox SET {change}"));
        let opened = run(store.claim_mail(1, now(), MINUTE));
        let refused = matches!(opened, Err(PgError::Seal(SealError::NotForThisUser)));
        assert!(refused, "{change}: {opened:?}");
    }
}

/// One row that cannot be opened kept all that was claimed with it from ever being sent.
#[test]
fn a_mail_that_is_not_opened_holds_up_no_other() {
    let tables = Tables::new();
    let store = tables.pooled();
    let stage = Stage::new(&store);
    tables.admin("UPDATE auth_outbox SET sealed_token = ''");
    let mail = Mail {
        kind: MailKind::PasswordReplaced,
        to: stage.account.mailbox,
        token: None,
        decoy: false,
    };
    run(store.post(&mail)).unwrap();
    let claimed = run(store.claim_mail(9, now(), MINUTE)).unwrap();
    let kinds: Vec<_> = claimed.iter().map(|waiting| waiting.mail.kind).collect();
    assert_eq!(kinds, [MailKind::PasswordReplaced]);
    run(store.mail_sent(claimed[0].id)).unwrap();
    let left = run(store.claim_mail(9, now() + MINUTE, MINUTE));
    assert!(matches!(left, Err(PgError::Seal(_))), "{left:?}");
}

/// The database alone opens nothing: not one secret is in it in clear.
#[test]
fn no_secret_is_in_the_database() {
    let tables = Tables::new();
    let store = tables.pooled();
    let stage = Stage::new(&store);
    let dump = tables.value(
        "SELECT string_agg(query_to_xml(format('SELECT * FROM %I', tablename), true, true, '')::text, '')
         FROM pg_tables WHERE schemaname = 'public'",
    );
    assert!(dump.contains("ada@example.com"));
    let hex = |text: &str| {
        text.bytes()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let codes = stage
        .codes
        .iter()
        .map(|code| code.grouped().replace('-', ""));
    for secret in codes.chain([
        stage.link.expose().to_owned(),
        stage.browser.expose().to_owned(),
        stage.challenge.expose().to_owned(),
        stage.session.expose().to_owned(),
    ]) {
        for written in [secret.clone(), hex(&secret), base64(secret.as_bytes())] {
            assert!(!dump.contains(&written), "{written}");
        }
    }
}

/// As Postgres writes `bytea` in XML.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let three = bytes.chunks_exact(3);
    let digits = three.flat_map(|three| {
        let bits = three
            .iter()
            .fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| char::from(DIGITS[bits >> shift & 63]))
    });
    digits.collect()
}
