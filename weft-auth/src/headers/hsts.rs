use std::time::{Duration, SystemTime};

use http::HeaderValue;

/// How long a browser refuses to speak plain HTTP with this host and those below it.
///
/// It is taken back by nobody but time, so it is rolled out in [stages](Stage).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hsts {
    stage: Stage,
    preload: bool,
}

/// A stage of the roll-out that hstspreload.org advises: each one is in force for as long as it lasts
/// before the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Stage {
    /// 300 seconds.
    FiveMinutes,
    /// 86 400 seconds.
    Day,
    /// 2 592 000 seconds.
    Month,
    /// 63 072 000 seconds, of which ASVS 3.4.1 and hstspreload.org ask for half.
    TwoYears,
}

/// The statement that one wants to be in the list that browsers are shipped with.
#[derive(Debug, Clone, Copy)]
pub struct PreloadConsent(());

impl PreloadConsent {
    /// Says that every host below this one has TLS and keeps it: who is in the list needs months to get
    /// out of it, and more until browsers have heard.
    pub const fn every_subdomain_has_tls_for_good() -> PreloadConsent {
        PreloadConsent(())
    }
}

impl Hsts {
    /// At that stage, subdomains included.
    pub const fn at(stage: Stage) -> Hsts {
        let preload = false;
        Hsts { stage, preload }
    }

    /// Two years, and to be put into the list.
    pub const fn preload(_: PreloadConsent) -> Hsts {
        Hsts {
            stage: Stage::TwoYears,
            preload: true,
        }
    }

    /// The value of `Strict-Transport-Security`.
    pub fn header(self) -> HeaderValue {
        HeaderValue::from_static(match (self.stage, self.preload) {
            (Stage::FiveMinutes, _) => "max-age=300; includeSubDomains",
            (Stage::Day, _) => "max-age=86400; includeSubDomains",
            (Stage::Month, _) => "max-age=2592000; includeSubDomains",
            (Stage::TwoYears, false) => "max-age=63072000; includeSubDomains",
            (Stage::TwoYears, true) => "max-age=63072000; includeSubDomains; preload",
        })
    }
}

impl Stage {
    /// How long a browser remembers.
    pub const fn max_age(self) -> Duration {
        Duration::from_secs(match self {
            Stage::FiveMinutes => 300,
            Stage::Day => 86_400,
            Stage::Month => 2_592_000,
            Stage::TwoYears => 63_072_000,
        })
    }

    /// The stage to be at `now`, where this one came into force at `since` and nothing broke: the next
    /// one, once this one has run for as long as browsers remember it.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use weft_auth::headers::Stage;
    ///
    /// let since = SystemTime::UNIX_EPOCH;
    /// let after = |seconds| Stage::Day.after(since, since + Duration::from_secs(seconds));
    /// assert_eq!((after(86_399), after(86_400)), (Stage::Day, Stage::Month));
    /// ```
    #[must_use]
    pub fn after(self, since: SystemTime, now: SystemTime) -> Stage {
        let ran = now.duration_since(since).unwrap_or_default();
        match self {
            _ if ran < self.max_age() => self,
            Stage::FiveMinutes => Stage::Day,
            Stage::Day => Stage::Month,
            Stage::Month | Stage::TwoYears => Stage::TwoYears,
        }
    }
}
