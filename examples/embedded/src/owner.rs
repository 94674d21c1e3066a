use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs, io};

use crate::Error;
use crate::error::Doing;

/// The user who runs the server: ourselves, or an ordinary one where we are root, since Postgres
/// refuses root.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    /// Who we are.
    pub(crate) me: u32,
    pub(crate) uid: u32,
    /// The group, where the user is not ourselves.
    pub(crate) gid: Option<u32>,
}

impl Owner {
    pub(crate) fn current() -> Result<Self, Error> {
        let status = Path::new("/proc/self/status");
        let text = fs::read_to_string(status).doing("read", status)?;
        let unclear = || io::Error::from(io::ErrorKind::InvalidData);
        let me = effective_uid(&text)
            .ok_or_else(unclear)
            .doing("understand", status)?;
        if me != 0 {
            return Ok(Self {
                me,
                uid: me,
                gid: None,
            });
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let user = ["postgres", "nobody"]
            .iter()
            .find_map(|name| entry(&passwd, name));
        let (uid, gid) = user.ok_or(Error::NoServerUser)?;
        Ok(Self {
            me,
            uid,
            gid: Some(gid),
        })
    }

    /// A program run by this user, undisturbed by our folder, locale and Postgres variables.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir("/")
            .env("LC_ALL", "C")
            .stdin(Stdio::null());
        for (name, _) in env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"PG") {
                command.env_remove(name);
            }
        }
        if let Some(gid) = self.gid {
            command.uid(self.uid).gid(gid);
        }
        command
    }
}

/// The second of four: real, effective, saved, file system.
fn effective_uid(status: &str) -> Option<u32> {
    let uids = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    uids.split_whitespace().nth(1)?.parse().ok()
}

/// The ids of a user who is listed, as initdb asks, and is not root under another name.
fn entry(passwd: &str, name: &str) -> Option<(u32, u32)> {
    let users = passwd
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let ids = users.filter_map(|fields| match fields[..] {
        [user, _, uid, gid, ..] if user == name => Some((uid.parse().ok()?, gid.parse().ok()?)),
        _ => None,
    });
    ids.into_iter().find(|(uid, _)| *uid != 0)
}

#[cfg(test)]
mod tests {
    use super::{effective_uid, entry};

    #[test]
    fn reads_the_effective_id() {
        assert_eq!(effective_uid("Name:\tx\nUid:\t7\t8\t9\t9\n"), Some(8));
        assert_eq!(effective_uid("Uid:\t7\n"), None);
    }

    #[test]
    fn takes_a_listed_user_who_is_not_root() {
        let passwd = "root:x:0:0::/:/bin/sh\npostgres:x:101:104::/:/bin/sh\ntoor:x:0:0::/:\n";
        assert_eq!(entry(passwd, "postgres"), Some((101, 104)));
        assert_eq!(entry(passwd, "toor"), None);
        assert_eq!(entry(passwd, "nobody"), None);
        assert_eq!(entry("nobody:x", "nobody"), None);
    }
}
