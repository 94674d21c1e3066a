//! Uploads by a form with a policy (POST). s3s would hold the whole file in memory, and has exceptions for
//! fields that no policy knows of; so it verifies a form with the signed fields and no file, and what it
//! verified is checked and taken here, while it comes.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html>

mod fields;
mod multipart;
mod policy;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::http::Extensions;
use hyper::http::request::Parts;
use hyper::{Method, Request, StatusCode, Uri};
use s3s::route::S3Route;
use s3s::{Body, S3Error, S3ErrorCode, S3Request, S3Response, S3Result};
use tokio::sync::Notify;

use self::fields::Fields;
use self::multipart::Multipart;
use self::policy::Policy;
use super::access::one;
use super::folder::Folder;
use super::object::{blocking, key_of, receive, sha256_of, type_of, verify};
use super::refused::{failed, invalid};
use super::roles::Roles;
use super::visit::Visit;

/// Takes forms whose signature s3s has verified.
pub(super) struct Forms {
    folder: Arc<Folder>,
    roles: Roles,
    bucket: String,
}

/// A form that has come up to its file.
#[derive(Clone)]
pub(super) struct Pending(Arc<Mutex<Option<Upload>>>);

struct Upload {
    fields: Fields,
    file: Multipart,
}

impl Pending {
    /// Whether it is a form. s3s, too, goes by the type alone, whatever else there is.
    pub(super) fn is_one(head: &Parts) -> bool {
        let types = head.headers.get_all(header::CONTENT_TYPE);
        let is_form = |value: &HeaderValue| {
            let start = value.as_bytes().get(..9).unwrap_or_default();
            start.eq_ignore_ascii_case(b"multipart")
        };
        head.method == Method::POST && types.iter().any(is_form)
    }

    /// Reads up to the file, and makes of the signed fields what s3s is to verify.
    pub(super) async fn read(head: Parts, body: Incoming) -> S3Result<Request<Body>> {
        let content_type = one(&head.headers, header::CONTENT_TYPE)?.unwrap_or_default();
        let mut file = Multipart::new(content_type, body)?;
        let fields = Fields::read(&mut file).await?;
        let mut form = String::new();
        for name in fields::SIGNED {
            let value = fields.signed(name)?;
            form.push_str(&format!(
                "--form\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        form.push_str(
            "--form\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\r\n--form--\r\n",
        );

        let mut request = Request::from_parts(head, Body::from(form.clone()));
        let kept = request.headers().get(header::HOST).cloned();
        let mut headers = HeaderMap::new();
        headers.extend(kept.map(|host| (header::HOST, host)));
        let kind = HeaderValue::from_static("multipart/form-data; boundary=form");
        headers.insert(header::CONTENT_TYPE, kind);
        headers.insert(header::CONTENT_LENGTH, form.len().into());
        *request.headers_mut() = headers;
        let pending = Pending(Arc::new(Mutex::new(Some(Upload { fields, file }))));
        request.extensions_mut().insert(pending);
        Ok(request)
    }
}

impl Forms {
    pub(super) fn new(folder: Arc<Folder>, roles: Roles, bucket: &str) -> Forms {
        let bucket = bucket.to_owned();
        Forms {
            folder,
            roles,
            bucket,
        }
    }

    async fn take(
        &self,
        Upload { fields, file }: Upload,
        end: Arc<Notify>,
    ) -> S3Result<S3Response<Body>> {
        let policy = Policy::parse(fields.get("policy").unwrap_or_default())?;
        let sizes = policy.check(&fields, &self.bucket, SystemTime::now())?;
        let key = key_of(fields.get("key").unwrap_or_default())?;
        let content_type = type_of(fields.get("content-type"))?;
        let sha256 = sha256_of(fields.get("x-amz-checksum-sha256"))?;
        let done = Done::of(&fields)?;

        let folder = Arc::clone(&self.folder);
        let mut draft = blocking(move || folder.create(&key, &end)).await?;
        draft.limit(*sizes.end());
        let draft = receive(file.into_stream(), draft).await?;
        if draft.size() < *sizes.start() {
            return Err(S3ErrorCode::EntityTooSmall.into());
        }
        verify(&draft, sha256)?;
        let folder = Arc::clone(&self.folder);
        let kept = blocking(move || folder.keep(&key, draft, &content_type)).await?;
        done.answer(&self.bucket, &key.to_string(), &kept.tag())
    }
}

#[async_trait::async_trait]
impl S3Route for Forms {
    fn is_match(&self, _: &Method, _: &Uri, _: &HeaderMap, extensions: &mut Extensions) -> bool {
        extensions.get::<Pending>().is_some()
    }

    async fn check_access(&self, request: &mut S3Request<Body>) -> S3Result<()> {
        self.roles.may_post(request.credentials.as_ref())
    }

    async fn call(&self, mut request: S3Request<Body>) -> S3Result<S3Response<Body>> {
        let end = Visit::end_of(&request.extensions)?;
        let pending = request.extensions.remove::<Pending>();
        let upload = pending.and_then(|Pending(upload)| {
            upload.lock().unwrap_or_else(PoisonError::into_inner).take()
        });
        match upload {
            Some(upload) => self.take(upload, end).await,
            None => Err(S3ErrorCode::InternalError.into()),
        }
    }
}

/// What a browser is told in the end.
enum Done {
    SeeOther(Uri),
    Status(StatusCode),
}

impl Done {
    fn of(fields: &Fields) -> S3Result<Done> {
        if let Some(url) = fields.get("success_action_redirect") {
            let url: Result<Uri, _> = url.parse();
            return url
                .map(Done::SeeOther)
                .map_err(|_| invalid("the redirect is no address"));
        }
        match fields.get("success_action_status") {
            None | Some("204") => Ok(Done::Status(StatusCode::NO_CONTENT)),
            Some("200") => Ok(Done::Status(StatusCode::OK)),
            Some("201") => Ok(Done::Status(StatusCode::CREATED)),
            Some(_) => Err(invalid("the status is none of 200, 201 and 204")),
        }
    }

    fn answer(self, bucket: &str, key: &str, tag: &str) -> S3Result<S3Response<Body>> {
        let value = |text: String| {
            HeaderValue::try_from(text).map_err(|error| failed(std::io::Error::other(error)))
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::ETAG, value(format!("\"{tag}\""))?);
        let mut body = Body::empty();
        let status = match self {
            Done::Status(status) => {
                if status == StatusCode::CREATED {
                    headers.insert(
                        header::CONTENT_TYPE,
                        HeaderValue::from_static("application/xml"),
                    );
                    let xml = format!(
                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PostResponse><Bucket>{bucket}</Bucket>\
                         <Key>{key}</Key><ETag>&quot;{tag}&quot;</ETag></PostResponse>"
                    );
                    body = Body::from(xml);
                }
                status
            }
            Done::SeeOther(url) => {
                // As S3 does: where it came from is in the address.
                let joint = if url.query().is_some() { '&' } else { '?' };
                let key = key.replace('/', "%2F");
                let url = format!("{url}{joint}bucket={bucket}&key={key}&etag=%22{tag}%22");
                headers.insert(header::LOCATION, value(url)?);
                StatusCode::SEE_OTHER
            }
        };
        let mut response = S3Response::new(body);
        response.status = Some(status);
        response.headers = headers;
        Ok(response)
    }
}

/// A policy or a form that is not as it has to be.
fn malformed(why: &'static str) -> S3Error {
    S3Error::with_message(S3ErrorCode::MalformedPOSTRequest, why)
}

/// The policy as it is signed: base64 of JSON.
fn decoded(policy: &str) -> S3Result<Vec<u8>> {
    STANDARD
        .decode(policy)
        .map_err(|_| malformed("the policy is not base64"))
}
