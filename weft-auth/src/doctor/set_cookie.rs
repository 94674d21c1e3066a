//! The attributes of a `Set-Cookie`, as a browser reads them.

use http::HeaderMap;
use http::header::SET_COOKIE;

pub(super) struct SetCookie {
    pub(super) name: String,
    pub(super) value_length: usize,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: Option<String>,
    pub(super) domain: bool,
    pub(super) path: Option<String>,
}

pub(super) fn all(headers: &HeaderMap) -> Vec<SetCookie> {
    let values = headers.get_all(SET_COOKIE).iter();
    values
        .map(|value| parse(&String::from_utf8_lossy(value.as_bytes())))
        .collect()
}

fn parse(text: &str) -> SetCookie {
    let mut parts = text.split(';');
    let pair = parts.next().unwrap_or_default();
    let (name, value) = pair.split_once('=').unwrap_or(("", pair));
    let mut cookie = SetCookie {
        name: name.trim().to_owned(),
        value_length: value.trim().len(),
        secure: false,
        http_only: false,
        same_site: None,
        domain: false,
        path: None,
    };
    for part in parts {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "secure" => cookie.secure = true,
            "httponly" => cookie.http_only = true,
            "samesite" => cookie.same_site = Some(value.trim().to_ascii_lowercase()),
            "domain" => cookie.domain = !value.trim().is_empty(),
            "path" => cookie.path = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    cookie
}

impl SetCookie {
    /// Whether its name says that it identifies somebody, by the Observatory's rule.
    pub(super) fn is_of_session(&self) -> bool {
        let name = self.name.to_ascii_lowercase();
        ["login", "sess"].iter().any(|part| name.contains(part))
    }

    pub(super) fn is_of_csrf(&self) -> bool {
        self.name.to_ascii_lowercase().contains("csrf")
    }

    pub(super) fn is_restricted(&self) -> bool {
        matches!(self.same_site.as_deref(), Some("lax" | "strict"))
    }
}
