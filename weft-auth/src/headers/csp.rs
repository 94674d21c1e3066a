use std::collections::BTreeMap;
use std::fmt;

use http::HeaderValue;

use super::HeadersError;
use crate::Origin;

/// A Content Security Policy that starts from nothing and is opened by name.
///
/// There is no `'unsafe-inline'`, no `'unsafe-eval'`, no wildcard and no bare scheme but `data:` for
/// what cannot run: what cannot be said cannot be in force.
///
/// # Security
/// Browsers hold the redirects that follow a form's submission to `form-action` as well. A form that
/// ends at an identity provider is blocked; let single sign-on start with a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Csp {
    scripts: Scripts,
    sources: BTreeMap<Directive, Vec<Source>>,
    reports_to: Option<String>,
}

/// Which scripts run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scripts {
    /// None.
    None,
    /// Those whose element bears the answer's [`Nonce`](super::Nonce), and what they load
    /// (`'strict-dynamic'`).
    Nonce,
    /// The files of this origin.
    Own,
}

/// What a source may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Directive {
    /// Style sheets; those that bear the answer's nonce are allowed besides.
    StyleSrc,
    /// Images.
    ImgSrc,
    /// Fonts.
    FontSrc,
    /// Sound and video.
    MediaSrc,
    /// What scripts connect to.
    ConnectSrc,
    /// Workers.
    WorkerSrc,
    /// The manifest of a web application.
    ManifestSrc,
    /// Pages in frames.
    FrameSrc,
    /// Where forms are submitted to.
    FormAction,
    /// Who may frame the page.
    FrameAncestors,
}

/// Who is allowed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Source {
    /// This origin, `'self'`.
    Own,
    /// Another one.
    Origin(Origin),
    /// `data:` URLs.
    Data,
}

/// The name of the endpoint for reports.
const ENDPOINT: &str = "csp";

impl Csp {
    /// For pages: scripts and style sheets that bear the nonce, and style sheets, images, fonts,
    /// connections and forms of this origin. No frames in either direction.
    pub fn pages() -> Csp {
        let own = [
            Directive::StyleSrc,
            Directive::ImgSrc,
            Directive::FontSrc,
            Directive::ConnectSrc,
            Directive::FormAction,
        ];
        Csp {
            scripts: Scripts::Nonce,
            sources: own.map(|directive| (directive, vec![Source::Own])).into(),
            reports_to: None,
        }
    }

    /// For answers that are not pages, such as JSON: nothing at all.
    pub fn nothing() -> Csp {
        Csp {
            scripts: Scripts::None,
            sources: BTreeMap::new(),
            reports_to: None,
        }
    }

    /// The same with other scripts.
    #[must_use]
    pub fn with_scripts(self, scripts: Scripts) -> Csp {
        Csp { scripts, ..self }
    }

    /// The same, which allows that source for that.
    #[must_use]
    pub fn allow(mut self, directive: Directive, source: Source) -> Csp {
        let sources = self.sources.entry(directive).or_default();
        if !sources.contains(&source) {
            sources.push(source);
        }
        self
    }

    /// The same with an object store: images come from it, and uploads go to it, by form and by script.
    #[must_use]
    pub fn with_store(self, store: &Origin) -> Csp {
        [
            Directive::ImgSrc,
            Directive::FormAction,
            Directive::ConnectSrc,
        ]
        .into_iter()
        .fold(self, |csp, directive| {
            csp.allow(directive, Source::Origin(store.clone()))
        })
    }

    /// The same, with violations reported to that URL (`report-to`, and `report-uri` for browsers
    /// without it).
    #[must_use]
    pub fn with_reports_to(self, url: impl Into<String>) -> Csp {
        let reports_to = Some(url.into());
        Csp { reports_to, ..self }
    }

    pub(super) fn check(&self) -> Result<(), HeadersError> {
        for (&directive, sources) in &self.sources {
            for source in sources {
                match source {
                    Source::Origin(origin) if !origin.is_trustworthy() => {
                        let origin = origin.as_str().to_owned();
                        return Err(HeadersError::InsecureSource(directive, origin));
                    }
                    Source::Data if !directive.is_passive() => {
                        return Err(HeadersError::DataSource(directive));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// The policy, cut where a nonce stands.
    pub(super) fn render(&self) -> Vec<String> {
        let mut policy = String::from("default-src 'none'; script-src ");
        policy += match self.scripts {
            Scripts::None => "'none'",
            Scripts::Nonce => "'nonce-\0' 'strict-dynamic'",
            Scripts::Own => "'self'",
        };
        for (directive, sources) in &self.sources {
            policy += &format!("; {directive}");
            for source in sources {
                policy += match source {
                    Source::Own => " 'self'",
                    Source::Data => " data:",
                    Source::Origin(_) => " ",
                };
                if let Source::Origin(origin) = source {
                    policy += origin.as_str();
                }
            }
            if *directive == Directive::StyleSrc {
                policy += " 'nonce-\0'";
            }
        }
        policy += "; object-src 'none'; base-uri 'none'";
        // These do not fall back to default-src.
        for directive in [Directive::FormAction, Directive::FrameAncestors] {
            if !self.sources.contains_key(&directive) {
                policy += &format!("; {directive} 'none'");
            }
        }
        if let Some(url) = &self.reports_to {
            policy += &format!("; report-to {ENDPOINT}; report-uri {url}");
        }
        policy.split('\0').map(str::to_owned).collect()
    }

    pub(super) fn reporting_endpoints(&self) -> Result<Option<HeaderValue>, HeadersError> {
        let Some(url) = &self.reports_to else {
            return Ok(None);
        };
        let plain = |c: u8| c.is_ascii_graphic() && !b"\";,\\".contains(&c);
        if !url.starts_with("https://") || !url.bytes().all(plain) {
            return Err(HeadersError::ReportUrl);
        }
        HeaderValue::try_from(format!("{ENDPOINT}=\"{url}\""))
            .map(Some)
            .map_err(|_| HeadersError::ReportUrl)
    }

    /// What `X-Frame-Options` can say of `frame-ancestors`: not which other origins.
    pub(super) fn frame_options(&self) -> Option<&'static str> {
        match self
            .sources
            .get(&Directive::FrameAncestors)
            .map(Vec::as_slice)
        {
            None => Some("DENY"),
            Some([Source::Own]) => Some("SAMEORIGIN"),
            Some(_) => None,
        }
    }

    /// Whether something of another origin is part of the page.
    pub(super) fn embeds_others(&self) -> bool {
        let embedding = self.sources.iter().filter(|(directive, _)| {
            use Directive::{ConnectSrc, FormAction, FrameAncestors};
            ![ConnectSrc, FormAction, FrameAncestors].contains(directive)
        });
        let is_other = |source: &Source| matches!(source, Source::Origin(_));
        embedding
            .into_iter()
            .any(|(_, sources)| sources.iter().any(is_other))
    }
}

impl Directive {
    /// Whether it shows or plays, and never runs.
    fn is_passive(self) -> bool {
        matches!(
            self,
            Directive::ImgSrc | Directive::FontSrc | Directive::MediaSrc
        )
    }
}

impl fmt::Display for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Directive::StyleSrc => "style-src",
            Directive::ImgSrc => "img-src",
            Directive::FontSrc => "font-src",
            Directive::MediaSrc => "media-src",
            Directive::ConnectSrc => "connect-src",
            Directive::WorkerSrc => "worker-src",
            Directive::ManifestSrc => "manifest-src",
            Directive::FrameSrc => "frame-src",
            Directive::FormAction => "form-action",
            Directive::FrameAncestors => "frame-ancestors",
        })
    }
}
