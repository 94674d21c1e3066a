//! The score that the MDN HTTP Observatory gives, by algorithm 4 (version 1.4 of
//! `@mdn/mdn-http-observatory`).

mod cookies;
mod csp;
mod headers;

pub(super) use csp::{Policy, has_nonce_or_hash};

use super::{CrossOrigin, ForeignScripts, PlainHttp, Site};

/// A score and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observatory {
    verdicts: Vec<Verdict>,
}

/// What one test of the Observatory says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    test: &'static str,
    result: &'static str,
    modifier: i32,
}

/// From where on the score counts what goes beyond.
const EXTRA_CREDIT: i32 = 90;

impl Observatory {
    pub(super) fn of(site: &Site) -> Observatory {
        let csp = csp::analyse(&site.page);
        let hsts = headers::hsts(&site.page, site.preloaded);
        Observatory {
            verdicts: vec![
                csp.verdict,
                cookies::judge(&site.page, hsts.modifier >= 0),
                cross_origin(site.cross_origin),
                redirection(site.plain_http),
                headers::referrer_policy(&site.page),
                hsts,
                integrity(site.foreign_scripts),
                headers::content_type_options(&site.page),
                headers::frame_options(&site.page, csp.has_frame_ancestors),
                headers::resource_policy(&site.page),
            ],
        }
    }

    /// What each test says.
    pub fn verdicts(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter()
    }

    /// 100, less what is wrong; and from 90 on, more for what goes beyond.
    pub fn score(&self) -> i32 {
        let modifiers = || self.verdicts.iter().map(|verdict| verdict.modifier);
        let wrong = 100 + modifiers().filter(|modifier| *modifier < 0).sum::<i32>();
        let score = match wrong >= EXTRA_CREDIT {
            true => 100 + modifiers().sum::<i32>(),
            false => wrong,
        };
        score.max(0)
    }

    /// From `F` to `A+`.
    pub fn grade(&self) -> &'static str {
        match self.score() {
            100.. => "A+",
            90.. => "A",
            85.. => "A-",
            80.. => "B+",
            70.. => "B",
            65.. => "B-",
            60.. => "C+",
            50.. => "C",
            45.. => "C-",
            40.. => "D+",
            30.. => "D",
            25.. => "D-",
            _ => "F",
        }
    }
}

impl Verdict {
    const fn new(test: &'static str, result: &'static str, modifier: i32) -> Verdict {
        Verdict {
            test,
            result,
            modifier,
        }
    }

    /// The test's name.
    pub fn test(&self) -> &'static str {
        self.test
    }

    /// The result's name.
    pub fn result(&self) -> &'static str {
        self.result
    }

    /// What it adds to the score.
    pub fn modifier(&self) -> i32 {
        self.modifier
    }
}

fn cross_origin(policy: CrossOrigin) -> Verdict {
    let (result, modifier) = match policy {
        CrossOrigin::Restricted => ("cross-origin-resource-sharing-not-implemented", 0),
        CrossOrigin::Public => (
            "cross-origin-resource-sharing-implemented-with-public-access",
            0,
        ),
        CrossOrigin::Reflected => (
            "cross-origin-resource-sharing-implemented-with-universal-access",
            -50,
        ),
    };
    Verdict::new("cross-origin-resource-sharing", result, modifier)
}

fn redirection(plain_http: PlainHttp) -> Verdict {
    let (result, modifier) = match plain_http {
        PlainHttp::Closed => ("redirection-not-needed-no-http", 0),
        PlainHttp::ToTls => ("redirection-to-https", 0),
        PlainHttp::ToOtherHost => ("redirection-off-host-from-http", -5),
        PlainHttp::Page => ("redirection-missing", -20),
    };
    Verdict::new("redirection", result, modifier)
}

fn integrity(scripts: ForeignScripts) -> Verdict {
    let (result, modifier) = match scripts {
        ForeignScripts::None => ("sri-not-implemented-but-no-scripts-loaded", 0),
        ForeignScripts::WithIntegrity => {
            ("sri-implemented-and-external-scripts-loaded-securely", 5)
        }
        ForeignScripts::WithoutIntegrity => (
            "sri-not-implemented-but-external-scripts-loaded-securely",
            -5,
        ),
    };
    Verdict::new("subresource-integrity", result, modifier)
}
