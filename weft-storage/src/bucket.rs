use std::fmt;

use crate::region::{Jurisdiction, Region};
use crate::store::Store;

/// A bucket: where it is, how it is reached, and what its store can do.
///
/// ```
/// use weft_storage::{Bucket, BucketError, Jurisdiction, Region, Store};
///
/// let bucket = Bucket::new(Region::AwsEuCentral1, "nordwind-attachments")?;
/// assert_eq!(bucket.origin(), "https://nordwind-attachments.s3.eu-central-1.amazonaws.com");
/// assert_eq!(bucket.jurisdiction(), Jurisdiction::Eu);
///
/// let own = Bucket::self_hosted(
///     "https://s3.example.com", Store::Garage, ("garage", Jurisdiction::Eu), "attachments",
/// )?;
/// assert_eq!(own.origin(), "https://s3.example.com");
/// let plain = Bucket::self_hosted(
///     "http://s3.example.com", Store::Garage, ("garage", Jurisdiction::Eu), "attachments",
/// );
/// assert_eq!(plain.unwrap_err(), BucketError::Endpoint);
/// # Ok::<(), BucketError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    name: String,
    store: Store,
    region: String,
    jurisdiction: Jurisdiction,
    /// Scheme and authority, where requests go.
    origin: String,
    /// Where in `origin` the authority begins.
    authority: usize,
    /// What precedes the key in paths: `/`, and the bucket's name with another one in path style.
    root: String,
}

/// Why a bucket cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BucketError {
    /// A name is 3 to 63 of `a` to `z`, `0` to `9` and `-`, with a letter or digit at both ends.
    Name,
    /// The endpoint is not `https://host` or `https://host:port`; plain HTTP goes to this machine alone.
    Endpoint,
    /// A region's name is 1 to 32 of `a` to `z`, `0` to `9` and `-`.
    Region,
    /// An account is 32 hexadecimal digits.
    Account,
}

impl Bucket {
    /// A bucket of a provider's, by its name in the host.
    ///
    /// # Errors
    /// When the name is none that can be a part of a host.
    pub fn new(region: Region, name: &str) -> Result<Bucket, BucketError> {
        let origin = format!("https://{name}.{}", region.host());
        Bucket::at(
            origin,
            (region.store(), region.name(), region.jurisdiction()),
            name,
            "/".to_owned(),
        )
    }

    /// A bucket of Cloudflare R2's with the jurisdiction `eu`, which keeps what is in it within the
    /// European Union.
    ///
    /// # Errors
    /// When the account or the name is none.
    pub fn cloudflare_eu(account: &str, name: &str) -> Result<Bucket, BucketError> {
        if account.len() != 32
            || !account
                .bytes()
                .all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
        {
            return Err(BucketError::Account);
        }
        let origin = format!("https://{name}.{account}.eu.r2.cloudflarestorage.com");
        let place = (Store::CloudflareR2, "auto", Jurisdiction::Eu);
        Bucket::at(origin, place, name, "/".to_owned())
    }

    /// A bucket of a store of one's own, by its name in the path. The region is what the store was told
    /// that it is called, and where its operator says that it stands.
    ///
    /// # Errors
    /// When the endpoint is not an origin over TLS (or of this machine), or a name is none.
    pub fn self_hosted(
        endpoint: &str,
        store: Store,
        (region, jurisdiction): (&str, Jurisdiction),
        name: &str,
    ) -> Result<Bucket, BucketError> {
        if !is_word(region, 1..=32) {
            return Err(BucketError::Region);
        }
        if !is_endpoint(endpoint) {
            return Err(BucketError::Endpoint);
        }
        Bucket::at(
            endpoint.to_owned(),
            (store, region, jurisdiction),
            name,
            format!("/{name}/"),
        )
    }

    /// A bucket of the store that comes with an application, which listens on this machine alone.
    ///
    /// # Errors
    /// When the name is none.
    pub fn embedded(port: u16, name: &str) -> Result<Bucket, BucketError> {
        let place = ("local", Jurisdiction::Local);
        Bucket::self_hosted(
            &format!("http://127.0.0.1:{port}"),
            Store::Embedded,
            place,
            name,
        )
    }

    fn at(
        origin: String,
        (store, region, jurisdiction): (Store, &str, Jurisdiction),
        name: &str,
        root: String,
    ) -> Result<Bucket, BucketError> {
        if !is_name(name) {
            return Err(BucketError::Name);
        }
        let authority = origin.find("://").map_or(0, |at| at + 3);
        Ok(Bucket {
            name: name.to_owned(),
            store,
            region: region.to_owned(),
            jurisdiction,
            authority,
            origin,
            root,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is behind it.
    pub fn store(&self) -> Store {
        self.store
    }

    /// Under whose law it is.
    pub fn jurisdiction(&self) -> Jurisdiction {
        self.jurisdiction
    }

    /// Scheme, host and port that browsers speak to: what a Content Security Policy has to allow.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn authority(&self) -> &str {
        &self.origin[self.authority..]
    }

    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    pub(crate) fn root(&self) -> &str {
        &self.root
    }
}

fn is_name(name: &str) -> bool {
    let ends = [name.bytes().next(), name.bytes().next_back()];
    is_word(name, 3..=63) && !ends.contains(&Some(b'-'))
}

fn is_word(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    let plain = |c| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'-');
    length.contains(&text.len()) && text.bytes().all(plain)
}

/// An origin that cannot hold a user, a path, or a port that a client would leave out.
pub(crate) fn is_endpoint(text: &str) -> bool {
    let (authority, tls) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(authority), _) => (authority, true),
        (_, Some(authority)) => (authority, false),
        _ => return false,
    };
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let port_is_written = port.is_none_or(|port| {
        let number: Option<u16> = port.parse().ok();
        number.is_some_and(|number| ![0, 80, 443].contains(&number) && number.to_string() == port)
    });
    let host_is_plain =
        (1..=253).contains(&host.len()) && host.split('.').all(|label| is_word(label, 1..=63));
    host_is_plain && port_is_written && (tls || ["127.0.0.1", "localhost"].contains(&host))
}

impl fmt::Display for BucketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BucketError::Name => "a bucket's name is not 3 to 63 of a to z, 0 to 9 and -",
            BucketError::Endpoint => "the endpoint is not an origin over TLS",
            BucketError::Region => "a region's name is not 1 to 32 of a to z, 0 to 9 and -",
            BucketError::Account => "an account is not 32 hexadecimal digits",
        })
    }
}

impl std::error::Error for BucketError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_lead_elsewhere_is_none() {
        for name in [
            "",
            "ab",
            "-ab",
            "ab-",
            "a.b.c",
            "Abc",
            "a/b",
            "a%2fb",
            "a@b",
            "..",
            &"x".repeat(64),
        ] {
            assert_eq!(
                Bucket::new(Region::AwsUsEast1, name),
                Err(BucketError::Name),
                "{name}"
            );
        }
    }

    #[test]
    fn an_endpoint_is_an_origin_and_nothing_more() {
        let tried = |endpoint| {
            Bucket::self_hosted(
                endpoint,
                Store::Ceph,
                ("default", Jurisdiction::Eu),
                "bucket",
            )
            .is_ok()
        };
        for endpoint in [
            "https://s3.example.com",
            "https://s3.example.com:9000",
            "http://127.0.0.1:9000",
        ] {
            assert!(tried(endpoint), "{endpoint}");
        }
        for endpoint in [
            "",
            "s3.example.com",
            "http://s3.example.com",
            "http://127.0.0.1.example.com",
            "https://s3.example.com/",
            "https://s3.example.com:443",
            "https://s3.example.com:09000",
            "https://user@s3.example.com",
            "https://s3.example.com?x",
            "https://s3..example.com",
            "https://",
            "ftp://s3.example.com",
        ] {
            assert!(!tried(endpoint), "{endpoint}");
        }
    }

    #[test]
    fn every_region_has_a_bucket() {
        for region in Region::ALL {
            let bucket = Bucket::new(*region, "attachments").unwrap();
            assert!(bucket.authority().starts_with("attachments."));
            assert!(bucket.origin().contains(region.name()), "{region:?}");
            assert!(is_endpoint(bucket.origin()));
        }
    }
}
