use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hyper::body::Incoming;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Method, Request, Response};
use s3s::auth::SimpleAuth;
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, S3Error, S3ErrorCode};
use tokio::time::timeout;

use super::access::Access;
use super::cors::Cors;
use super::folder::Folder;
use super::form::{Forms, Pending};
use super::object::Objects;
use super::roles::Roles;
use super::server::PATIENCE;
use super::settings::Settings;
use super::visit::Visit;

/// What answers: the rules here first, then s3s, which verifies signatures.
pub(super) struct Service {
    access: Access,
    cors: Cors,
    s3: S3Service,
    /// How long the fields of a form may take.
    patience: Duration,
}

/// What is served is saved and never shown, run or embedded.
const HEADERS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; sandbox",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
];

impl Service {
    pub(super) fn new(settings: &Settings, port: u16) -> io::Result<Service> {
        let invalid = |what: &'static str| io::Error::new(io::ErrorKind::InvalidInput, what);
        let cors = Cors::new(&settings.origin).ok_or_else(|| invalid("the origin is none"))?;
        let bucket = weft_storage::Bucket::embedded(port, &settings.bucket);
        let access = Access::new(&bucket.map_err(io::Error::other)?);
        let master = settings.master.keys().map_err(io::Error::other)?;
        let folder = Arc::new(Folder::open(settings, master)?);

        let mut logins = SimpleAuth::new();
        for login in [&settings.writer, &settings.reader, &settings.worker] {
            // Empty ones are refused here.
            login.credentials().map_err(io::Error::other)?;
            if logins
                .register(login.access_key().to_owned(), login.expose().into())
                .is_some()
            {
                return Err(invalid("two logins have the same access key"));
            }
        }
        let roles = Roles::new(settings);
        let mut s3 = S3ServiceBuilder::new(Objects::new(Arc::clone(&folder)));
        let mut limits = S3Config::default();
        limits.xml_max_body_size = 4 << 20;
        s3.set_config(Arc::new(StaticConfigProvider::new(Arc::new(limits))));
        s3.set_auth(logins);
        s3.set_access(roles.clone());
        s3.set_route(Forms::new(folder, roles, &settings.bucket));
        Ok(Service {
            access,
            cors,
            s3: s3.build(),
            patience: settings.slowest.min(PATIENCE),
        })
    }

    pub(super) async fn answer(
        &self,
        mut request: Request<Incoming>,
        visit: Arc<Visit>,
    ) -> Response<Body> {
        request.extensions_mut().insert(Arc::clone(&visit));
        let from_there = self.cors.is_from(request.headers());
        let answered = match request.method() {
            &Method::OPTIONS => Ok(self.cors.preflight(&request.into_parts().0)),
            _ => self.serve(request, &visit).await,
        };
        let refused = |error: S3Error| error.to_http_response();
        let mut response = answered.or_else(refused).unwrap_or_default();
        let headers = response.headers_mut();
        for (name, value) in HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let kept = headers.entry(header::CACHE_CONTROL);
        kept.or_insert(HeaderValue::from_static("no-store"));
        self.cors.apply(from_there, headers);
        response
    }

    async fn serve(
        &self,
        request: Request<Incoming>,
        visit: &Visit,
    ) -> Result<Response<Body>, S3Error> {
        let (head, body) = request.into_parts();
        self.access.place(&head)?;
        let request = if Pending::is_one(&head) {
            self.access.form(&head)?;
            let read = timeout(self.patience, Pending::read(head, body)).await;
            read.map_err(|_| S3Error::from(S3ErrorCode::RequestTimeout))??
        } else {
            self.access.signed(&head, SystemTime::now())?;
            Request::from_parts(head, Body::from(body))
        };
        visit.has_said_all();
        let answered = self.s3.call(request).await;
        answered.map_err(|_| S3ErrorCode::InternalError.into())
    }
}
