//! A configuration held against what is asked of one: ASVS 5.0.0, hstspreload.org and the rules of the
//! MDN HTTP Observatory.
//!
//! ```
//! use http::HeaderMap;
//! use weft_auth::doctor::{Config, Level, examine};
//! use weft_auth::headers::{Csp, Hsts, Nonce, SecurityHeaders, Stage};
//!
//! let security = SecurityHeaders::new(&Csp::pages())?.with_hsts(Hsts::at(Stage::TwoYears));
//! let mut page = HeaderMap::new();
//! security.write(&Nonce::random()?, &mut page);
//!
//! let mut config = Config::new(page);
//! config.links.sign_in = std::time::Duration::from_secs(600);
//! let report = examine(&config);
//! assert_eq!(report.observatory().grade(), "A+");
//! assert!(report.findings().all(|finding| finding.level() > Level::L2), "{report}");
//!
//! config.passwords.shortest = 6;
//! let report = examine(&config);
//! let finding = report.findings().find(|finding| finding.id() == "password-too-short").unwrap();
//! assert_eq!(finding.source(), "ASVS 5.0.0, 6.2.1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod config;
mod finding;
mod observatory;
mod report;
mod rules;
mod set_cookie;

pub use config::{
    Argon2, Config, CrossOrigin, ForeignScripts, Links, Passwords, PlainHttp, RecoveryCodes,
    Sessions, Site, Storage, Throttles, Totp,
};
pub use finding::{Finding, Level};
pub use observatory::{Observatory, Verdict};
pub use report::Report;

/// What is missing in a configuration, and how the Observatory would grade it.
pub fn examine(config: &Config) -> Report {
    Report::new(rules::findings(config), Observatory::of(&config.site))
}
