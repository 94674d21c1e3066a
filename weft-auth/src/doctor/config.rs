use std::time::Duration;

use http::HeaderMap;

/// What a deployment is configured to do, as plain values: other libraries' will do as well.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// What a browser sees.
    pub site: Site,
    /// Passwords.
    pub passwords: Passwords,
    /// Sessions.
    pub sessions: Sessions,
    /// Links in mail.
    pub links: Links,
    /// One-time passwords.
    pub totp: Totp,
    /// Recovery codes.
    pub recovery_codes: RecoveryCodes,
    /// What slows down guessing.
    pub throttles: Throttles,
}

/// What a browser sees.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Site {
    /// The headers of a page for somebody who is not signed in, with its cookies.
    pub page: HeaderMap,
    /// The headers of a page for somebody who is.
    pub private_page: HeaderMap,
    /// Whether the host is in the list that browsers are shipped with.
    pub preloaded: bool,
    /// What answers on port 80.
    pub plain_http: PlainHttp,
    /// What other origins may read.
    pub cross_origin: CrossOrigin,
    /// The scripts of other origins in the page.
    pub foreign_scripts: ForeignScripts,
    /// Whether requests that change something need a token.
    pub csrf_token: bool,
}

/// What answers on port 80.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlainHttp {
    /// Nothing.
    Closed,
    /// A redirect to the same host over TLS.
    ToTls,
    /// A redirect to another host over TLS.
    ToOtherHost,
    /// The page itself.
    Page,
}

/// What other origins may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CrossOrigin {
    /// Nothing, or what certain origins may.
    Restricted,
    /// What anyone may, without credentials.
    Public,
    /// Whatever they ask for, with credentials.
    Reflected,
}

/// The scripts of other origins in a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForeignScripts {
    /// There are none.
    None,
    /// Each with its digest.
    WithIntegrity,
    /// Some without.
    WithoutIntegrity,
}

/// Passwords.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Passwords {
    /// The fewest characters that are taken.
    pub shortest: usize,
    /// The most characters that are taken.
    pub longest: usize,
    /// Whether they are the only factor of somebody.
    pub alone: bool,
    /// How many common passwords are refused, of those that are long enough.
    pub blocklist: usize,
    /// Whether words of the service and of the person are refused.
    pub context_words: bool,
    /// Whether those that are known from breaches are refused.
    pub breached: bool,
    /// Whether certain kinds of characters are asked for.
    pub composition_rules: bool,
    /// After how long a new one is asked for.
    pub rotation: Option<Duration>,
    /// Whether the hash covers the whole of it.
    pub whole: bool,
    /// How they are hashed.
    pub argon2: Argon2,
}

/// How passwords are hashed with Argon2id.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Argon2 {
    /// KiB of memory.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
    /// Bytes of salt.
    pub salt: usize,
    /// Bytes of the tag.
    pub tag: usize,
    /// How many run at once, at most.
    pub at_once: Option<u32>,
    /// The most KiB that a stored hash may ask for.
    pub memory_ceiling: Option<u32>,
}

/// Sessions.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sessions {
    /// Bits of randomness in a token.
    pub token_bits: u32,
    /// After how long without a request they end.
    pub idle: Option<Duration>,
    /// After how long they end whatever happens.
    pub absolute: Option<Duration>,
    /// Whether a sign-in makes a new token and ends the old one.
    pub new_token_at_sign_in: bool,
}

/// Links in mail.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Links {
    /// How long a link signs in.
    pub sign_in: Duration,
    /// How long a link resets a password.
    pub reset: Duration,
    /// Bits of randomness in a token.
    pub token_bits: u32,
    /// Whether one is good once, however many ask at once.
    pub single_use: bool,
}

/// One-time passwords by time.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Totp {
    /// Bits of the shared secret.
    pub secret_bits: u32,
    /// How long a step is.
    pub step: Duration,
    /// How many steps earlier and later are taken.
    pub drift: u32,
    /// Whether a step is taken once.
    pub single_use: bool,
    /// How many wrong codes are taken before they are throttled, apart from passwords.
    pub attempts: Option<u32>,
}

/// Recovery codes.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RecoveryCodes {
    /// Bits of randomness in one.
    pub bits: u32,
    /// How they are stored.
    pub storage: Storage,
}

/// How a secret is stored that is only compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Storage {
    /// As it is.
    Plain,
    /// As a plain digest, such as SHA-256.
    Digest,
    /// As a password is, with a salt.
    PasswordHash,
}

/// What slows down guessing.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Throttles {
    /// After how many failures in a row an account is closed.
    pub per_account: Option<u32>,
    /// Whether the owner of a closed account opens it by mail.
    pub unlock_by_mail: bool,
    /// How many failures an address has in an hour.
    pub per_address: Option<u32>,
    /// How long the prefix of an IPv6 address is that counts as one.
    pub ipv6_prefix: u8,
    /// Whether `X-Forwarded-For` is believed of those proxies alone that are named.
    pub named_proxies: bool,
    /// How many mails a mailbox gets in an hour.
    pub per_mailbox: Option<u32>,
}

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Config {
    /// The numbers of this crate, for a site whose pages have those headers.
    pub fn new(page: HeaderMap) -> Config {
        let mut private_page = page.clone();
        crate::headers::private(&mut private_page);
        Config {
            site: Site {
                page,
                private_page,
                preloaded: false,
                plain_http: PlainHttp::Closed,
                cross_origin: CrossOrigin::Restricted,
                foreign_scripts: ForeignScripts::None,
                csrf_token: true,
            },
            passwords: Passwords {
                shortest: 15,
                longest: 128,
                alone: true,
                blocklist: 3_000,
                context_words: true,
                breached: false,
                composition_rules: false,
                rotation: None,
                whole: true,
                argon2: Argon2 {
                    memory: 19_456,
                    passes: 2,
                    salt: 16,
                    tag: 32,
                    at_once: Some(4),
                    memory_ceiling: Some(2 * 19_456),
                },
            },
            sessions: Sessions {
                token_bits: 256,
                idle: Some(7 * DAY),
                absolute: Some(30 * DAY),
                new_token_at_sign_in: true,
            },
            links: Links {
                sign_in: 15 * MINUTE,
                reset: 60 * MINUTE,
                token_bits: 256,
                single_use: true,
            },
            totp: Totp {
                secret_bits: 160,
                step: Duration::from_secs(30),
                drift: 1,
                single_use: true,
                attempts: Some(5),
            },
            recovery_codes: RecoveryCodes {
                bits: 120,
                storage: Storage::Digest,
            },
            throttles: Throttles {
                per_account: Some(100),
                unlock_by_mail: true,
                per_address: Some(100),
                ipv6_prefix: 64,
                named_proxies: true,
                per_mailbox: Some(5),
            },
        }
    }
}
