use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use ring::digest::{Context, SHA256};
use tokio::time::Instant;
use weft_storage::envelope::{DataKey, Sealing};

use super::disk;
use super::places::Place;

/// What is known of an object besides its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) content_type: String,
    pub(super) sha256: [u8; 32],
}

/// A sealed file that is being written, and is gone with this value unless it gets a name.
pub(super) struct Draft {
    sealing: Sealing<File>,
    file: Removed,
    digest: Context,
    size: u64,
    most: u64,
    /// Until when it has to be there.
    pub(super) until: Instant,
    // Free once the file is gone.
    _place: Place,
}

/// What a draft may take.
pub(super) struct Leave {
    /// How many bytes.
    pub(super) most: u64,
    /// Until when.
    pub(super) until: Instant,
    /// Among those that send or are sent something.
    pub(super) place: Place,
}

/// A path that is removed at the end.
struct Removed(PathBuf);

/// The bytes behind an object's own, within its stream: checksum, length of the type, type.
pub(super) const FACTS: usize = 32 + 1 + 255;

impl Draft {
    /// A draft, sealed as `name`.
    pub(super) fn new(path: PathBuf, key: &DataKey, name: &str, leave: Leave) -> io::Result<Draft> {
        let to = disk::new_file(&path)?;
        let file = Removed(path);
        Ok(Draft {
            sealing: Sealing::new(to, key, name.as_bytes())?,
            file,
            digest: Context::new(&SHA256),
            size: 0,
            most: leave.most,
            until: leave.until,
            _place: leave.place,
        })
    }

    /// Allows no more than that.
    pub(super) fn limit(&mut self, most: u64) {
        self.most = self.most.min(most);
    }

    /// # Errors
    /// With `FileTooLarge` when it is more than is allowed.
    pub(super) fn write(&mut self, plain: &[u8]) -> io::Result<()> {
        self.size += plain.len() as u64;
        if self.size > self.most {
            return Err(ErrorKind::FileTooLarge.into());
        }
        self.digest.update(plain);
        self.sealing.write_all(plain)
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn sha256(&self) -> [u8; 32] {
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(self.digest.clone().finish().as_ref());
        sha256
    }

    /// Ends it as an object of that type, and has `give` give it a name.
    pub(super) fn finish(
        mut self,
        content_type: &str,
        give: impl FnOnce(&Path) -> io::Result<()>,
    ) -> io::Result<Facts> {
        let facts = Facts {
            content_type: content_type.to_owned(),
            sha256: self.sha256(),
        };
        self.sealing.write_all(&facts.to_bytes()?)?;
        self.sealing.finish()?.sync_all()?;
        give(&self.file.0)?;
        Ok(facts)
    }
}

impl Facts {
    fn to_bytes(&self) -> io::Result<[u8; FACTS]> {
        let length = u8::try_from(self.content_type.len()).map_err(|_| ErrorKind::InvalidInput)?;
        let mut bytes = [0; FACTS];
        bytes[..32].copy_from_slice(&self.sha256);
        bytes[32] = length;
        bytes[33..33 + self.content_type.len()].copy_from_slice(self.content_type.as_bytes());
        Ok(bytes)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Facts> {
        let (sha256, rest) = bytes.split_first_chunk::<32>()?;
        let (length, rest) = rest.split_first()?;
        let content_type = str::from_utf8(rest.get(..usize::from(*length))?).ok()?;
        Some(Facts {
            content_type: content_type.to_owned(),
            sha256: *sha256,
        })
    }

    /// What this store calls these bytes.
    pub(super) fn tag(&self) -> String {
        self.sha256
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

impl Drop for Removed {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
