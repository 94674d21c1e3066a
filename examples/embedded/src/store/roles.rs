use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::Credentials;
use s3s::{S3ErrorCode, S3Result};

use super::refused::denied;
use super::settings::Settings;

/// What each access key is for.
///
/// It is asked once s3s has verified the signature and found out what a request does.
#[derive(Clone)]
pub(super) struct Roles {
    writer: String,
    reader: String,
    worker: String,
}

/// Uploads by a form come in by a way of their own: [`Roles::may_post`].
const WRITER: &[&str] = &[
    "PutObject",
    "CreateMultipartUpload",
    "UploadPart",
    "CompleteMultipartUpload",
    "AbortMultipartUpload",
];
const READER: &[&str] = &["GetObject"];
const WORKER: &[&str] = &["GetObject", "HeadObject", "ListObjectsV2", "DeleteObject"];

impl Roles {
    pub(super) fn new(settings: &Settings) -> Roles {
        Roles {
            writer: settings.writer.access_key().to_owned(),
            reader: settings.reader.access_key().to_owned(),
            worker: settings.worker.access_key().to_owned(),
        }
    }

    fn may(&self, who: Option<&Credentials>) -> &'static [&'static str] {
        match who.map(|who| &who.access_key) {
            Some(key) if *key == self.writer => WRITER,
            Some(key) if *key == self.reader => READER,
            Some(key) if *key == self.worker => WORKER,
            _ => &[],
        }
    }

    /// Whether a form with a verified signature may be taken.
    pub(super) fn may_post(&self, who: Option<&Credentials>) -> S3Result<()> {
        match who {
            Some(who) if who.access_key == self.writer => Ok(()),
            _ => Err(denied("this access key may not upload")),
        }
    }
}

#[async_trait::async_trait]
impl S3Access for Roles {
    async fn check(&self, asked: &mut S3AccessContext<'_>) -> S3Result<()> {
        let what = asked.s3_op().name();
        match self.may(asked.credentials()).contains(&what) {
            true => Ok(()),
            false => Err(S3ErrorCode::AccessDenied.into()),
        }
    }
}
