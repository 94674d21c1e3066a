use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::host::Host;
use super::public::is_public;
use super::url::Url;
use super::{DestinationError, Networks};

/// A URL that messages may be sent to.
///
/// ```
/// use weft_webhooks::outgoing::{Destination, DestinationError, Networks};
///
/// let parse = |url| Destination::parse(url, &Networks::none());
/// let destination = parse("https://Hooks.Example.com/weft?shop=7")?;
/// assert_eq!(destination.name(), Some("hooks.example.com"));
/// assert_eq!(parse("https://127.1/").unwrap_err(), DestinationError::Host);
/// assert_eq!(parse("https://[::1]/").unwrap_err(), DestinationError::Address);
/// # Ok::<(), DestinationError>(())
/// ```
///
/// # Security
/// A customer writes the URL and our machine makes the request, which must not reach what our machine
/// alone can reach. So a URL has one reading or is refused, its name is [pinned](Destination::pin) to
/// addresses that are all public, and the connection goes to those. Path and query often hold a
/// secret: `Debug` leaves them out.
#[derive(Clone)]
pub struct Destination {
    url: Url,
    excepted: Networks,
}

/// A destination and the addresses to connect to.
#[derive(Debug, Clone)]
pub struct Pinned<'d> {
    destination: &'d Destination,
    addresses: Vec<SocketAddr>,
}

impl Destination {
    /// The destination that `url` names: `https://`, a name or an address, perhaps a port, a path and a
    /// query.
    ///
    /// Names are ASCII, international ones `xn--…`. Addresses are written in full and must be public or
    /// in one of the excepted networks. Plain `http://` is for those networks.
    ///
    /// # Errors
    /// When the URL is not written so, has a user or a fragment, or holds an address that is not public.
    pub fn parse(url: &str, excepted: &Networks) -> Result<Destination, DestinationError> {
        let destination = Destination {
            url: Url::parse(url)?,
            excepted: excepted.clone(),
        };
        if destination.url.is_plain && excepted.is_empty() {
            return Err(DestinationError::Scheme);
        }
        if destination.name().is_none() {
            destination.pin([])?;
        }
        Ok(destination)
    }

    /// The name to resolve, unless the URL holds an address.
    pub fn name(&self) -> Option<&str> {
        match &self.url.host {
            Host::Name(name) => Some(name),
            Host::Address(_) => None,
        }
    }

    /// The destination bound to the addresses that its name has now; to the address in the URL, if it
    /// holds one. Connect to no other, and do not resolve again.
    ///
    /// # Errors
    /// When there is no address, or any is neither public nor in an excepted network. Over plain HTTP
    /// each must be in one.
    pub fn pin(
        &self,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Result<Pinned<'_>, DestinationError> {
        let addresses = match self.url.host {
            Host::Address(address) => vec![address],
            Host::Name(_) => addresses.into_iter().collect(),
        };
        let mut pinned = Vec::new();
        for address in addresses {
            // IPv4 inside of IPv6 is connected to as IPv4.
            let address = address.to_canonical();
            let is_excepted = self.excepted.contains(address);
            if !is_excepted && (self.url.is_plain || !is_public(address)) {
                return Err(DestinationError::Address);
            }
            pinned.push(SocketAddr::new(address, self.url.port));
        }
        if pinned.is_empty() {
            return Err(DestinationError::NoAddress);
        }
        Ok(Pinned {
            destination: self,
            addresses: pinned,
        })
    }
}

impl Pinned<'_> {
    /// The addresses, in the order in which they were given.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The name or address that the receiver's certificate must be for.
    pub fn host(&self) -> String {
        match &self.destination.url.host {
            Host::Name(name) => name.clone(),
            Host::Address(address) => address.to_string(),
        }
    }

    /// What the request's `Host` header says.
    pub fn authority(&self) -> String {
        self.destination.url.authority()
    }

    /// The path and the query.
    pub fn target(&self) -> &str {
        &self.destination.url.target
    }

    /// Whether the connection goes without TLS.
    pub fn is_plain(&self) -> bool {
        self.destination.url.is_plain
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.url.is_plain { "http" } else { "https" };
        write!(f, "Destination({scheme}://{}/..)", self.url.authority())
    }
}
