//! Where the bytes of files are: a bucket, and who may do what in it.

use weft_storage::{Downloads, Uploads, Worker};

/// A bucket, with an identity for each thing that is done there.
#[derive(Debug, Clone)]
pub struct ObjectStore {
    /// Signs what browsers send there.
    pub uploads: Uploads,
    /// Signs what they fetch from there.
    pub downloads: Downloads,
    /// Signs what the server itself asks and deletes.
    pub worker: Worker,
}
