//! People in a real browser, against the server as a process of its own, as it starts with nothing
//! configured. The browser is the system's Chromium, what drives it comes from npm: skipped where either
//! is missing, or `WEFT_FETCH` is not set.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

#[allow(dead_code, reason = "nothing of PyPI's is asked here")]
#[path = "../../../../weft-webhooks/tests/webhooks/libraries.rs"]
mod libraries;
mod server;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use libraries::{folder, npm};
use server::Server;

const NPM: [&str; 2] = ["playwright-core@1.65.1", "axe-core@4.14.1"];

/// What all stories share.
const WORLD: (&str, &str) = ("world.mjs", include_str!("world.mjs"));
const LOOK: (&str, &str) = ("look.mjs", include_str!("look.mjs"));

macro_rules! stories {
    ($($name:literal),+) => { [$(($name, include_str!($name))),+] };
}

const STORIES: [(&str, &str); 11] = stories!(
    "sign-up.mjs",
    "links.mjs",
    "sessions.mjs",
    "forged.mjs",
    "policy.mjs",
    "members.mjs",
    "tokens.mjs",
    "keyboard.mjs",
    "sso.mjs",
    "pages.mjs",
    "attachments.mjs"
);
const MEASURED: &str = "attachments.mjs";

#[test]
fn people_use_the_pages() {
    let Some(chromium) = chromium() else {
        return println!("skipped: chromium is not installed");
    };
    let Some(_) = npm(WORLD.0, WORLD.1, &NPM) else {
        return;
    };
    let folder = folder("npm");
    for (name, story) in STORIES.into_iter().chain([LOOK]) {
        fs::write(folder.join(name), story).unwrap();
    }
    let only = std::env::var("WEFT_STORY").unwrap_or_default();
    let wanted = STORIES
        .map(|(name, _)| name)
        .into_iter()
        .filter(|name| name.contains(&only));
    let server = Server::start();
    // Who measures is alone with the server.
    let (alone, shared): (Vec<_>, Vec<_>) = wanted.partition(|name| *name == MEASURED);
    for some in [shared, alone].into_iter().filter(|some| !some.is_empty()) {
        let told = Command::new("node")
            .args(["--test", "--test-concurrency=2", "--test-reporter=spec"])
            .args(some)
            .current_dir(&folder)
            .env("WEFT_CHROMIUM", &chromium)
            .env("WEFT_ORIGIN", server.origin())
            .env("WEFT_PID", server.pid().to_string())
            .env("WEFT_TLS", server.tls())
            .env("NODE_EXTRA_CA_CERTS", server.certificate())
            .env("WEFT_PICTURES", pictures())
            .status();
        assert!(told.unwrap().success(), "a story went otherwise");
    }
}

/// The system's browser, wherever that is.
fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders = std::env::split_paths(&path);
    let mut files = folders.flat_map(|folder| NAMES.map(|name| folder.join(name)));
    files.find(|file| file.is_file())
}

const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Where pictures of pages are left, to be looked at.
fn pictures() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    fs::create_dir_all(&folder).unwrap();
    folder
}
