#![doc = include_str!("../README.md")]

mod answer;
mod bucket;
mod cors;
mod credentials;
mod download;
mod encode;
mod encryption;
#[cfg(feature = "envelope")]
pub mod envelope;
mod file_name;
mod identity;
mod key;
mod region;
mod signed;
mod sigv4;
mod sniff;
mod stamp;
mod store;
mod ttl;
mod upload;
mod worker;

pub use answer::{Answer, Code, Found, Listed, Object, Skew, StoreError, Version, Versions};
pub use bucket::{Bucket, BucketError};
pub use cors::{Cors, NotAnOrigin};
pub use credentials::{Credentials, CredentialsError};
pub use download::Downloads;
pub use encryption::{Encryption, KmsKey, NotAKmsKey};
pub use file_name::FileName;
pub use key::{Extension, Key, KeyError, Kind, Prefix};
pub use region::{Jurisdiction, Region};
pub use signed::{SignedRequest, SignedUrl};
pub use sniff::{SNIFFED, Sniffed, Unfit, agrees, fit, sniff};
pub use store::Store;
pub use ttl::{Ttl, TtlError};
pub use upload::{
    ContentType, ETag, Form, Multipart, NotAContentType, NotFromAStore, Sha256, SignedPut, Sizes,
    Upload, UploadError, UploadId, Uploads,
};
pub use worker::Worker;
