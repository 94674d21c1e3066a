//! What a token may be used for.

use std::collections::BTreeSet;
use std::fmt;

/// The scopes of a service: an enum of its own.
///
/// ```
/// use weft_auth::token::{Scope, Scopes, UnknownScope};
///
/// #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
/// enum Orders { Read, Write }
///
/// impl Scope for Orders {
///     const ALL: &'static [Orders] = &[Orders::Read, Orders::Write];
///
///     fn name(self) -> &'static str {
///         match self {
///             Orders::Read => "orders:read",
///             Orders::Write => "orders:write",
///         }
///     }
/// }
///
/// let scopes: Scopes<Orders> = Scopes::parse("orders:read")?;
/// assert!(scopes.contains(Orders::Read) && !scopes.contains(Orders::Write));
/// assert_eq!(Scopes::<Orders>::parse("orders:read admin"), Err(UnknownScope));
/// # Ok::<(), UnknownScope>(())
/// ```
pub trait Scope: Copy + Ord + 'static {
    /// All scopes that there are.
    const ALL: &'static [Self];

    /// The name by which it is stored and shown, without whitespace.
    fn name(self) -> &'static str;
}

/// A set of scopes; none of them implies another, and an empty set allows nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes<S: Scope>(BTreeSet<S>);

/// There is no scope of a name that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownScope;

impl<S: Scope> Scopes<S> {
    /// Those scopes.
    pub fn new(scopes: impl IntoIterator<Item = S>) -> Scopes<S> {
        Scopes(scopes.into_iter().collect())
    }

    /// The scopes of those names, as [`Display`](fmt::Display) writes them.
    ///
    /// # Errors
    /// When there is no scope of one of the names: a token with a scope that is gone is not one with
    /// fewer scopes.
    pub fn parse(text: &str) -> Result<Scopes<S>, UnknownScope> {
        let named = |name: &str| S::ALL.iter().copied().find(|scope| scope.name() == name);
        let scopes = text.split_ascii_whitespace();
        let scopes = scopes.map(|name| named(name).ok_or(UnknownScope));
        scopes.collect::<Result<_, _>>().map(Scopes)
    }

    /// Whether `scope` is one of them.
    pub fn contains(&self, scope: S) -> bool {
        self.0.contains(&scope)
    }

    /// Whether each of them is one of `others`, as those of a new token have to be of whoever makes it.
    pub fn is_within(&self, others: &Scopes<S>) -> bool {
        self.0.is_subset(&others.0)
    }
}

impl<S: Scope> fmt::Display for Scopes<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, scope) in self.0.iter().enumerate() {
            let before = if place > 0 { " " } else { "" };
            write!(f, "{before}{}", scope.name())?;
        }
        Ok(())
    }
}

impl fmt::Display for UnknownScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no scope of that name")
    }
}

impl std::error::Error for UnknownScope {}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub(in crate::token) enum Orders {
        Read,
        Write,
    }

    impl Scope for Orders {
        const ALL: &'static [Orders] = &[Orders::Read, Orders::Write];

        fn name(self) -> &'static str {
            match self {
                Orders::Read => "orders:read",
                Orders::Write => "orders:write",
            }
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for scopes in [
            vec![],
            vec![Orders::Write],
            vec![Orders::Write, Orders::Read],
        ] {
            let scopes = Scopes::new(scopes);
            assert_eq!(Scopes::parse(&scopes.to_string()), Ok(scopes));
        }
        let both = Scopes::new([Orders::Write, Orders::Read]);
        assert_eq!(both.to_string(), "orders:read orders:write");
    }

    #[test]
    fn a_name_is_known_as_it_is_written_or_not_at_all() {
        for text in [
            "*",
            "orders",
            "orders:",
            "Orders:Read",
            "orders:read,orders:write",
            "orders:read admin",
            "orders:rea\u{64}\u{301}",
        ] {
            assert_eq!(Scopes::<Orders>::parse(text), Err(UnknownScope), "{text}");
        }
    }

    #[test]
    fn no_scope_implies_another() {
        let [none, read, both] = [&[][..], &[Orders::Read], &[Orders::Read, Orders::Write]]
            .map(|scopes| Scopes::new(scopes.iter().copied()));
        assert!(!none.contains(Orders::Read) && !read.contains(Orders::Write));
        assert!(read.is_within(&both) && none.is_within(&read) && !both.is_within(&read));
    }
}
