use std::collections::{BTreeMap, BTreeSet};

use http::HeaderMap;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY};

use super::Verdict;

/// What the policy of a page comes to.
pub(super) struct Analysis {
    pub(super) verdict: Verdict,
    pub(super) has_frame_ancestors: bool,
}

pub(in crate::doctor) type Sources = BTreeSet<String>;

/// The directives of a policy, in lower case.
pub(in crate::doctor) struct Policy {
    directives: BTreeMap<String, Sources>,
    /// Whether `report-uri` or `report-to` comes twice, which is passed over.
    repeats: bool,
}

/// Sources that are as good as everything.
const BROAD: [&str; 8] = [
    "ftp:",
    "http:",
    "https:",
    "*",
    "http://*",
    "http://*.*",
    "https://*",
    "https://*.*",
];
const INLINE: [&str; 2] = ["'unsafe-inline'", "data:"];
const NONCES_AND_HASHES: [&str; 4] = ["'nonce-", "'sha256-", "'sha384-", "'sha512-"];
/// What shows and does not run.
const PASSIVE: [&str; 2] = ["img-src", "media-src"];

const INVALID: (&str, i32) = ("csp-header-invalid", -25);

/// Judges the policy of a page. Of several, which a browser holds a page to all at once, the best
/// counts.
pub(super) fn analyse(headers: &HeaderMap) -> Analysis {
    let values = headers.get_all(CONTENT_SECURITY_POLICY).iter();
    let each =
        values.map(
            |value| match Policy::parse(&String::from_utf8_lossy(value.as_bytes())) {
                Some(mut policy) => (
                    policy.judge(),
                    policy.directives.contains_key("frame-ancestors"),
                ),
                None => (INVALID, false),
            },
        );
    let best = each.max_by_key(|((_, modifier), _)| *modifier);
    let report_only = headers.contains_key(CONTENT_SECURITY_POLICY_REPORT_ONLY);
    let ((result, modifier), has_frame_ancestors) = best.unwrap_or((
        match report_only {
            true => ("csp-not-implemented-but-reporting-enabled", -25),
            false => ("csp-not-implemented", -25),
        },
        false,
    ));
    Analysis {
        verdict: Verdict::new("content-security-policy", result, modifier),
        has_frame_ancestors,
    }
}

impl Policy {
    /// Directives that come twice make it invalid, so that somebody notices.
    pub(in crate::doctor) fn parse(text: &str) -> Option<Policy> {
        let mut directives = BTreeMap::new();
        let mut repeats = false;
        for part in text.split(';') {
            let mut words = part.split_whitespace().map(str::to_ascii_lowercase);
            let Some(directive) = words.next() else {
                continue;
            };
            let mut sources: Sources = words.collect();
            if sources.is_empty() && directive.ends_with("-src") {
                sources.insert("'none'".to_owned());
            }
            if directives.contains_key(&directive) {
                if !["report-uri", "report-to"].contains(&directive.as_str()) {
                    return None;
                }
                repeats = true;
            }
            directives.entry(directive).or_insert(sources);
        }
        let policy = Policy {
            directives,
            repeats,
        };
        (!policy.directives.is_empty()).then_some(policy)
    }

    /// What is allowed for a directive, which may be said by `default-src`.
    pub(in crate::doctor) fn sources(&self, directive: &str) -> Option<&Sources> {
        self.directives
            .get(directive)
            .or_else(|| self.directives.get("default-src"))
    }

    /// What the directive itself says.
    pub(in crate::doctor) fn own(&self, directive: &str) -> Option<&Sources> {
        self.directives.get(directive)
    }

    fn judge(&mut self) -> (&'static str, i32) {
        for directive in ["script-src", "style-src"] {
            self.narrow(directive);
        }
        let any = |directive: &str, of: &[&str]| match self.sources(directive) {
            Some(sources) => sources.iter().any(|source| of.contains(&source.as_str())),
            None => of.contains(&"*"),
        };
        let broad_or_inline = [&BROAD[..], &INLINE].concat();
        let scripts = self.sources("script-src");
        let is_dynamic = scripts.is_some_and(|sources| sources.contains("'strict-dynamic'"));
        if is_dynamic && !scripts.is_some_and(has_nonce_or_hash) {
            return INVALID;
        }
        if any("script-src", &broad_or_inline) || any("object-src", &BROAD) {
            return ("csp-implemented-with-unsafe-inline", -20);
        }
        let is_active = |directive: &&str| !PASSIVE.contains(directive);
        let mut active = self
            .directives
            .iter()
            .filter(|(directive, _)| is_active(&directive.as_str()));
        if active.any(|(_, sources)| has_insecure(sources)) {
            return ("csp-implemented-with-insecure-scheme", -20);
        }
        if any("script-src", &["'unsafe-eval'"]) || any("style-src", &["'unsafe-eval'"]) {
            return ("csp-implemented-with-unsafe-eval", -10);
        }
        if PASSIVE
            .iter()
            .any(|directive| self.sources(directive).is_some_and(has_insecure))
        {
            return (
                "csp-implemented-with-insecure-scheme-in-passive-content-only",
                -10,
            );
        }
        if any("style-src", &broad_or_inline) {
            return ("csp-implemented-with-unsafe-inline-in-style-src-only", 0);
        }
        if self.repeats {
            return ("csp-implemented-but-duplicate-directives", 0);
        }
        match self.directives.get("default-src") {
            Some(sources) if sources.len() == 1 && sources.contains("'none'") => {
                ("csp-implemented-with-no-unsafe-default-src-none", 10)
            }
            _ => ("csp-implemented-with-no-unsafe", 5),
        }
    }

    /// Takes out what browsers pass over beside a nonce or a hash.
    fn narrow(&mut self, directive: &str) {
        let said = match self.directives.contains_key(directive) {
            true => directive,
            false => "default-src",
        };
        let Some(sources) = self.directives.get_mut(said) else {
            return;
        };
        if !has_nonce_or_hash(sources) {
            return;
        }
        sources.remove("'unsafe-inline'");
        if directive == "script-src" && sources.contains("'strict-dynamic'") {
            sources.retain(|source| {
                source != "'self'" && !BROAD.iter().any(|broad| source.starts_with(broad))
            });
        }
    }
}

pub(in crate::doctor) fn has_nonce_or_hash(sources: &Sources) -> bool {
    let starts = |source: &String| {
        NONCES_AND_HASHES
            .iter()
            .any(|start| source.starts_with(start))
    };
    sources.iter().any(starts)
}

fn has_insecure(sources: &Sources) -> bool {
    let insecure = |source: &String| {
        ["http:", "ftp:"]
            .iter()
            .any(|start| source.starts_with(start))
    };
    sources.iter().any(insecure)
}
