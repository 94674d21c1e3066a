mod browser;
mod credentials;
mod links;
mod throttles;

use super::finding::{Finding, Findings};
use super::{Config, Level};

/// All rules, over one configuration.
pub(super) fn findings(config: &Config) -> Vec<Finding> {
    let mut findings = Findings::default();
    browser::headers(&config.site, &mut findings);
    browser::cookies(&config.site, &mut findings);
    credentials::passwords(&config.passwords, &mut findings);
    credentials::hashing(&config.passwords.argon2, &mut findings);
    credentials::totp(&config.totp, &mut findings);
    credentials::recovery_codes(&config.recovery_codes, &mut findings);
    links::links(&config.links, &mut findings);
    links::sessions(&config.sessions, &mut findings);
    throttles::throttles(&config.throttles, &mut findings);
    findings.sorted()
}
