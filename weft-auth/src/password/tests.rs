//! Whatever is stored, the same work and the same refusal.

use std::time::Duration;

use super::argon2id::work::{self, Work};
use super::*;

const RIGHT: &str = "correct horse battery staple";
const BUDGET: usize = 1 << 20;

fn hasher(peppers: Peppers) -> Hasher {
    let config = Config::new(Params::insecure_for_tests(), BUDGET);
    Hasher::new(config.with_peppers(peppers)).unwrap()
}

fn permit(hasher: &Hasher) -> Permit {
    hasher
        .enter()
        .unwrap()
        .wait_at_most(Duration::ZERO)
        .unwrap()
}

fn hash(hasher: &Hasher) -> String {
    let password = Password::new(RIGHT).unwrap();
    let password = Policy::alone().accept(password, &[]).unwrap();
    permit(hasher).hash(&password).unwrap().expose().to_owned()
}

/// What is said, and whether the hash is to be made anew.
fn verify(hasher: &Hasher, stored: Option<&str>, typed: &str) -> Result<bool, RefusalKind> {
    let password = Password::new(typed).unwrap();
    let verdict = permit(hasher).verify(stored, &password);
    verdict
        .map(|found| found.needs_rehash())
        .map_err(|refusal| refusal.kind())
}

fn work_of(hasher: &Hasher, stored: Option<&str>, typed: &str) -> Work {
    work::of(|| verify(hasher, stored, typed)).1
}

fn pepper(id: &str) -> Pepper {
    let mut key = [0x5a; 32];
    key[..id.len()].copy_from_slice(id.as_bytes());
    Pepper::new(id, key).unwrap()
}

fn peppers(ids: &[&str]) -> Peppers {
    Peppers::new(ids.iter().map(|id| pepper(id))).unwrap()
}

#[test]
fn the_right_password_is_the_whole_of_it() {
    let hasher = hasher(Peppers::none());
    let stored = hash(&hasher);
    assert_eq!(verify(&hasher, Some(&stored), RIGHT), Ok(false));
    let longest = "x".repeat(128);
    for typed in [
        "x",
        &RIGHT[..RIGHT.len() - 1],
        &format!("{RIGHT} "),
        &format!(" {RIGHT}"),
        &format!("{RIGHT}\0"),
        &RIGHT.to_uppercase(),
        &longest,
    ] {
        let refused = verify(&hasher, Some(&stored), typed);
        assert_eq!(refused, Err(RefusalKind::WrongPassword), "{typed}");
    }
}

/// Bcrypt took 72 bytes, and what stood behind them did not count.
#[test]
fn okta_2024_10_30_each_byte_of_the_longest_password_counts() {
    let hasher = hasher(Peppers::none());
    let right: String = ('a'..='h').cycle().take(127).collect();
    let password = Password::new(format!("{right}!")).unwrap();
    let password = Policy::alone().accept(password, &[]).unwrap();
    let stored = permit(&hasher).hash(&password).unwrap();
    let verify = |typed: &str| verify(&hasher, Some(stored.expose()), typed);
    assert_eq!(verify(&format!("{right}!")), Ok(false));
    assert_eq!(
        verify(&format!("{right}?")),
        Err(RefusalKind::WrongPassword)
    );
    assert_eq!(verify(&right), Err(RefusalKind::WrongPassword));
}

/// What a wrong password costs, for a hasher with peppers and one without, and the hash of a right one.
fn each_hasher(promise: impl Fn(&Hasher, &str, &Work)) {
    let pairs = [
        (hasher(Peppers::none()), hasher(Peppers::none())),
        (hasher(peppers(&["1", "2"])), hasher(peppers(&["2"]))),
    ];
    for (hasher, same_pepper) in pairs {
        let stored = hash(&same_pepper);
        let wrong = work_of(&hasher, Some(&stored), "wrong");
        assert_eq!(wrong, [(64, 1)]);
        assert_eq!(work_of(&hasher, Some(&stored), RIGHT), wrong);
        promise(&hasher, &stored, &wrong);
    }
}

/// Django ticket 20760, and CVE-2025-6011 and GHSA-w6m9-39cv-2fwp after it: no account, no hash.
/// CVE-2024-39329: an account without a password, which is the same `None` here.
#[test]
fn cve_2024_39329_no_account_and_no_password_cost_what_a_wrong_password_costs() {
    each_hasher(|hasher, _, wrong| {
        assert_eq!(&work_of(hasher, None, RIGHT), wrong);
        let refused = verify(hasher, None, RIGHT);
        assert_eq!(refused, Err(RefusalKind::NoPassword));
    });
}

/// Riparion's pull request 6: a hash that could not be read was refused at once.
#[test]
fn riparion_6_a_hash_that_is_not_obeyed_costs_what_a_wrong_password_costs() {
    each_hasher(|hasher, stored, wrong| {
        for absurd in [
            "",
            "!",
            "é",
            "$2b$12$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234",
            &stored[..stored.len() - 40],
            &stored.replace("argon2id", "argon2i"),
            &stored.replace("v=19", "v=16"),
            &stored.replace("m=64", "m=129"),
            &stored.replace("m=64", "m=4294967295"),
            &stored.replace("t=1", "t=17"),
            &stored.replace("p=1", "p=5"),
            &stored.replace("p=1", "p=1,keyid=OTk"),
            &"A".repeat(1 << 20),
        ] {
            assert_eq!(&work_of(hasher, Some(absurd), RIGHT), wrong, "{absurd}");
            let refused = verify(hasher, Some(absurd), RIGHT);
            let unreadable = matches!(refused, Err(RefusalKind::Unreadable(_)));
            assert!(unreadable, "{absurd} {refused:?}");
        }
    });
}

/// A row with an older work factor answered sooner than the dummy: it costs what its parameters say, and
/// is to be made anew so that none is left.
#[test]
fn cve_2016_2513_a_hash_with_other_parameters_is_to_be_made_anew() {
    let weaker = hasher(Peppers::none());
    let stored = hash(&weaker);
    let params = Params {
        memory: 128,
        passes: 2,
        ..Params::insecure_for_tests()
    };
    let hasher = Hasher::new(Config::new(params, BUDGET)).unwrap();
    assert_eq!(work_of(&hasher, Some(&stored), RIGHT), [(64, 1)]);
    assert_eq!(work_of(&hasher, None, RIGHT), [(128, 2)]);
    assert_eq!(verify(&hasher, Some(&stored), RIGHT), Ok(true));
    assert_eq!(hasher.needs_rehash(&stored), Ok(true));

    let password = Password::new(RIGHT).unwrap();
    let mut permit = permit(&hasher);
    let right = permit.verify(Some(&stored), &password).unwrap();
    let anew = permit.rehash(&right).unwrap();
    drop(permit);
    assert_eq!(verify(&hasher, Some(anew.expose()), RIGHT), Ok(false));
    assert_eq!(hasher.needs_rehash(anew.expose()), Ok(false));
    // A stronger one than today's is another one, too.
    assert_eq!(verify(&weaker, Some(anew.expose()), RIGHT), Ok(true));
}

#[test]
fn peppers_rotate() {
    let (old, both, new) = (
        hasher(peppers(&["2026-05"])),
        hasher(peppers(&["2026-05", "2026-11"])),
        hasher(peppers(&["2026-11"])),
    );
    let before = hash(&old);
    assert!(before.contains(",keyid=MjAyNi0wNQ$"), "{before}");
    assert_eq!(verify(&both, Some(&before), RIGHT), Ok(true));
    let after = hash(&both);
    assert!(after.contains(",keyid=MjAyNi0xMQ$"), "{after}");
    for hasher in [&both, &new] {
        assert_eq!(verify(hasher, Some(&after), RIGHT), Ok(false));
    }
    let gone = Err(RefusalKind::Unreadable(StoredError::UnknownPepper));
    assert_eq!(verify(&new, Some(&before), RIGHT), gone);
    assert_eq!(verify(&old, Some(&after), RIGHT), gone);
}

#[test]
fn the_pepper_counts_and_not_its_name() {
    let ours = hasher(peppers(&["2026-05"]));
    let stored = hash(&ours);
    let other = Pepper::new("2026-05", [0xff; 32]).unwrap();
    let theirs = hasher(Peppers::new([other]).unwrap());
    let refused = verify(&theirs, Some(&stored), RIGHT);
    assert_eq!(refused, Err(RefusalKind::WrongPassword));
    // Another id of ours does not open it, and without one it is not obeyed.
    let both = hasher(peppers(&["2026-05", "2026-11"]));
    let renamed = stored.replace("MjAyNi0wNQ", "MjAyNi0xMQ");
    let refused = verify(&both, Some(&renamed), RIGHT);
    assert_eq!(refused, Err(RefusalKind::WrongPassword));
}

/// Who can write rows but has no pepper cannot write one that is obeyed.
#[test]
fn where_there_are_peppers_a_hash_without_one_is_refused() {
    let stored = hash(&hasher(Peppers::none()));
    let refused = verify(&hasher(peppers(&["1"])), Some(&stored), RIGHT);
    assert_eq!(refused, Err(RefusalKind::Unreadable(StoredError::NoPepper)));
    let introduced = hasher(peppers(&["1"]).accepting_unpeppered());
    assert_eq!(verify(&introduced, Some(&stored), RIGHT), Ok(true));
}

#[test]
fn what_the_dummy_stands_for_has_no_password() {
    let hasher = hasher(peppers(&["1"]));
    for typed in [RIGHT, "dummy", "\0"] {
        assert_eq!(verify(&hasher, None, typed), Err(RefusalKind::NoPassword));
    }
}

#[test]
fn no_two_hashes_are_alike() {
    let hasher = hasher(Peppers::none());
    assert_ne!(hash(&hasher), hash(&hasher));
}

#[test]
fn the_usual_length_of_salt_and_tag_is_part_of_the_parameters() {
    let hasher = hasher(Peppers::none());
    let short = "$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgc$AAECAwQFBgcICQoLDA0ODw";
    assert_eq!(hasher.needs_rehash(short), Ok(true));
    assert_eq!(hasher.needs_rehash(""), Err(StoredError::Format));
}

#[test]
fn memory_is_wiped_after_each_hash_where_that_is_asked_for() {
    let config = Config::new(Params::insecure_for_tests(), BUDGET);
    let left = |config: Config| {
        let hasher = Hasher::new(config).unwrap();
        let mut permit = permit(&hasher);
        let password = Password::new(RIGHT).unwrap();
        permit.verify(None, &password).unwrap_err();
        let blocks = permit.memory.as_mut().unwrap().blocks(64);
        blocks
            .iter()
            .flat_map(|block| block.as_ref())
            .any(|word| *word != 0)
    };
    assert!(left(config.clone()));
    assert!(!left(config.with_wiping_after_each_hash()));
}

#[test]
fn a_budget_has_room_for_one_hash_at_least() {
    let params = Params::insecure_for_tests();
    let permits = |config: Config| Hasher::new(config).map(|hasher| hasher.permits());
    assert_eq!(
        permits(Config::new(params, 128 * 1024 - 1)),
        Err(ConfigError::Budget)
    );
    assert_eq!(permits(Config::new(params, 4 * 128 * 1024)), Ok(4));
    let stored = |kib| Config::new(params, 4 * 128 * 1024).with_stored_memory(kib);
    assert_eq!(permits(stored(64)), Ok(8));
    assert_eq!(permits(stored(63)), Err(ConfigError::StoredMemory));
    assert_eq!(permits(stored(u32::MAX)), Err(ConfigError::Budget));
}

#[test]
fn nothing_is_ever_shown() {
    let hasher = hasher(peppers(&["1"]));
    let password = Password::new(RIGHT).unwrap();
    let mut permit = permit(&hasher);
    let refusal = permit.verify(None, &password).unwrap_err();
    let stored = hash(&hasher);
    let found = permit.verify(Some(&stored), &password).unwrap();
    let anew = permit.rehash(&found).unwrap();
    assert_eq!(
        format!("{hasher:?} {password:?} {permit:?} {refusal:?} {refusal} {found:?} {anew:?}"),
        "Hasher { params: Params { memory: 64, passes: 1, lanes: 1 }, peppers: [\"1\"], permits: 8, .. } \
         Password(redacted) Permit { .. } Refusal(..) password refused Match { needs_rehash: false, .. } \
         PasswordHash(redacted)"
    );
}
