//! Objects that come in parts.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use uuid::Uuid;
use weft_storage::Key;

use super::disk;
use super::draft::{Draft, Facts};
use super::folder::Folder;

/// A folder for each upload that has begun: a file `upload` with its type, and a file for each part. All of
/// them are sealed under names with the object's key, so that they open as parts of no other object.
pub(super) struct Parts(PathBuf);

/// An upload that has begun.
pub(super) struct Begun<'f> {
    folder: &'f Folder,
    place: PathBuf,
    key: Key,
    name: String,
    content_type: String,
}

/// What a completed object is made of: the numbers of its parts, and what they are called.
pub(super) type Chosen = Vec<(u16, String)>;

/// After how long an upload that nobody ended is thrown away, when the store starts.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

impl Parts {
    pub(super) fn open(folder: PathBuf) -> io::Result<Parts> {
        disk::folder(&folder)?;
        for upload in fs::read_dir(&folder)? {
            let upload = upload?;
            let age = upload.metadata()?.modified()?.elapsed().unwrap_or_default();
            if age > ABANDONED {
                fs::remove_dir_all(upload.path())?;
            }
        }
        Ok(Parts(folder))
    }
}

impl Folder {
    /// Begins an upload, and says what it is called.
    pub(super) fn begin(
        &self,
        key: &Key,
        content_type: &str,
        end: &Arc<Notify>,
    ) -> io::Result<String> {
        let id = Uuid::new_v4().simple().to_string();
        let place = self.parts.0.join(&id);
        disk::folder(&place)?;
        let draft = self.draft(key, &name(key, &id), end)?;
        draft.finish(content_type, |draft| {
            disk::place(draft, &place.join("upload"))
        })?;
        Ok(id)
    }

    /// The upload of that name, if it has begun and is one of that object.
    pub(super) fn begun(&self, key: &Key, id: &str) -> io::Result<Option<Begun<'_>>> {
        let is_id = Uuid::try_parse(id).is_ok_and(|parsed| parsed.simple().to_string() == id);
        if !is_id {
            return Ok(None);
        }
        let place = self.parts.0.join(id);
        let name = name(key, id);
        let upload = match self.open_as(&place.join("upload"), key.tenant(), name.clone()) {
            // One of another object does not open.
            Err(error) if error.kind() == ErrorKind::InvalidData => None,
            opened => opened?,
        };
        Ok(upload.map(|upload| Begun {
            folder: self,
            place,
            key: *key,
            name,
            content_type: upload.facts.content_type,
        }))
    }
}

impl Begun<'_> {
    pub(super) fn part(&self, number: u16, end: &Arc<Notify>) -> io::Result<Draft> {
        self.folder.draft(&self.key, &self.part_name(number), end)
    }

    /// Takes a part, in place of one of that number.
    pub(super) fn keep(&self, number: u16, draft: Draft) -> io::Result<Facts> {
        draft.finish("", |draft| disk::replace(draft, &self.path(number)))
    }

    /// Makes the object of its parts; `None` if one of them is not there as it is called.
    pub(super) fn complete(self, chosen: &Chosen, end: &Arc<Notify>) -> io::Result<Option<Facts>> {
        let mut draft = self.folder.create(&self.key, end)?;
        for (number, tag) in chosen {
            let tenant = self.key.tenant();
            let part = self
                .folder
                .open_as(&self.path(*number), tenant, self.part_name(*number))?;
            let Some(mut part) = part.filter(|part| part.facts.tag() == *tag) else {
                return Ok(None);
            };
            part.read(0..part.size, |bytes| draft.write(bytes))?;
        }
        let facts = self.folder.keep(&self.key, draft, &self.content_type)?;
        self.abort()?;
        Ok(Some(facts))
    }

    /// Throws away what came.
    pub(super) fn abort(self) -> io::Result<()> {
        fs::remove_dir_all(&self.place)
    }

    fn path(&self, number: u16) -> PathBuf {
        Path::new(&self.place).join(number.to_string())
    }

    fn part_name(&self, number: u16) -> String {
        format!("{}#{number}", self.name)
    }
}

fn name(key: &Key, id: &str) -> String {
    format!("{key}#{id}")
}
