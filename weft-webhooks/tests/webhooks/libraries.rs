//! Other people's own libraries, from npm and PyPI: only where `WEFT_FETCH` is set, as it is in CI.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What runs `script` with the packages of npm installed; `None`, and why is said, where that is not
/// to be had.
pub(crate) fn npm(name: &str, script: &str, packages: &[&str]) -> Option<impl Fn() -> Command> {
    if !wanted(&["npm"]) {
        return None;
    }
    let folder = folder("npm");
    let install = [
        "install",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--prefix",
    ];
    let mut npm = Command::new("npm");
    run(npm.args(install).arg(&folder).args(packages), "");
    // Modules are looked for beside the script.
    let file = folder.join(name);
    std::fs::write(&file, script).unwrap();
    Some(move || {
        let mut node = Command::new("node");
        node.arg(&file);
        node
    })
}

/// The same with packages of PyPI.
pub(crate) fn pypi(script: &'static str, packages: &[&str]) -> Option<impl Fn() -> Command> {
    if !wanted(&["python3", "-m", "pip"]) {
        return None;
    }
    let folder = folder("pypi");
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--upgrade",
        "--no-deps",
        "--target",
    ];
    let mut pip = Command::new("python3");
    run(pip.args(install).arg(&folder).args(packages), "");
    Some(move || {
        let mut python = Command::new("python3");
        python.args(["-c", script]).env("PYTHONPATH", &folder);
        python
    })
}

fn wanted(installer: &[&str]) -> bool {
    if std::env::var_os("WEFT_FETCH").is_none() {
        println!("skipped: WEFT_FETCH is not set");
        return false;
    }
    let version = Command::new(installer[0])
        .args(&installer[1..])
        .arg("--version")
        .output();
    let found = version.is_ok_and(|output| output.status.success());
    if !found {
        println!("skipped: {} is not installed", installer.join(" "));
    }
    found
}

/// Where what `name` installs is.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("libraries")
        .join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// What the command says to `input`.
pub(crate) fn run(command: &mut Command, input: &str) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut to = child.stdin.take().unwrap();
    let input = input.to_owned();
    // Beside the reading: either pipe can be full.
    let writing = std::thread::spawn(move || to.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    writing.join().unwrap().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
