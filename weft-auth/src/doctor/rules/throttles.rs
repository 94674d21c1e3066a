use super::{Findings, Level};
use crate::doctor::Throttles;

pub(super) fn throttles(throttles: &Throttles, findings: &mut Findings) {
    findings.unless(
        throttles
            .per_account
            .is_some_and(|failures| failures <= 100),
        (
            "account-guessing",
            Level::L1,
            "NIST SP 800-63B-4, 3.2.2; ASVS 5.0.0, 6.3.1",
        ),
        "more than 100 failures in a row are possible for one account",
        "100 at most, with a growing delay from the fifth on",
    );
    findings.unless(
        throttles.unlock_by_mail || throttles.per_account.is_none(),
        ("lockout-as-weapon", Level::L1, "ASVS 5.0.0, 6.1.1"),
        "whoever fails often enough keeps the owner out",
        "let the owner open the account by mail",
    );
    findings.unless(
        throttles.per_address.is_some(),
        ("credential-stuffing", Level::L1, "ASVS 5.0.0, 6.3.1"),
        "one address may try as many accounts as it likes",
        "100 failures an hour",
    );
    findings.unless(
        throttles.ipv6_prefix <= 64,
        ("ipv6-rotation", Level::Advice, "CVE-2026-45364"),
        format!(
            "every /{} counts as an address of its own, and one customer has many",
            throttles.ipv6_prefix
        ),
        "count by /64",
    );
    findings.unless(
        throttles.named_proxies,
        (
            "forwarded-for-believed",
            Level::L1,
            "CVE-2023-36456; ASVS 5.0.0, 6.3.1",
        ),
        "whoever sends X-Forwarded-For has the address that it says",
        "name the proxies, and read the list from its end",
    );
    findings.unless(
        throttles.per_mailbox.is_some(),
        ("mail-flood", Level::Advice, "OWASP Forgot Password"),
        "a mailbox gets as many mails as somebody asks for",
        "one a minute and five an hour",
    );
}
