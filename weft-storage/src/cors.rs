use std::fmt;

use crate::bucket::is_endpoint;

/// What a bucket is to let pages of one origin do from a script (Cross-Origin Resource Sharing): send what
/// was signed for them, and nothing more. A form without a script, and a download, need none of it.
///
/// ```
/// use weft_storage::Cors;
///
/// let cors = Cors::of("https://app.example.com")?;
/// assert!(cors.json().contains(r#""AllowedOrigins": ["https://app.example.com"]"#));
/// assert!(cors.xml().contains("<AllowedOrigin>https://app.example.com</AllowedOrigin>"));
/// assert!(Cors::of("*").is_err());
/// # Ok::<(), weft_storage::NotAnOrigin>(())
/// ```
///
/// # Security
/// One origin, written out: whoever allows all of them allows those of everybody's pages
/// (GHSA-x5xv-223c-8vm7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cors {
    origin: String,
}

/// The text is no origin over TLS (or of this machine).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnOrigin;

/// What a signed PUT may have to be sent with.
const HEADERS: [&str; 5] = [
    "content-type",
    "if-none-match",
    "x-amz-checksum-sha256",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
];
const METHODS: [&str; 2] = ["POST", "PUT"];

impl Cors {
    /// For pages of that origin: `https://host` or `https://host:port`.
    ///
    /// # Errors
    /// When it is something else.
    pub fn of(origin: &str) -> Result<Cors, NotAnOrigin> {
        match is_endpoint(origin) {
            true => Ok(Cors {
                origin: origin.to_owned(),
            }),
            false => Err(NotAnOrigin),
        }
    }

    /// As `aws s3api put-bucket-cors --cors-configuration` takes it. Consoles that ask for a list take
    /// what `CORSRules` holds.
    pub fn json(&self) -> String {
        let list = |items: &[&str]| format!("[\"{}\"]", items.join("\", \""));
        format!(
            r#"{{
  "CORSRules": [
    {{
      "AllowedOrigins": {},
      "AllowedMethods": {},
      "AllowedHeaders": {},
      "ExposeHeaders": ["ETag"],
      "MaxAgeSeconds": 600
    }}
  ]
}}
"#,
            list(&[&self.origin]),
            list(&METHODS),
            list(&HEADERS)
        )
    }

    /// As the API itself takes it (PutBucketCors), and `s3cmd setcors`.
    pub fn xml(&self) -> String {
        let all = |name: &str, items: &[&str]| -> String {
            let lines = items
                .iter()
                .map(|item| format!("    <{name}>{item}</{name}>\n"));
            lines.collect()
        };
        format!(
            "<CORSConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\n  <CORSRule>\n{}{}{}    \
             <ExposeHeader>ETag</ExposeHeader>\n    <MaxAgeSeconds>600</MaxAgeSeconds>\n  </CORSRule>\n\
             </CORSConfiguration>\n",
            all("AllowedOrigin", &[&self.origin]),
            all("AllowedMethod", &METHODS),
            all("AllowedHeader", &HEADERS)
        )
    }
}

impl fmt::Display for NotAnOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text is no origin over TLS")
    }
}

impl std::error::Error for NotAnOrigin {}
