use std::io::{self, Read, Write, stdin, stdout};

use super::server::Server;
use super::settings::Settings;

/// The whole of a child process: reads its settings from the first line of its input, says its address in
/// the first line of its output, and serves until its input ends, so that it does not outlive its parent.
///
/// # Errors
/// When the settings cannot be read, the folder not be used or the port not be listened on.
pub fn child() -> io::Result<()> {
    let mut line = zeroize::Zeroizing::new(String::new());
    stdin().read_line(&mut line)?;
    let settings: Settings = serde_json::from_str(&line).map_err(io::Error::other)?;
    drop(line);
    let server = Server::start(&settings)?;
    let mut out = stdout();
    writeln!(out, "http://127.0.0.1:{}", server.port())?;
    out.flush()?;
    stdin().read_to_end(&mut Vec::new())?;
    drop(server);
    Ok(())
}
