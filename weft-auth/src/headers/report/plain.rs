//! Text of strangers, made fit for a log.

/// How long an address may be, in bytes.
const ADDRESS: usize = 256;
/// How long a word may be, in bytes.
const WORD: usize = 64;

/// An address without its query, its fragment and its credentials, which may hold secrets. One without
/// a host, whose rest is content (`data:`), is its scheme; what has no scheme is a word.
pub(super) fn address(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once(':') else {
        return word(text.split(['?', '#']).next().unwrap_or_default());
    };
    let Some(rest) = rest.strip_prefix("//") else {
        return word(scheme);
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = match rest.find(['/', '\\']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let host = host.rsplit('@').next().unwrap_or_default();
    cut(&format!("{scheme}://{host}{path}"), ADDRESS)
}

/// A word such as the name of a directive.
pub(super) fn word(text: &str) -> String {
    cut(text, WORD)
}

/// What is not printable ASCII is shown as a question mark: control characters end lines and colour
/// terminals, and others hide or turn around what follows.
fn cut(text: &str, longest: usize) -> String {
    let printable = |c: char| if c.is_ascii_graphic() { c } else { '?' };
    text.chars().take(longest).map(printable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_hold_a_secret_is_not_kept() {
        for (given, kept) in [
            ("https://a.example/b?token=c", "https://a.example/b"),
            ("https://a.example/b#token=c", "https://a.example/b"),
            ("https://a.example?token=/c", "https://a.example"),
            ("https://u:secret@a.example/b@c", "https://a.example/b@c"),
            ("https://u:secret@v@a.example", "https://a.example"),
            ("data:text/html,secret", "data"),
            ("blob:https://a.example/secret", "blob"),
            ("inline", "inline"),
            ("/relative?token=c", "/relative"),
            ("", ""),
        ] {
            assert_eq!(address(given), kept, "{given}");
        }
    }

    #[test]
    fn a_log_stays_a_log() {
        assert_eq!(
            address("https://a.example/\r\n\u{1b}[2J"),
            "https://a.example/???[2J"
        );
        assert_eq!(word("script\u{202e}src\u{a0}ü"), "script?src??");
        assert_eq!(
            address(&format!("https://a.example/{}", "ü".repeat(9999))).len(),
            ADDRESS
        );
        assert_eq!(word(&"x".repeat(9999)).len(), WORD);
    }
}
