//! Where a store listens.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};

use super::disk;
use super::settings::Settings;

/// At the port that it was told; at any, but where it was the last time if nobody else is there: pages that
/// are open know that one.
pub(super) fn listen(settings: &Settings) -> io::Result<TcpListener> {
    let at = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let last = disk::if_there(fs::read_to_string(settings.folder.join(PORT)))?;
    let last = last.and_then(|last| last.parse().ok());
    match (settings.port, last) {
        (0, Some(last)) => at(last).or_else(|_| at(0)),
        (port, _) => at(port),
    }
}

/// Has the next one listen there too.
pub(super) fn remember(settings: &Settings) -> io::Result<()> {
    fs::write(settings.folder.join(PORT), settings.port.to_string())
}

const PORT: &str = "port";
