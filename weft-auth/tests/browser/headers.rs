use std::time::{Duration, SystemTime};

use http::header::{CACHE_CONTROL, REFERRER_POLICY, VARY};
use http::{HeaderMap, HeaderValue};
use weft_auth::Origin;
use weft_auth::headers::{
    Csp, Directive, EmbedderPolicy, Feature, HeadersError, Hsts, Nonce, Permissions,
    PreloadConsent, ReferrerPolicy, ResourcePolicy, Scripts, SecurityHeaders, Source, Stage,
    private, signed_out,
};

fn origin(text: &str) -> Origin {
    Origin::parse(text).unwrap()
}

fn written(security: &SecurityHeaders) -> HeaderMap {
    let mut headers = HeaderMap::new();
    security.write(&Nonce::from_bytes([7; 16]), &mut headers);
    headers
}

fn policy(csp: &Csp) -> String {
    let headers = written(&SecurityHeaders::new(csp).unwrap());
    headers["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned()
}

#[test]
fn a_page_has_all_of_them() {
    let security = SecurityHeaders::new(&Csp::pages()).unwrap();
    let headers = written(&security.with_hsts(Hsts::at(Stage::TwoYears)));
    let mut lines: Vec<_> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    lines.sort();
    assert_eq!(
        lines,
        [
            "content-security-policy: default-src 'none'; \
             script-src 'nonce-BwcHBwcHBwcHBwcHBwcHBw' 'strict-dynamic'; \
             style-src 'self' 'nonce-BwcHBwcHBwcHBwcHBwcHBw'; img-src 'self'; font-src 'self'; \
             connect-src 'self'; form-action 'self'; object-src 'none'; base-uri 'none'; \
             frame-ancestors 'none'",
            "cross-origin-opener-policy: same-origin",
            "cross-origin-resource-policy: same-origin",
            "permissions-policy: accelerometer=(), autoplay=(), browsing-topics=(), camera=(), \
             display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), \
             magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=(), \
             xr-spatial-tracking=()",
            "referrer-policy: strict-origin-when-cross-origin",
            "strict-transport-security: max-age=63072000; includeSubDomains",
            "x-content-type-options: nosniff",
            "x-frame-options: DENY",
            "x-xss-protection: 0",
        ]
    );
}

#[test]
fn what_is_not_a_page_may_do_nothing() {
    assert_eq!(
        policy(&Csp::nothing()),
        "default-src 'none'; script-src 'none'; object-src 'none'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    );
    let own = Csp::nothing().with_scripts(Scripts::Own);
    assert!(policy(&own).contains("script-src 'self';"));
}

#[test]
fn a_store_has_its_places() {
    let csp = Csp::pages().with_store(&origin("https://files.example.net:8444"));
    let text = policy(&csp);
    for directive in ["img-src", "form-action", "connect-src"] {
        let opened = format!("; {directive} 'self' https://files.example.net:8444");
        assert!(text.contains(&opened), "{text}");
    }
    assert_eq!(text.matches("files.example.net").count(), 3);
}

#[test]
fn violations_are_reported() {
    let csp = Csp::pages().with_reports_to("https://app.example.com/reports");
    let headers = written(&SecurityHeaders::new(&csp).unwrap());
    assert_eq!(
        headers["reporting-endpoints"],
        "csp=\"https://app.example.com/reports\"",
    );
    assert!(policy(&csp).ends_with("; report-to csp; report-uri https://app.example.com/reports"));
    for url in [
        "http://app.example.com/reports",
        "/reports",
        "https://a.example/; script-src *",
        "https://a.example/\"",
        "https://a.example/ https://b.example/",
        "https://a.example/\r\nx: y",
    ] {
        let refused = SecurityHeaders::new(&Csp::pages().with_reports_to(url));
        assert_eq!(refused.unwrap_err(), HeadersError::ReportUrl, "{url}");
    }
}

#[test]
fn contradictions_are_refused() {
    let error = |csp: &Csp| SecurityHeaders::new(csp).unwrap_err();
    let plain = Source::Origin(origin("http://cdn.example.net"));
    assert_eq!(
        error(&Csp::pages().allow(Directive::ImgSrc, plain)),
        HeadersError::InsecureSource(Directive::ImgSrc, "http://cdn.example.net".into()),
    );
    for directive in [
        Directive::StyleSrc,
        Directive::ConnectSrc,
        Directive::WorkerSrc,
        Directive::ManifestSrc,
        Directive::FrameSrc,
        Directive::FormAction,
        Directive::FrameAncestors,
    ] {
        assert_eq!(
            error(&Csp::pages().allow(directive, Source::Data)),
            HeadersError::DataSource(directive),
        );
    }
    let with_store = Csp::pages().with_store(&origin("https://files.example.net"));
    let security = SecurityHeaders::new(&with_store).unwrap();
    let isolated = security
        .clone()
        .with_embedder_policy(EmbedderPolicy::RequireCorp);
    assert_eq!(isolated.unwrap_err(), HeadersError::EmbedsOthers);
    let isolated = security
        .with_embedder_policy(EmbedderPolicy::Credentialless)
        .unwrap();
    assert_eq!(
        written(&isolated)["cross-origin-embedder-policy"],
        "credentialless"
    );
    let alone = SecurityHeaders::new(&Csp::pages()).unwrap();
    assert!(
        alone
            .with_embedder_policy(EmbedderPolicy::RequireCorp)
            .is_ok()
    );
}

#[test]
fn frame_options_say_what_frame_ancestors_says() {
    let framed_by = |source| {
        let csp = Csp::pages().allow(Directive::FrameAncestors, source);
        let headers = written(&SecurityHeaders::new(&csp).unwrap());
        let options = headers.get("x-frame-options").cloned();
        (policy(&csp), options)
    };
    let (policy, options) = framed_by(Source::Own);
    assert!(policy.contains("frame-ancestors 'self'"), "{policy}");
    assert_eq!(options.unwrap(), "SAMEORIGIN");
    let (policy, options) = framed_by(Source::Origin(origin("https://partner.example")));
    assert!(
        policy.contains("frame-ancestors https://partner.example"),
        "{policy}"
    );
    assert_eq!(options, None);
}

#[test]
fn hsts_is_rolled_out_in_stages() {
    let value = |hsts: Hsts| hsts.header();
    assert_eq!(
        value(Hsts::at(Stage::FiveMinutes)),
        "max-age=300; includeSubDomains"
    );
    assert_eq!(
        value(Hsts::at(Stage::Day)),
        "max-age=86400; includeSubDomains"
    );
    assert_eq!(
        value(Hsts::at(Stage::Month)),
        "max-age=2592000; includeSubDomains"
    );
    assert_eq!(
        value(Hsts::at(Stage::TwoYears)),
        "max-age=63072000; includeSubDomains"
    );
    let consent = PreloadConsent::every_subdomain_has_tls_for_good();
    assert_eq!(
        value(Hsts::preload(consent)),
        "max-age=63072000; includeSubDomains; preload"
    );

    let since = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    for (stage, next) in [
        (Stage::FiveMinutes, Stage::Day),
        (Stage::Day, Stage::Month),
        (Stage::Month, Stage::TwoYears),
        (Stage::TwoYears, Stage::TwoYears),
    ] {
        let due = since + stage.max_age();
        assert_eq!(stage.after(since, due - Duration::from_secs(1)), stage);
        assert_eq!(stage.after(since, due), next);
        let clock_went_back = since - Duration::from_secs(1);
        assert_eq!(stage.after(since, clock_went_back), stage);
        let text = format!("max-age={}; includeSubDomains", stage.max_age().as_secs());
        assert_eq!(value(Hsts::at(stage)), text);
    }
}

#[test]
fn a_page_may_say_more_itself() {
    let security = SecurityHeaders::new(&Csp::pages()).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert(REFERRER_POLICY, ReferrerPolicy::NoReferrer.header());
    security.write(&Nonce::from_bytes([7; 16]), &mut headers);
    assert_eq!(headers[REFERRER_POLICY], "no-referrer");
    assert_eq!(headers.get_all(REFERRER_POLICY).iter().count(), 1);

    let open = security
        .with_referrer_policy(ReferrerPolicy::SameOrigin)
        .with_resource_policy(ResourcePolicy::CrossOrigin)
        .with_permissions(&Permissions::none().allow_own(Feature::Camera));
    let headers = written(&open);
    assert_eq!(headers[REFERRER_POLICY], "same-origin");
    assert_eq!(headers["cross-origin-resource-policy"], "cross-origin");
    let permissions = headers["permissions-policy"].to_str().unwrap();
    assert!(permissions.contains("camera=(self), ") && permissions.contains("usb=()"));
}

#[test]
fn a_nonce_is_128_random_bits() {
    let [one, other] = [(), ()].map(|()| Nonce::random().unwrap());
    assert_ne!(one, other);
    assert_eq!(one.as_str().len(), 22);
    assert_eq!(
        Nonce::from_bytes([255; 16]).as_str(),
        "_____________________w"
    );
}

/// authkit-nextjs let CDNs keep answers of signed-in people.
#[test]
fn cve_2025_64762_a_private_answer_is_kept_nowhere() {
    let mut headers = HeaderMap::new();
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=600"),
    );
    private(&mut headers);
    assert_eq!(headers[CACHE_CONTROL], "no-store");
    assert_eq!(headers[VARY], "Cookie");

    for (before, after) in [
        ("Accept-Encoding", vec!["Accept-Encoding", "Cookie"]),
        ("accept-encoding, COOKIE", vec!["accept-encoding, COOKIE"]),
        ("*", vec!["*"]),
        ("Cookie2", vec!["Cookie2", "Cookie"]),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(VARY, HeaderValue::from_static(before));
        private(&mut headers);
        let values: Vec<_> = headers.get_all(VARY).iter().collect();
        assert_eq!(values, after);
    }
}

#[test]
fn a_sign_out_leaves_nothing_in_the_browser() {
    let mut headers = HeaderMap::new();
    signed_out(&mut headers);
    assert_eq!(
        headers["clear-site-data"],
        "\"cache\", \"cookies\", \"storage\""
    );
    assert_eq!(headers[CACHE_CONTROL], "no-store");
}
