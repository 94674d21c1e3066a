//! The peers, each asked in its own words for the same.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
    SigningInstructions, SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
};
use url::Url;

/// A request to be signed.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The method.
    pub method: &'a str,
    /// Where it goes, without a query.
    pub url: &'a str,
    /// The query, sorted.
    pub query: &'a [(&'a str, &'a str)],
    /// The headers besides `host` and what the protocol adds, sorted.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body, where it is signed.
    pub body: &'a [u8],
    /// Access key, secret and a session's token.
    pub credentials: (&'a str, &'a str, Option<&'a str>),
    /// The region.
    pub region: &'a str,
    /// The moment.
    pub now: SystemTime,
    /// For how long it is good.
    pub ttl: Duration,
}

/// The URL by rusty-s3.
pub fn rusty_presigns(asked: &Asked<'_>) -> Url {
    let (access, secret, session) = asked.credentials;
    let method = match asked.method {
        "GET" => rusty_s3::Method::Get,
        "PUT" => rusty_s3::Method::Put,
        other => unreachable!("{other} is not asked for"),
    };
    rusty_s3::signing::sign(
        &jiff::Timestamp::try_from(asked.now).expect("a moment"),
        method,
        asked.url.parse().expect("a URL"),
        access,
        secret,
        session,
        asked.region,
        asked.ttl.as_secs(),
        asked.query.iter().copied(),
        asked.headers.iter().copied(),
    )
}

/// What aws-sigv4 adds to the query, and its signature.
pub fn aws_presigns(asked: &Asked<'_>) -> (SigningInstructions, String) {
    aws(
        asked,
        SignatureLocation::QueryParams,
        SignableBody::UnsignedPayload,
    )
}

/// What aws-sigv4 adds to the headers, and its signature.
pub fn aws_signs(asked: &Asked<'_>) -> (SigningInstructions, String) {
    aws(
        asked,
        SignatureLocation::Headers,
        SignableBody::Bytes(asked.body),
    )
}

fn aws(
    asked: &Asked<'_>,
    place: SignatureLocation,
    body: SignableBody<'_>,
) -> (SigningInstructions, String) {
    let (access, secret, session) = asked.credentials;
    let session = session.map(str::to_owned);
    let identity = Credentials::new(access, secret, session, None, "peer").into();
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    if place == SignatureLocation::QueryParams {
        settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
        settings.expires_in = Some(asked.ttl);
    }
    settings.signature_location = place;
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(asked.region)
        .name("s3")
        .time(asked.now)
        .settings(settings)
        .build()
        .expect("all that is needed")
        .into();
    let mut url = asked.url.to_owned();
    for (at, (name, value)) in asked.query.iter().enumerate() {
        url.push(if at == 0 { '?' } else { '&' });
        url.push_str(name);
        url.push('=');
        encode(value, &mut url);
    }
    let headers = asked.headers.iter().copied();
    let request = SignableRequest::new(asked.method, url, headers, body).expect("a request");
    sign(request, &params).expect("a signature").into_parts()
}

/// The signature of a policy by aws-sigv4's parts: it has none of its own for policies.
pub fn aws_policy(asked: &Asked<'_>, policy: &str) -> String {
    let key = v4::generate_signing_key(asked.credentials.1, asked.now, asked.region, "s3");
    v4::calculate_signature(key, policy.as_bytes())
}

/// RFC 3986, section 2.3: all but the unreserved characters.
fn encode(text: &str, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(byte.into());
            }
            _ => {
                out.push('%');
                out.push(DIGITS[usize::from(byte >> 4)].into());
                out.push(DIGITS[usize::from(byte & 15)].into());
            }
        }
    }
}

/// A client for object_store that sends nothing.
#[derive(Debug, Clone, Copy)]
pub struct Offline;

impl HttpConnector for Offline {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Offline))
    }
}

#[async_trait::async_trait]
impl HttpService for Offline {
    async fn call(&self, _: HttpRequest) -> Result<HttpResponse, HttpError> {
        Err(HttpError::new(
            HttpErrorKind::Connect,
            std::io::Error::other("nothing is sent"),
        ))
    }
}
