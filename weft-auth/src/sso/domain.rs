use std::fmt;

/// A domain of mail addresses, in lower-case ASCII.
///
/// ```
/// use weft_auth::sso::Domain;
///
/// let domain = Domain::new("acme.example").unwrap();
/// assert_eq!(Domain::of_address("Ada@ACME.example"), Some(domain));
/// assert_eq!(Domain::of_address("ada@acme.example@evil.example"), None);
/// assert_eq!(Domain::of_address("ada@acmé.example"), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Domain(String);

impl Domain {
    /// The domain that is written so, if it is one of two labels or more. Others than ASCII are written
    /// as `xn--…`: letters that look alike are different ones.
    pub fn new(text: &str) -> Option<Domain> {
        let text = text.to_ascii_lowercase();
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(plain)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let labels = text.split('.').count();
        let is_domain = text.len() <= 253 && labels > 1 && text.split('.').all(is_label);
        is_domain.then_some(Domain(text))
    }

    /// The domain of a mail address, if that has one `@` and something plain before it.
    pub fn of_address(address: &str) -> Option<Domain> {
        let (local, domain) = address.split_once('@')?;
        let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"\",;<>()[]\\".contains(c);
        let is_local = (1..=64).contains(&local.len()) && local.chars().all(plain);
        if is_local { Domain::new(domain) } else { None }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
