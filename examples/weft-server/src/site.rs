//! What browsers know this server by: its origin, its cookies and its headers.

use std::{fmt, io, net::IpAddr, path::PathBuf};

use axum::http::{HeaderMap, Uri, header, uri::Authority};
use weft_auth::{
    Origin,
    cookie::Cookie,
    csrf::{Csrf, tower::CsrfLayer},
    headers::{
        Csp, Directive, Hsts, Nonce, PreloadConsent, ReferrerPolicy, SecurityHeaders, Source,
        Stage, tower::SecurityHeadersLayer,
    },
    session::Policy,
    throttle::TrustedProxies,
};

use zeroize::Zeroizing;

use crate::{keys::Keys, token::ApiToken};

/// The site as browsers see it.
#[derive(Debug, Clone)]
pub struct Site {
    origin: Origin,
    authority: Authority,
    csrf: CsrfLayer,
    hsts: Option<Hsts>,
    headers: SecurityHeaders,
    store: Option<Origin>,
    /// Those of pages that reach the store.
    reaching: Option<SecurityHeaders>,
    proxies: TrustedProxies,
    certificate: Option<PathBuf>,
    pub(crate) cookies: Cookies,
}

/// The cookies of this site, each by its full name.
#[derive(Debug, Clone)]
pub(crate) struct Cookies {
    /// The token of a session that ends with the browser.
    pub(crate) session: Cookie,
    /// The same of one that outlives it.
    pub(crate) remembered: Cookie,
    /// The secret of a browser that asked for links.
    pub(crate) browser: Cookie,
    /// What stands for a second factor that is owed.
    pub(crate) challenge: Cookie,
}

impl Site {
    /// The site at `origin`.
    ///
    /// # Errors
    /// When the origin is not reached over TLS, or the keys cannot be used.
    pub fn new(origin: &str, keys: &Keys) -> io::Result<Site> {
        let rest = origin.strip_prefix("https://").ok_or_else(not_an_origin)?;
        let parsed = Origin::parse(origin).map_err(|_| not_an_origin())?;
        let csrf = Csrf::new(parsed.clone(), keys.derived("csrf")?).map_err(io::Error::other)?;
        let cookies = Cookies::new()?;
        Ok(Site {
            authority: rest.parse().map_err(|_| not_an_origin())?,
            csrf: CsrfLayer::new(csrf, cookies.session.clone()),
            headers: headers(&parsed, None, None)?,
            hsts: None,
            store: None,
            reaching: None,
            origin: parsed,
            proxies: TrustedProxies::none(),
            certificate: None,
            cookies,
        })
    }

    /// The same, which tells browsers to use TLS alone from now on.
    ///
    /// # Errors
    /// When the headers contradict each other.
    pub fn with_hsts(self, hsts: Hsts) -> io::Result<Site> {
        let hsts = Some(hsts);
        Site { hsts, ..self }.headed()
    }

    /// The same with files that go to the store at `origin` and come from there: pages of files may reach it.
    ///
    /// # Errors
    /// When that is none, one that browsers do not let pages reach, or at the site's own host: cookies know
    /// no ports, and those of the site would go to the store.
    pub fn with_store(self, origin: &str) -> io::Result<Site> {
        let store = Origin::parse(origin).map_err(io::Error::other)?;
        let at: Uri = origin.parse().map_err(io::Error::other)?;
        if at.host() == Some(self.authority.host()) {
            return Err(io::Error::other(
                "the store is at the host of the site, whose cookies it would get",
            ));
        }
        let store = Some(store);
        Site { store, ..self }.headed()
    }

    fn headed(self) -> io::Result<Site> {
        let store = self.store.as_ref();
        let reaching = store.map(|store| headers(&self.origin, self.hsts, Some(store)));
        Ok(Site {
            headers: headers(&self.origin, self.hsts, None)?,
            reaching: reaching.transpose()?,
            ..self
        })
    }

    /// The same behind proxies whose `X-Forwarded-For` is believed.
    #[must_use]
    pub fn behind(self, proxies: TrustedProxies) -> Site {
        Site { proxies, ..self }
    }

    /// The same with the certificate in that file, which nobody trusts who is not told to.
    #[must_use]
    pub fn with_own_certificate(self, file: PathBuf) -> Site {
        Site {
            certificate: Some(file),
            ..self
        }
    }

    /// A command that asks for `path` with that token.
    pub(crate) fn curl(&self, path: &str, token: &ApiToken) -> Zeroizing<String> {
        let trusted = self.certificate.as_ref().map(|file| {
            let quoted = file.to_string_lossy().replace('\'', r"'\''");
            format!("--cacert '{quoted}' ")
        });
        let trusted = trusted.unwrap_or_default();
        let (token, url) = (token.expose(), self.url(path));
        Zeroizing::new(format!(
            "curl {trusted}-H 'Authorization: Bearer {token}' '{url}'"
        ))
    }

    /// Where it is.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The address of a page, with its path and query.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin.as_str())
    }

    /// Whether a request was meant for this site, and not for another name of this machine.
    pub(crate) fn is_meant(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let named = match uri.authority() {
            Some(authority) => Some(authority.as_str()),
            None => headers
                .get(header::HOST)
                .and_then(|host| host.to_str().ok()),
        };
        named.is_some_and(|named| self.authority == *named)
    }

    /// Who sent a request that came in over a connection of `peer`.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        self.proxies.client(peer, headers)
    }

    pub(crate) fn csrf(&self) -> CsrfLayer {
        self.csrf.clone()
    }

    pub(crate) fn headers(&self) -> SecurityHeadersLayer {
        SecurityHeadersLayer::new(self.headers.clone())
    }

    /// Lets the page of that answer reach the store.
    pub(crate) fn let_reach_store(&self, nonce: &Nonce, response: &mut HeaderMap) {
        if let Some(headers) = &self.reaching {
            headers.write(nonce, response);
        }
    }
}

impl Cookies {
    fn new() -> io::Result<Cookies> {
        let cookie = |name| Cookie::new(name).map_err(io::Error::other);
        let session = cookie("__Host-session")?;
        let age = Policy::default().max_age(true).unwrap_or_default();
        Ok(Cookies {
            remembered: session
                .clone()
                .with_max_age(age)
                .map_err(io::Error::other)?,
            session,
            browser: cookie("__Host-browser")?,
            challenge: cookie("__Host-challenge")?,
        })
    }
}

/// How far the roll-out of HSTS is, as it is written: `off`, or a stage of hstspreload.org's.
///
/// # Errors
/// When it is written in another way.
pub fn hsts(text: &str) -> Result<Option<Hsts>, NotAStage> {
    Ok(Some(match text {
        "off" => return Ok(None),
        "five-minutes" => Hsts::at(Stage::FiveMinutes),
        "day" => Hsts::at(Stage::Day),
        "month" => Hsts::at(Stage::Month),
        "two-years" => Hsts::at(Stage::TwoYears),
        "preload" => Hsts::preload(PreloadConsent::every_subdomain_has_tls_for_good()),
        _ => return Err(NotAStage),
    }))
}

/// The text is no stage of HSTS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAStage;

impl fmt::Display for NotAStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one of off, five-minutes, day, month, two-years and preload is needed")
    }
}

impl std::error::Error for NotAStage {}

/// Where browsers report what the policy kept them from.
pub(crate) const REPORTS: &str = "/reports/csp";

fn headers(
    origin: &Origin,
    hsts: Option<Hsts>,
    store: Option<&Origin>,
) -> io::Result<SecurityHeaders> {
    let reports = format!("{}{REPORTS}", origin.as_str());
    let csp = Csp::pages().with_reports_to(reports);
    // Forms, what they redirect to, and the script that sends files. No images: what people sent is saved
    // and never shown.
    let csp = match store {
        Some(store) => [Directive::FormAction, Directive::ConnectSrc]
            .into_iter()
            .fold(csp, |csp, directive| {
                csp.allow(directive, Source::Origin(store.clone()))
            }),
        None => csp,
    };
    let headers = SecurityHeaders::new(&csp)
        .map_err(io::Error::other)?
        // Addresses of pages hold tokens of links.
        .with_referrer_policy(ReferrerPolicy::NoReferrer);
    Ok(match hsts {
        Some(hsts) => headers.with_hsts(hsts),
        None => headers,
    })
}

fn not_an_origin() -> io::Error {
    io::Error::other("an origin such as https://inbox.example.com is needed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::PREFIX;

    const KEYS: &str = "test:S3kpL0nq0Jt0h8iIh2q0dJ8mWc7Yv5oXb1uR4eTz6aE=";

    #[test]
    fn a_request_for_another_name_of_this_machine_is_not_meant() {
        let site = Site::new("https://inbox.example.com:8443", &KEYS.parse().unwrap()).unwrap();
        let meant = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            site.is_meant(&Uri::from_static("/"), &headers)
        };
        assert!(meant("inbox.example.com:8443") && meant("INBOX.example.com:8443"));
        assert!(!meant("inbox.example.com") && !meant("rebound.example.net:8443"));
        assert!(!site.is_meant(&Uri::from_static("/"), &HeaderMap::new()));
        let whole = Uri::from_static("https://inbox.example.com:8443/");
        assert!(site.is_meant(&whole, &HeaderMap::new()));
    }

    #[test]
    fn a_store_at_the_host_of_the_site_is_refused() {
        let keys = KEYS.parse().unwrap();
        let with = |site: &str, store: &str| Site::new(site, &keys).unwrap().with_store(store);
        assert!(with("https://localhost:2", "http://127.0.0.1:1").is_ok());
        assert!(with("https://127.0.0.1:2", "http://127.0.0.1:1").is_err());
        assert!(with("https://files.example.com:2", "https://files.example.com").is_err());
    }

    #[test]
    fn a_command_is_one_for_any_shell() {
        let keys = KEYS.parse().unwrap();
        let site = Site::new("https://localhost:8443", &keys).unwrap();
        let token = ApiToken::from_random(PREFIX, &[7; 32]);
        let text = token.expose();
        let line = format!("-H 'Authorization: Bearer {text}' 'https://localhost:8443/api/me'");
        assert_eq!(*site.curl("/api/me", &token), format!("curl {line}"));
        let site = site.with_own_certificate("/home/o'neill/it.pem".into());
        assert_eq!(
            *site.curl("/api/me", &token),
            format!(r"curl --cacert '/home/o'\''neill/it.pem' {line}")
        );
    }

    #[test]
    fn preload_is_never_there_by_itself() {
        assert_eq!(hsts("off"), Ok(None));
        let said = |text| hsts(text).unwrap().unwrap().header();
        assert_eq!(said("day"), "max-age=86400; includeSubDomains");
        assert!(said("preload").to_str().unwrap().ends_with("; preload"));
        assert_eq!(hsts("yes"), Err(NotAStage));
    }

    #[test]
    fn plain_http_is_no_origin() {
        for origin in ["http://localhost:8443", "localhost", "https://localhost/"] {
            assert!(
                Site::new(origin, &KEYS.parse().unwrap()).is_err(),
                "{origin}"
            );
        }
    }
}
