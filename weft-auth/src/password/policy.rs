//! What may be chosen as a password.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::blocklist::is_common;
use super::plain::Password;

/// The shortest password of an account with a second factor (NIST SP 800-63B; ASVS 6.2.1).
const WITH_SECOND_FACTOR: usize = 8;
/// The shortest password that is all an account has (NIST SP 800-63B).
const ALONE: usize = 15;
/// The shortest word that is looked for: shorter ones are in too many passwords by chance.
const WORD: usize = 4;
/// How much has to be left of a password besides the words of its account.
const BESIDES: usize = 8;

/// Length, and no password that somebody would try first; nothing about kinds of characters, and no
/// expiry (NIST SP 800-63B, ASVS 6.2.5 and 6.2.10).
///
/// ```
/// use weft_auth::password::{Objection, Password, Policy};
///
/// let policy = Policy::alone();
/// let words = ["nordwind", "jane.miller@example.com"];
/// let judge = |typed: &str| policy.accept(Password::new(typed).expect("a password"), &words);
/// assert!(judge("correct horse battery staple").is_ok());
/// assert_eq!(judge("Tr0ub4dor&3").unwrap_err(), Objection::TooShort { least: 15 });
/// assert_eq!(judge("123456789987654321").unwrap_err(), Objection::Common);
/// assert_eq!(judge("Nordwind-Miller-2026").unwrap_err(), Objection::OfTheAccount);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    least: usize,
}

/// A password that a policy let pass, which is the only kind that is hashed.
pub struct NewPassword(Password);

/// What is wrong with a chosen password, to be told to whoever chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Objection {
    /// It has fewer characters than are asked for.
    TooShort {
        /// How many are asked for.
        least: usize,
    },
    /// It is on the list of common passwords.
    Common,
    /// It is fewer than 8 characters, over and over.
    Repetitive,
    /// Without the words of the account and the service, fewer than 8 characters are left.
    OfTheAccount,
}

impl Policy {
    /// At least 15 characters, for accounts that have a password and nothing else.
    pub const fn alone() -> Policy {
        Policy { least: ALONE }
    }

    /// At least 8 characters, for accounts that cannot be entered without a second factor.
    pub const fn with_second_factor() -> Policy {
        Policy {
            least: WITH_SECOND_FACTOR,
        }
    }

    /// The same with at least `least` characters, if that is more.
    #[must_use]
    pub const fn with_least(self, least: usize) -> Policy {
        match least > self.least {
            true => Policy { least },
            false => self,
        }
    }

    /// The password, if it may be chosen by an account that `words` are known of: names, addresses, what
    /// the service is called.
    ///
    /// The whole of it is compared with the list, without regard to case.
    ///
    /// # Errors
    /// When it is short, or one of those that are tried first.
    ///
    /// # Security
    /// The work grows with the words' length alone, since that of the password is bounded
    /// (CVE-2021-45115).
    pub fn accept(&self, password: Password, words: &[&str]) -> Result<NewPassword, Objection> {
        if password.length() < self.least {
            return Err(Objection::TooShort { least: self.least });
        }
        let folded = Zeroizing::new(password.text().to_lowercase());
        if is_common(&folded) {
            return Err(Objection::Common);
        }
        if period(folded.as_bytes()) < BESIDES {
            return Err(Objection::Repetitive);
        }
        if besides(&folded, words) < BESIDES {
            return Err(Objection::OfTheAccount);
        }
        Ok(NewPassword(password))
    }
}

impl NewPassword {
    pub(super) fn password(&self) -> &Password {
        &self.0
    }
}

/// The length of the shortest piece that makes all of `bytes` when repeated.
fn period(bytes: &[u8]) -> usize {
    let repeats = |piece: &usize| bytes.iter().zip(&bytes[*piece..]).all(|(a, b)| a == b);
    (1..BESIDES.min(bytes.len()))
        .find(repeats)
        .unwrap_or(bytes.len())
}

/// How many letters and digits of `folded` are left when each of the words is taken out.
fn besides(folded: &str, words: &[&str]) -> usize {
    let mut rest = Zeroizing::new(folded.to_owned());
    for word in words {
        let word = word.nfkc().collect::<String>().to_lowercase();
        let parts = word.split(|c: char| !c.is_alphanumeric());
        for part in parts.filter(|part| part.chars().count() >= WORD) {
            rest = Zeroizing::new(rest.replace(part, " "));
        }
    }
    match *rest == folded {
        true => usize::MAX,
        false => rest.chars().filter(|c| c.is_alphanumeric()).count(),
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(redacted)")
    }
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Objection::TooShort { least } => {
                write!(f, "the password has fewer than {least} characters")
            }
            Objection::Common => f.write_str("the password is one of the most common ones"),
            Objection::Repetitive => f.write_str("the password repeats a few characters"),
            Objection::OfTheAccount => {
                f.write_str("the password is little more than a name or an address of the account")
            }
        }
    }
}

impl std::error::Error for Objection {}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(policy: Policy, typed: &str, words: &[&str]) -> Result<(), Objection> {
        policy
            .accept(Password::new(typed).unwrap(), words)
            .map(drop)
    }

    #[test]
    fn length_is_counted_in_characters() {
        let short = |typed: &str, policy: Policy| {
            judge(policy, typed, &[])
                == Err(Objection::TooShort {
                    least: policy.least,
                })
        };
        let (alone, second) = (Policy::alone(), Policy::with_second_factor());
        assert!(short("hk3 f9q-w1z x7", alone) && !short("hk3 f9q-w1z x7v", alone));
        assert!(short("hk3 f9q", second) && !short("hk3 f9qv", second));
        assert!(short("\u{1f511}\u{e9}\u{1f98a}kq", second));
        // One character that is 18 in normal form is one, and one that is typed as two is one.
        assert!(short("\u{fdfa}", second) && short(&"e\u{301}".repeat(7), second));
        assert!(
            short("hk3 f9qv", second.with_least(9)) && !short("hk3 f9qv", second.with_least(1))
        );
    }

    #[test]
    fn there_are_no_rules_of_composition() {
        for typed in [
            "only lower case words here",
            "93650127458203716",
            "\u{e9}\u{f6}\u{df}\u{f8} \u{44f}\u{436}\u{fc} \u{65e5}\u{672c}\u{8a9e} \u{1f511}\u{1f98a}!",
        ] {
            assert_eq!(judge(Policy::alone(), typed, &[]), Ok(()), "{typed}");
        }
    }

    #[test]
    fn common_ones_are_refused_in_any_case_and_width() {
        let second = Policy::with_second_factor();
        for typed in [
            "password",
            "PassWord",
            "iloveyou",
            "\u{ff50}\u{ff41}\u{ff53}\u{ff53}\u{ff57}\u{ff4f}\u{ff52}\u{ff44}",
        ] {
            assert_eq!(judge(second, typed, &[]), Err(Objection::Common), "{typed}");
        }
        // The whole is compared, and not what it contains (NIST SP 800-63B).
        assert_eq!(judge(second, "password of a fox", &[]), Ok(()));
    }

    #[test]
    fn repetitions_of_less_than_eight_characters_are_refused() {
        for typed in [
            "aaaaaaaaaaaaaaaa",
            "abcabcabcabcabca",
            "hk3 f9qhk3 f9qhk3 f9q",
        ] {
            let judged = judge(Policy::alone(), typed, &[]);
            assert_eq!(judged, Err(Objection::Repetitive), "{typed}");
        }
        assert_eq!(judge(Policy::alone(), "hk3 f9qvhk3 f9qv", &[]), Ok(()));
    }

    #[test]
    fn words_of_the_account_do_not_count() {
        let second = Policy::with_second_factor();
        let words = ["Nordwind Outdoor", "jane.miller@example.com"];
        for typed in [
            "nordwind1",
            "NORDWIND-2026",
            "jane.miller@example.com",
            "MillerJane99",
            "outdoor!!2026",
            "\u{ff2e}ordwind1",
        ] {
            let judged = judge(second, typed, &words);
            assert_eq!(judged, Err(Objection::OfTheAccount), "{typed}");
        }
        for typed in ["nordwind hk3f9qvx", "hk3 f9qv", "com com hk3f9"] {
            assert_eq!(judge(second, typed, &words), Ok(()), "{typed}");
        }
        assert_eq!(judge(second, "hk3 f9q!", &["", "-", "@", "f9"]), Ok(()));
    }

    /// A long password was compared with each word in quadratic time. None reaches the comparison.
    #[test]
    fn cve_2021_45115_no_long_password_is_compared_with_words() {
        assert!(Password::new("x".repeat(129)).is_err());
        let longest = "\u{fdfa}".repeat(128);
        let words = ["\u{fdfa}".repeat(10_000), "word ".repeat(10_000)];
        let judged = judge(Policy::alone(), &longest, &[&words[0], &words[1]]);
        assert!(judged.is_err());
    }

    #[test]
    fn it_is_never_shown() {
        let new = Policy::alone().accept(Password::new("hk3 f9q-w1z x7v").unwrap(), &[]);
        assert_eq!(format!("{new:?}"), "Ok(NewPassword(redacted))");
    }
}
