use http::HeaderMap;

use super::{Findings, Level};
use crate::doctor::observatory::{Policy, has_nonce_or_hash};
use crate::doctor::set_cookie::{self, SetCookie};
use crate::doctor::{CrossOrigin, PlainHttp, Site};

/// What ASVS and hstspreload.org ask for, in seconds.
const YEAR: u64 = 31_536_000;

pub(super) fn headers(site: &Site, findings: &mut Findings) {
    let page = &site.page;
    hsts(site, findings);
    csp(page, findings);
    findings.unless(
        text(page, "x-content-type-options") == "nosniff",
        ("no-nosniff", Level::L2, "ASVS 5.0.0, 3.4.4"),
        "browsers may guess another type of content",
        "send X-Content-Type-Options: nosniff (headers::SecurityHeaders does)",
    );
    let referrer = text(page, "referrer-policy");
    findings.unless(
        !referrer.is_empty()
            && referrer != "unsafe-url"
            && referrer != "no-referrer-when-downgrade",
        ("referrer-leaks", Level::L2, "ASVS 5.0.0, 3.4.5"),
        "addresses of pages are told to other origins",
        "send Referrer-Policy: strict-origin-when-cross-origin",
    );
    findings.unless(
        text(page, "cross-origin-opener-policy").starts_with("same-origin"),
        ("no-opener-policy", Level::L3, "ASVS 5.0.0, 3.4.8"),
        "pages that open this one keep a handle on its window",
        "send Cross-Origin-Opener-Policy: same-origin",
    );
    findings.unless(
        site.cross_origin != CrossOrigin::Reflected,
        ("any-origin-reads", Level::L1, "ASVS 5.0.0, 3.4.2"),
        "every origin that asks may read with credentials",
        "compare Origin with a list, in full",
    );
    findings.unless(
        site.csrf_token,
        ("no-csrf-token", Level::L1, "ASVS 5.0.0, 3.5.1"),
        "requests are taken whoever made the browser send them",
        "put csrf::tower::CsrfLayer around every route",
    );
    findings.unless(
        text(&site.private_page, "cache-control").contains("no-store"),
        ("private-pages-cached", Level::L2, "ASVS 5.0.0, 14.3.2"),
        "pages for one person may be kept",
        "send Cache-Control: no-store with them (headers::private)",
    );
}

fn hsts(site: &Site, findings: &mut Findings) {
    let text = text(&site.page, "strict-transport-security");
    let directives: Vec<&str> = text.split(';').map(str::trim).collect();
    let has = |directive: &str| directives.contains(&directive);
    let age = directives
        .iter()
        .find_map(|directive| directive.strip_prefix("max-age="));
    let age: u64 = age.and_then(|age| age.parse().ok()).unwrap_or(0);
    findings.unless(
        age >= YEAR,
        ("hsts-too-short", Level::L1, "ASVS 5.0.0, 3.4.1"),
        format!("browsers remember to use TLS for {age} seconds"),
        "bring headers::Hsts to Stage::TwoYears, stage by stage",
    );
    findings.unless(
        has("includesubdomains"),
        ("hsts-without-subdomains", Level::L2, "ASVS 5.0.0, 3.4.1"),
        "hosts below this one may be asked for without TLS",
        "add includeSubDomains",
    );
    if has("preload") {
        let ready = age >= YEAR && has("includesubdomains");
        findings.unless(
            ready && site.plain_http != PlainHttp::ToOtherHost && site.plain_http != PlainHttp::Page,
            ("not-ready-to-preload", Level::Advice, "hstspreload.org, submission requirements"),
            "the header asks for a place in the list that it would not get",
            "a year at least, includeSubDomains, and a redirect to the same host first; or leave preload out",
        );
    } else {
        findings.unless(
            site.preloaded,
            (
                "not-preloaded",
                Level::L3,
                "ASVS 5.0.0, section 3.7; hstspreload.org",
            ),
            "the first request of a browser may go without TLS",
            "headers::Hsts::preload, once every host below this one has TLS for good",
        );
    }
}

fn csp(page: &HeaderMap, findings: &mut Findings) {
    let policy = Policy::parse(&text(page, "content-security-policy"));
    let said = |directive: &str| policy.as_ref().and_then(|policy| policy.own(directive));
    let is_none = |directive: &str| said(directive).is_some_and(|of| of.contains("'none'"));
    findings.unless(
        is_none("object-src") && is_none("base-uri"),
        ("csp-incomplete", Level::L2, "ASVS 5.0.0, 3.4.3"),
        "the content security policy does not say object-src 'none' and base-uri 'none'",
        "headers::Csp::pages",
    );
    findings.unless(
        said("frame-ancestors").is_some_and(|of| !of.contains("*")),
        ("framed-by-anyone", Level::L2, "ASVS 5.0.0, 3.4.6"),
        "any page may frame this one",
        "say frame-ancestors 'none', or who may",
    );
    let scripts = policy
        .as_ref()
        .and_then(|policy| policy.sources("script-src"));
    findings.unless(
        scripts.is_some_and(|of| has_nonce_or_hash(of) || of.contains("'none'")),
        ("csp-without-nonces", Level::L3, "ASVS 5.0.0, 3.4.3"),
        "scripts are told apart by where they are, not each by a nonce or a hash",
        "headers::Scripts::Nonce",
    );
    findings.unless(
        said("report-to").is_some() || said("report-uri").is_some(),
        ("csp-without-reports", Level::L3, "ASVS 5.0.0, 3.4.7"),
        "violations of the content security policy are not reported",
        "headers::Csp::with_reports_to",
    );
}

pub(super) fn cookies(site: &Site, findings: &mut Findings) {
    let cookies = [&site.page, &site.private_page].map(set_cookie::all);
    let mut cookies: Vec<SetCookie> = cookies.into_iter().flatten().collect();
    cookies.sort_by(|one, other| one.name.cmp(&other.name));
    cookies.dedup_by(|one, other| one.name == other.name);
    for cookie in cookies {
        let name = &cookie.name;
        let (host, secure) = (name.starts_with("__Host-"), name.starts_with("__Secure-"));
        findings.unless(
            cookie.secure && (host || secure),
            ("cookie-not-secure", Level::L1, "ASVS 5.0.0, 3.3.1"),
            format!("the cookie {name} is not Secure, or its name does not promise it"),
            "define it with cookie::Cookie",
        );
        findings.unless(
            cookie.is_restricted(),
            ("cookie-without-same-site", Level::L2, "ASVS 5.0.0, 3.3.2"),
            format!("the cookie {name} comes with requests that other sites make"),
            "SameSite=Lax or Strict",
        );
        findings.unless(
            host && !cookie.domain && cookie.path.as_deref() == Some("/"),
            ("cookie-without-host", Level::L2, "ASVS 5.0.0, 3.3.3"),
            format!("the cookie {name} can be set by other hosts"),
            "name it __Host-, without Domain and with Path=/",
        );
        findings.unless(
            cookie.http_only,
            ("cookie-for-scripts", Level::L2, "ASVS 5.0.0, 3.3.4"),
            format!("scripts can read the cookie {name}"),
            "HttpOnly",
        );
        findings.unless(
            name.len() + cookie.value_length <= crate::cookie::LONGEST,
            ("cookie-too-long", Level::L3, "ASVS 5.0.0, 3.3.5"),
            format!("browsers do not keep the cookie {name}"),
            "at most 4096 bytes of name and value",
        );
    }
}

fn text(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).map(|value| value.as_bytes());
    String::from_utf8_lossy(value.unwrap_or_default())
        .trim()
        .to_ascii_lowercase()
}
