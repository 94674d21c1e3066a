//! Back to where somebody was. The way comes with a request, so it leads to a page of the list of all
//! pages, or nowhere.

use std::sync::LazyLock;

use axum::{
    extract::Request,
    http::{HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};

use super::pages;

/// The path of a page of this site's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Back(String);

/// Where somebody proves again who that is.
pub(crate) const CONFIRM: &str = "/account/confirm";

impl Back {
    /// The page of that path, if there is one.
    ///
    /// # Security
    /// The path is written as a route says, with letters, digits and hyphens for its parameters, so that no
    /// browser reads another host in it.
    pub(crate) fn to(path: &str) -> Option<Back> {
        let is_page = path != CONFIRM && PAGES.iter().any(|page| fits(page, path));
        is_page.then(|| Back(path.to_owned()))
    }

    /// The page from which that path is asked for: itself, or the nearest above it.
    pub(crate) fn from(mut path: &str) -> Option<Back> {
        loop {
            match Back::to(path) {
                Some(back) => return Some(back),
                None => (path, _) = path.rsplit_once('/')?,
            }
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The paths of all pages that are looked at.
static PAGES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let all = pages();
    let looked_at = all
        .known()
        .iter()
        .filter(|(method, _)| method == Method::GET);
    looked_at.map(|(_, path)| path.clone()).collect()
});

fn fits(page: &str, path: &str) -> bool {
    let (mut parts, mut given) = (page.split('/'), path.split('/'));
    loop {
        let fit = match (parts.next(), given.next()) {
            (None, None) => return true,
            (Some(part), Some(given)) if part.starts_with('{') => is_plain(given),
            (Some(part), Some(given)) => part == given,
            _ => false,
        };
        if !fit {
            return false;
        }
    }
}

fn is_plain(text: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
    !text.is_empty() && text.bytes().all(plain)
}

/// Tells the page where something is proved again from where somebody came.
pub(crate) async fn told_to_confirm(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if headers
        .get(header::LOCATION)
        .is_some_and(|to| to == CONFIRM)
        && let Some(Back(back)) = Back::from(&path)
        && let Ok(to) = HeaderValue::try_from(format!("{CONFIRM}?back={back}"))
    {
        headers.insert(header::LOCATION, to);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_anywhere_but_to_a_page_of_this_site() {
        for path in [
            "/",
            "/account",
            "/account/password",
            "/o/kumo-ceramics/tokens/new",
            "/o/kumo-ceramics/members/00000000-0000-4000-8000-00000000000a",
        ] {
            assert_eq!(Back::to(path), Some(Back(path.to_owned())), "{path}");
        }
        for path in [
            "",
            "account",
            "//evil.example",
            "//evil.example/account",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/%2fevil.example",
            "%2f%2fevil.example",
            "/%5cevil.example",
            "https://evil.example",
            "https:/account",
            "https://localhost:8443/account",
            "javascript:alert(1)",
            "data:text/html,x",
            "/account\r\nset-cookie: a=b",
            "/account%0d%0aset-cookie:%20a=b",
            "/account\0",
            "/account ",
            " /account",
            "/account/",
            "/account//password",
            "/account/../password",
            "/account?to=//evil.example",
            "/account#evil",
            "/account;evil",
            "/account@evil.example",
            "@evil.example",
            "/o//inbox",
            "/o/./inbox",
            "/o/../inbox",
            "/o/%2e%2e/inbox",
            "/o/a%2fb/inbox",
            "/o/evil.example/inbox",
            "/o/a\\b/inbox",
            "/o/é/inbox",
            "/o/kumo-ceramics",
            "/sign-out",
            "/o/kumo-ceramics/tokens/00000000-0000-4000-8000-00000000000a/revoke",
            "/api/me",
            CONFIRM,
        ] {
            assert_eq!(Back::to(path), None, "{path:?}");
        }
    }

    #[test]
    fn a_form_that_is_no_page_leads_back_to_the_one_above() {
        for (path, page) in [
            ("/o/kumo/tokens/new", Some("/o/kumo/tokens/new")),
            ("/o/kumo/tokens/1-a/revoke", Some("/o/kumo/tokens")),
            ("/o/kumo/members/1-a/remove", Some("/o/kumo/members/1-a")),
            ("/account/devices/revoke-others", Some("/account")),
            ("/sign-out", None),
            ("//evil.example/account", Some("/")),
            ("", None),
        ] {
            let back = Back::from(path);
            assert_eq!(back.as_ref().map(Back::as_str), page, "{path}");
        }
    }
}
