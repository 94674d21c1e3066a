use std::time::Duration;

use super::{Findings, Level};
use crate::doctor::{Links, Sessions};

pub(super) fn links(links: &Links, findings: &mut Findings) {
    let minutes = |time: Duration| time.as_secs().div_ceil(60);
    findings.unless(
        links.sign_in <= Duration::from_secs(10 * 60),
        ("sign-in-link-long", Level::L2, "ASVS 5.0.0, 6.5.5"),
        format!("a link signs in for {} minutes", minutes(links.sign_in)),
        "10 minutes",
    );
    findings.unless(
        links.reset <= Duration::from_secs(24 * 60 * 60),
        ("reset-link-long", Level::L1, "ASVS 5.0.0, 6.4.1"),
        format!(
            "a link resets a password for {} minutes",
            minutes(links.reset)
        ),
        "an hour",
    );
    findings.unless(
        links.token_bits >= 128,
        ("link-token-short", Level::L2, "ASVS 5.0.0, 6.5.2 and 6.6.3"),
        format!("the tokens of links have {} bits", links.token_bits),
        "256 bits, stored as their digest",
    );
    findings.unless(
        links.single_use,
        ("link-again", Level::L2, "ASVS 5.0.0, 6.5.1; CVE-2026-3590"),
        "a link is good more than once",
        "one statement that takes it and says whether there was one",
    );
}

pub(super) fn sessions(sessions: &Sessions, findings: &mut Findings) {
    findings.unless(
        sessions.token_bits >= 128,
        ("session-token-short", Level::L1, "ASVS 5.0.0, 7.2.3"),
        format!("session tokens have {} bits", sessions.token_bits),
        "256 bits of the system's randomness",
    );
    findings.unless(
        sessions.new_token_at_sign_in,
        (
            "session-kept-at-sign-in",
            Level::L1,
            "ASVS 5.0.0, 7.2.4; CVE-2022-25896",
        ),
        "the session from before the sign-in goes on",
        "make a new token and end the old one",
    );
    findings.unless(
        sessions.idle.is_some(),
        ("session-never-idle", Level::L2, "ASVS 5.0.0, 7.3.1"),
        "sessions do not end when nobody uses them",
        "7 days, or 30 minutes where more is at stake",
    );
    findings.unless(
        sessions.absolute.is_some(),
        ("session-for-ever", Level::L2, "ASVS 5.0.0, 7.3.2"),
        "sessions that are used do not end",
        "30 days, or 12 hours where more is at stake",
    );
    findings.unless(
        sessions.idle <= sessions.absolute || sessions.absolute.is_none(),
        (
            "session-idle-without-effect",
            Level::Advice,
            "ASVS 5.0.0, 7.3.1",
        ),
        "sessions end before they can be idle for long enough",
        "an idle time below the absolute one",
    );
}
