use http::HeaderMap;
use serde_json::{Value, json};
use weft_auth::doctor::{Config, CrossOrigin, PlainHttp, examine};

use crate::libraries::{folder, npm, run};
use crate::{ours, set};

const NPM: &str = "@mdn/mdn-http-observatory@1.4.8";

fn grade(config: &Config) -> (&'static str, i32) {
    let report = examine(config);
    (report.observatory().grade(), report.observatory().score())
}

#[test]
fn what_this_crate_sets_is_graded_a_plus() {
    let mut config = ours();
    assert_eq!(grade(&config), ("A+", 135));
    config.site.preloaded = true;
    assert_eq!(grade(&config), ("A+", 140));
}

#[test]
fn what_goes_beyond_counts_from_90_on() {
    let mut config = ours();
    set(&mut config.site.page, "x-content-type-options", "");
    set(
        &mut config.site.page,
        "strict-transport-security",
        "max-age=1",
    );
    assert_eq!(grade(&config), ("A-", 85));
    set(
        &mut config.site.page,
        "strict-transport-security",
        "max-age=31536000",
    );
    assert_eq!(grade(&config), ("A+", 130));
    config.site.cross_origin = CrossOrigin::Reflected;
    assert_eq!(grade(&config), ("C-", 45));
    config.site.plain_http = PlainHttp::Page;
    assert_eq!(grade(&config), ("D-", 25));
}

/// Pages with one thing each that differs from ours.
fn pages() -> Vec<HeaderMap> {
    let policies = [
        "",
        "default-src 'none'",
        "default-src 'self'",
        "default-src 'self'; object-src 'none'; script-src 'self' 'unsafe-inline'",
        "default-src 'none'; script-src 'nonce-abc' 'unsafe-inline'",
        "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic' https: 'self' 'unsafe-inline'",
        "default-src 'none'; script-src 'strict-dynamic'",
        "default-src 'none'; script-src 'self' data:",
        "default-src 'none'; script-src https:",
        "default-src 'none'; script-src 'self' 'unsafe-eval'",
        "default-src 'none'; style-src 'unsafe-inline'",
        "default-src 'none'; style-src 'sha256-abc' 'unsafe-inline'",
        "default-src 'none'; img-src http://images.example",
        "default-src 'none'; img-src data: *; connect-src ftp://x.example",
        "default-src 'none'; connect-src http://x.example",
        "default-src 'none'; DEFAULT-SRC 'self'",
        "default-src 'none'; report-uri /a; report-uri /b",
        "default-src 'none'; report-uri http://x.example/a",
        "default-src https: 'strict-dynamic' 'nonce-abc'",
        "default-src",
        "frame-ancestors 'none'",
        "script-src 'self'; object-src *",
        "script-src 'self'; object-src 'none'; frame-ancestors 'self'",
        ";;;",
        "img-sr",
    ];
    let cookies = [
        "",
        "theme=dark",
        "theme=dark; Secure",
        "theme=dark; Secure; SameSite=Lax",
        "theme=dark; Secure; SameSite=Never",
        "theme=dark; SameSite=None",
        "session=a; Path=/; HttpOnly; SameSite=Strict",
        "session=a; Path=/; Secure; SameSite=Strict",
        "session=a; Secure; SameSite=Never",
        "csrf-session=a; SameSite=Never",
        "csrf-session=a; Secure",
        "csrf=a; Path=/; Secure; HttpOnly",
        "__Host-login=a; Path=/; Secure; HttpOnly; SameSite=Lax",
    ];
    let others = [
        ("strict-transport-security", ""),
        ("strict-transport-security", "max-age=15551999"),
        ("strict-transport-security", "max-age=15552000"),
        (
            "strict-transport-security",
            "Max-Age=63072000; includeSubDomains; preload",
        ),
        ("strict-transport-security", "includeSubDomains"),
        ("strict-transport-security", "max-age=1, max-age=2"),
        ("referrer-policy", ""),
        ("referrer-policy", "no-referrer"),
        ("referrer-policy", "unsafe-url"),
        ("referrer-policy", "no-referrer, Origin"),
        ("referrer-policy", "unsafe-url, strict-origin, nonsense"),
        ("referrer-policy", "nonsense"),
        ("x-content-type-options", ""),
        ("x-content-type-options", "NoSniff"),
        ("x-content-type-options", "sniff"),
        ("cross-origin-resource-policy", ""),
        ("cross-origin-resource-policy", "same-site"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("cross-origin-resource-policy", "nobody"),
    ];
    let policies = policies.map(|policy| ("content-security-policy", policy));
    let cookies = cookies.map(|cookie| ("set-cookie", cookie));
    let mut pages = Vec::new();
    for (name, value) in policies.into_iter().chain(cookies).chain(others) {
        let mut page = ours().site.page;
        set(&mut page, name, value);
        pages.push(page.clone());
        // Without HSTS cookies are judged otherwise, without a policy frames are.
        if name == "set-cookie" {
            set(&mut page, "strict-transport-security", "");
            pages.push(page);
        }
    }
    for value in [
        "",
        "deny",
        "SAMEORIGIN",
        "allow-from https://a.example",
        "nonsense",
    ] {
        let mut page = ours().site.page;
        set(&mut page, "content-security-policy", "default-src 'none'");
        set(&mut page, "x-frame-options", value);
        pages.push(page);
    }
    let mut report_only = ours().site.page;
    let policy = report_only.remove("content-security-policy").unwrap();
    report_only.insert("content-security-policy-report-only", policy);
    pages.extend([report_only, HeaderMap::new()]);
    pages
}

/// What the Observatory gives them, as [`the_observatory_agrees`] confirms.
const SCORES: [i32; 77] = [
    75, 130, 125, 80, 130, 130, 75, 80, 80, 110, 120, 130, 110, 80, 80, 75, 120, 80, 125, 130, 80,
    80, 125, 75, 80, 130, 80, 125, 60, 130, 80, 135, 80, 80, 60, 80, 60, 120, 40, 70, 50, 70, 50,
    70, 40, 70, 50, 80, 60, 135, 80, 80, 125, 135, 135, 80, 80, 130, 135, 125, 125, 135, 125, 130,
    135, 130, 125, 135, 125, 120, 80, 130, 130, 130, 80, 75, 30,
];

#[test]
fn pages_get_the_scores_of_the_observatory() {
    let scores: Vec<i32> = pages()
        .into_iter()
        .map(|page| grade(&Config::new(page)).1)
        .collect();
    assert_eq!(scores, SCORES);
}

/// Its own code judges the same pages. It comes from npm, so only where `WEFT_FETCH` is set.
#[test]
fn the_observatory_agrees() {
    let script = include_str!("observatory.mjs");
    let Some(node) = npm("observatory.mjs", script, &[NPM]) else {
        return;
    };
    // The list of preloaded hosts, which it would fetch when it is installed.
    let (package, _) = NPM.rsplit_once('@').unwrap();
    let list = format!("node_modules/{package}/conf/hsts-preload.json");
    std::fs::write(folder("npm").join(list), "{}").unwrap();

    let pages = pages();
    let sent: Vec<Vec<(&str, &str)>> = pages
        .iter()
        .map(|page| {
            page.iter()
                .map(|(n, v)| (n.as_str(), v.to_str().unwrap()))
                .collect()
        })
        .collect();
    let theirs = run(&mut node(), &json!(sent).to_string());
    let theirs: Vec<Value> = serde_json::from_str(&theirs).unwrap();
    assert_eq!(theirs.len(), pages.len());
    for (page, theirs) in pages.into_iter().zip(theirs) {
        let report = examine(&Config::new(page.clone()));
        let verdicts: Vec<Value> = report
            .observatory()
            .verdicts()
            .map(|verdict| json!([verdict.test(), verdict.result(), verdict.modifier()]))
            .collect();
        assert_eq!(theirs["verdicts"], json!(verdicts), "{page:#?}");
        assert_eq!(theirs["score"], report.observatory().score(), "{page:#?}");
        assert_eq!(theirs["grade"], report.observatory().grade(), "{page:#?}");
    }
}
