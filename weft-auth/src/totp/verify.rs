//! Whether a code is right, and of which step.

use std::time::SystemTime;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use super::code::Code;
use super::secret::Secret;
use super::step::Step;

/// Codes have six digits (RFC 4226, section 5.3).
const MODULUS: u32 = 1_000_000;
/// The steps next to the present one whose codes are right as well: clocks differ and people type
/// (RFC 6238, section 5.2, recommends one at most).
const DRIFT: u64 = 1;

/// What the HMAC is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Algorithm {
    /// The default, and the only one that every app knows. HMAC needs no resistance to collisions.
    #[default]
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// The one-time passwords of one secret: six digits for 30 seconds.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use weft_auth::totp::{Code, Secret, Step, Totp};
///
/// let totp = Totp::new(Secret::from_bytes(b"12345678901234567890")?);
/// let now = UNIX_EPOCH + Duration::from_secs(59);
/// let code = Code::parse("287082")?;
/// let step = totp.check(&code, now, None).ok_or("refused")?;
/// assert_eq!(totp.check(&code, now, Some(step)), None); // once
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Totp {
    secret: Secret,
    algorithm: Algorithm,
}

impl Totp {
    /// One-time passwords by HMAC-SHA-1.
    pub fn new(secret: Secret) -> Totp {
        let algorithm = Algorithm::default();
        Totp { secret, algorithm }
    }

    /// The same by another algorithm, for secrets that came from elsewhere.
    #[must_use]
    pub fn with_algorithm(self, algorithm: Algorithm) -> Totp {
        Totp { algorithm, ..self }
    }

    pub(super) fn secret(&self) -> &Secret {
        &self.secret
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The step that the code is right for: this one or one next to it, and later than the last one
    /// that was accepted.
    ///
    /// # Security
    /// It is a decision and not yet an acceptance: the step counts once it is stored, by a statement that
    /// stores it only if it is later than what is there (see the [module](super)). All three steps are
    /// computed and compared, whichever is right.
    pub fn check(&self, code: &Code, now: SystemTime, last: Option<Step>) -> Option<Step> {
        let Step(present) = Step::at(now)?;
        let mut found = 0;
        let mut right = Choice::from(0);
        for step in present.saturating_sub(DRIFT)..=present.saturating_add(DRIFT) {
            let later = last.is_none_or(|last| Step(step) > last);
            let accepted = self.code(step).ct_eq(&code.number()) & Choice::from(u8::from(later));
            found.conditional_assign(&step, accepted);
            right |= accepted;
        }
        bool::from(right).then_some(Step(found))
    }

    fn code(&self, step: u64) -> u32 {
        self.number(step) % MODULUS
    }

    /// What the digits are the last of (RFC 4226, section 5.3, dynamic truncation).
    fn number(&self, step: u64) -> u32 {
        #[cfg(test)]
        work::count();
        match self.algorithm {
            Algorithm::Sha1 => truncated(&mac::<Hmac<Sha1>>(self.secret.expose(), step)),
            Algorithm::Sha256 => truncated(&mac::<Hmac<Sha256>>(self.secret.expose(), step)),
            Algorithm::Sha512 => truncated(&mac::<Hmac<Sha512>>(self.secret.expose(), step)),
        }
    }
}

/// The HMAC of a step; a key of any length will do, so there is always one.
fn mac<M: Mac + KeyInit>(key: &[u8], step: u64) -> Zeroizing<Vec<u8>> {
    let mac = <M as KeyInit>::new_from_slice(key).map(|mac| mac.chain_update(step.to_be_bytes()));
    let bytes = mac.map(|mac| mac.finalize().into_bytes().to_vec());
    Zeroizing::new(bytes.unwrap_or_default())
}

fn truncated(mac: &[u8]) -> u32 {
    let offset = usize::from(mac.last().copied().unwrap_or(0) & 0xf);
    let word = mac.get(offset..).and_then(<[u8]>::first_chunk);
    word.map_or(0, |word| u32::from_be_bytes(*word) & 0x7fff_ffff)
}

/// How many codes this thread computed.
#[cfg(test)]
mod work {
    use std::cell::Cell;

    thread_local! {
        static WORK: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn count() {
        WORK.set(WORK.get() + 1);
    }

    pub(super) fn of<T>(run: impl FnOnce() -> T) -> (T, usize) {
        WORK.set(0);
        let result = run();
        (result, WORK.get())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn totp() -> Totp {
        Totp::new(Secret::from_bytes(b"12345678901234567890").unwrap())
    }

    fn at(step: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(step * 30 + 17)
    }

    fn code(step: u64) -> Code {
        Code::parse(&format!("{:06}", totp().code(step))).unwrap()
    }

    /// RFC 6238, appendix B.
    #[test]
    fn rfc_6238_vectors() {
        let digits = "1234567890".repeat(7);
        let totp = |length: usize, algorithm| {
            let secret = Secret::from_bytes(&digits.as_bytes()[..length]).unwrap();
            Totp::new(secret).with_algorithm(algorithm)
        };
        let [sha1, sha256, sha512] = [
            totp(20, Algorithm::Sha1),
            totp(32, Algorithm::Sha256),
            totp(64, Algorithm::Sha512),
        ];
        for (seconds, codes) in [
            (59, [94_287_082, 46_119_246, 90_693_936]),
            (1_111_111_109, [7_081_804, 68_084_774, 25_091_201]),
            (1_111_111_111, [14_050_471, 67_062_674, 99_943_326]),
            (1_234_567_890, [89_005_924, 91_819_424, 93_441_116]),
            (2_000_000_000, [69_279_037, 90_698_825, 38_618_901]),
            (20_000_000_000, [65_353_130, 77_737_706, 47_863_826]),
        ] {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            let step = Step::at(time).unwrap().number();
            let found = [&sha1, &sha256, &sha512].map(|totp| totp.number(step) % 100_000_000);
            assert_eq!(found, codes, "{seconds}");
            let code = Code::parse(&format!("{:06}", codes[0] % MODULUS)).unwrap();
            assert_eq!(sha1.check(&code, time, None), Some(Step(step)), "{seconds}");
        }
    }

    #[test]
    fn a_clock_may_be_off_by_one_step_and_no_more() {
        for (step, right) in [
            (98, false),
            (99, true),
            (100, true),
            (101, true),
            (102, false),
        ] {
            let expected = right.then_some(Step(step));
            assert_eq!(totp().check(&code(step), at(100), None), expected, "{step}");
        }
    }

    /// CVE-2015-7225, and CVE-2025-43798 and CVE-2026-27855 after it.
    #[test]
    fn cve_2015_7225_a_code_is_accepted_once() {
        let step = totp().check(&code(100), at(100), None);
        assert_eq!(step, Some(Step(100)));
        assert_eq!(totp().check(&code(100), at(100), step), None);
    }

    /// The mended version took it again in the step that followed.
    #[test]
    fn cve_2021_43177_a_code_is_not_accepted_again_in_a_trailing_step() {
        for now in 99..=101 {
            assert_eq!(totp().check(&code(100), at(now), Some(Step(100))), None);
        }
    }

    #[test]
    fn a_code_before_the_last_accepted_one_is_refused() {
        assert_eq!(totp().check(&code(99), at(100), Some(Step(100))), None);
        let later = totp().check(&code(101), at(100), Some(Step(100)));
        assert_eq!(later, Some(Step(101)));
        // A clock that was set back does not make an old step new.
        assert_eq!(totp().check(&code(50), at(50), Some(Step(100))), None);
    }

    /// RUSTSEC-2022-0018: codes were compared up to the first digit that differs.
    #[test]
    fn rustsec_2022_0018_all_steps_are_compared_whichever_is_right() {
        let checked = |step, last| work::of(|| totp().check(&code(step), at(100), last)).1;
        // One more makes the code that is asked about.
        for step in [98, 99, 100, 101, 102] {
            for last in [None, Some(Step(99)), Some(Step(101))] {
                assert_eq!(checked(step, last), 4, "{step} {last:?}");
            }
        }
    }

    #[test]
    fn there_is_no_code_before_the_epoch_and_one_at_it() {
        let before = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(totp().check(&code(0), before, None), None);
        assert_eq!(totp().check(&code(0), UNIX_EPOCH, None), Some(Step(0)));
    }

    #[test]
    fn the_secret_is_never_shown() {
        let shown = format!("{:?}", totp());
        assert_eq!(shown, "Totp { secret: Secret(redacted), algorithm: Sha1 }");
    }
}
