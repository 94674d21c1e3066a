use std::io::{self, BufRead, BufReader, Read, Write, stdin, stdout};
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use zeroize::Zeroizing;

use super::server::Server;
use super::settings::Settings;

/// What a child says once it serves.
pub(super) const READY: &str = "ready\n";

/// The whole of a child process. Its standard input is a socket to its parent: there it reads its settings,
/// in one line, and says when it is ready; with its end it ends too, and so does not outlive its parent. Its
/// standard output is the socket that it serves at, which stays its parent's.
///
/// # Errors
/// When it was not started so, the settings cannot be read or the folder not be used.
pub fn child() -> io::Result<()> {
    let parent = UnixStream::from(stdin().as_fd().try_clone_to_owned()?);
    let listener = TcpListener::from(stdout().as_fd().try_clone_to_owned()?);
    let mut from_parent = BufReader::new(&parent);
    let mut line = Zeroizing::new(String::new());
    from_parent.read_line(&mut line)?;
    let settings: Settings = serde_json::from_str(&line).map_err(io::Error::other)?;
    drop(line);
    let server = Server::start(listener, &settings)?;
    (&parent).write_all(READY.as_bytes())?;
    // However it ends.
    let _ = from_parent.read_to_end(&mut Vec::new());
    drop(server);
    Ok(())
}
