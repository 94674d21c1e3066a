use std::time::Duration;

use super::{Findings, Level};
use crate::doctor::{Argon2, Passwords, RecoveryCodes, Storage, Totp};

pub(super) fn passwords(passwords: &Passwords, findings: &mut Findings) {
    let Passwords {
        shortest, longest, ..
    } = *passwords;
    findings.unless(
        shortest >= 8,
        ("password-too-short", Level::L1, "ASVS 5.0.0, 6.2.1"),
        format!("passwords of {shortest} characters are taken"),
        "at least 8, and 15 where nothing else is asked for",
    );
    findings.unless(
        shortest >= 15 || !passwords.alone,
        (
            "password-alone-too-short",
            Level::Advice,
            "NIST SP 800-63B-4, 3.1.1.2; ASVS 5.0.0, 6.2.1",
        ),
        format!("passwords of {shortest} characters are all that somebody needs"),
        "at least 15, or a second factor",
    );
    findings.unless(
        longest >= 64,
        ("password-too-long", Level::L2, "ASVS 5.0.0, 6.2.9"),
        format!("passwords of more than {longest} characters are refused"),
        "take 64 at least",
    );
    findings.unless(
        passwords.blocklist >= 3_000,
        ("common-passwords", Level::L1, "ASVS 5.0.0, 6.2.4"),
        format!("{} common passwords are refused", passwords.blocklist),
        "refuse 3000 at least that the policy would take",
    );
    findings.unless(
        !passwords.composition_rules,
        ("composition-rules", Level::L1, "ASVS 5.0.0, 6.2.5"),
        "certain kinds of characters are asked for",
        "ask for length alone",
    );
    findings.unless(
        passwords.whole,
        ("password-cut", Level::L2, "ASVS 5.0.0, 6.2.8"),
        "the hash does not cover the whole password",
        "Argon2id has no limit; refuse what is too long, and cut nothing",
    );
    findings.unless(
        passwords.rotation.is_none(),
        ("password-rotation", Level::L2, "ASVS 5.0.0, 6.2.10"),
        "a new password is asked for by the calendar",
        "ask for one when it is known to others",
    );
    findings.unless(
        passwords.context_words,
        ("no-context-words", Level::L2, "ASVS 5.0.0, 6.2.11"),
        "the name of the service makes a password",
        "refuse words of the service and of the person",
    );
    findings.unless(
        passwords.breached,
        ("breached-passwords", Level::L3, "ASVS 5.0.0, 6.2.12"),
        "passwords that are known from breaches are taken",
        "look them up by the beginning of their digest",
    );
}

/// What OWASP takes for equal: KiB of memory and passes over it.
const OWASP: [(u32, u32); 5] = [
    (47_104, 1),
    (19_456, 2),
    (12_288, 3),
    (9_216, 4),
    (7_168, 5),
];

pub(super) fn hashing(argon2: &Argon2, findings: &mut Findings) {
    let Argon2 {
        memory,
        passes,
        salt,
        tag,
        ..
    } = *argon2;
    findings.unless(
        OWASP
            .iter()
            .any(|(least, times)| memory >= *least && passes >= *times),
        (
            "hash-too-cheap",
            Level::L2,
            "OWASP Password Storage; ASVS 5.0.0, 11.4.2",
        ),
        format!("{memory} KiB and {passes} passes are less than any of OWASP's pairs"),
        "19456 KiB and 2 passes",
    );
    findings.unless(
        salt >= 16 && tag >= 16,
        ("hash-too-short", Level::Advice, "RFC 9106, section 4"),
        format!("{salt} bytes of salt and {tag} of tag"),
        "16 bytes of salt and 32 of tag",
    );
    findings.unless(
        argon2.at_once.is_some(),
        (
            "hashes-unbounded",
            Level::Advice,
            "CVE-2013-1443 and its kin",
        ),
        "as many passwords are hashed at once as somebody sends",
        "a budget of memory, and a refusal beyond it",
    );
    findings.unless(
        argon2
            .memory_ceiling
            .is_some_and(|ceiling| ceiling >= memory),
        (
            "stored-hash-unbounded",
            Level::Advice,
            "RUSTSEC-2026-0199 and its kin",
        ),
        "a stored hash says how much memory its check takes, without a limit or over it",
        "twice the memory of today's hashes",
    );
}

pub(super) fn totp(totp: &Totp, findings: &mut Findings) {
    findings.unless(
        totp.secret_bits >= 160,
        (
            "totp-secret-short",
            Level::Advice,
            "RFC 4226, section 4, R6; CVE-2024-8796",
        ),
        format!(
            "secrets have {} bits, of which 128 are required",
            totp.secret_bits
        ),
        "160 bits",
    );
    findings.unless(
        totp.single_use,
        ("totp-again", Level::L2, "ASVS 5.0.0, 6.5.1; CVE-2015-7225"),
        "a code is taken more than once",
        "remember the step that was taken, in the statement that takes it",
    );
    findings.unless(
        totp.step <= Duration::from_secs(30),
        ("totp-step-long", Level::L2, "ASVS 5.0.0, 6.5.5"),
        "a code lasts longer than 30 seconds",
        "steps of 30 seconds",
    );
    findings.unless(
        totp.drift <= 1,
        ("totp-drift", Level::Advice, "RFC 6238, section 5.2"),
        format!("codes of {} steps earlier or later are taken", totp.drift),
        "one",
    );
    findings.unless(
        totp.attempts.is_some_and(|attempts| attempts <= 10),
        (
            "totp-guessing",
            Level::L1,
            "ASVS 5.0.0, 6.3.1; CVE-2024-0227",
        ),
        "codes can be guessed on and on, or share their throttle with passwords",
        "5 attempts, counted apart",
    );
}

pub(super) fn recovery_codes(codes: &RecoveryCodes, findings: &mut Findings) {
    let enough = match codes.storage {
        Storage::Plain => false,
        Storage::Digest => codes.bits >= 112,
        Storage::PasswordHash => true,
    };
    findings.unless(
        enough,
        ("recovery-codes-readable", Level::L2, "ASVS 5.0.0, 6.5.2"),
        format!(
            "codes of {} bits are stored so that a copy of the database gives them away",
            codes.bits
        ),
        "112 bits and a digest, or a password hash",
    );
    findings.unless(
        codes.bits >= 20,
        ("recovery-codes-short", Level::L2, "ASVS 5.0.0, 6.5.4"),
        format!("codes have {} bits", codes.bits),
        "20 at least, and 112 better",
    );
}
