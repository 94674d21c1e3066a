//! The simple query protocol, as much of it as CREATE DATABASE needs.
//!
//! <https://www.postgresql.org/docs/current/protocol-flow.html>

use std::io::{self, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::Error;
use crate::error::Doing;

/// One row, each value as the server's text, `None` for NULL.
pub type Row = Vec<Option<String>>;

/// Version 3.0.
const PROTOCOL: i32 = 196_608;
/// No message we ask for comes near it.
const LONGEST_MESSAGE: usize = 16 << 20;

/// A server that is stopped in its tracks shall not stop us; statements may take their time.
const PATIENCE: Duration = Duration::from_secs(10);

/// One connection, trusted because its socket lies in a private folder.
#[derive(Debug)]
pub(crate) struct Session {
    stream: BufReader<UnixStream>,
}

impl Session {
    pub(crate) fn connect(socket: &Path, user: &str, database: &str) -> Result<Self, Error> {
        let stream = UnixStream::connect(socket).doing("connect to", socket)?;
        stream
            .set_read_timeout(Some(PATIENCE))
            .doing("set up", socket)?;
        let mut session = Self {
            stream: BufReader::new(stream),
        };
        let mut body = PROTOCOL.to_be_bytes().to_vec();
        for text in ["user", user, "database", database, ""] {
            body.extend(c_string(text)?);
        }
        session.send(None, &body)?;
        session.read_until_ready()?;
        session
            .stream
            .get_ref()
            .set_read_timeout(None)
            .doing("set up", socket)?;
        Ok(session)
    }

    /// Runs one or several statements; returns the rows of all of them.
    ///
    /// After anything but [`Error::Sql`] the session is of no more use.
    pub(crate) fn query(&mut self, sql: &str) -> Result<Vec<Row>, Error> {
        let body: Vec<u8> = c_string(sql)?.collect();
        self.send(Some(b'Q'), &body)?;
        self.read_until_ready()
    }

    fn send(&mut self, kind: Option<u8>, body: &[u8]) -> Result<(), Error> {
        let length =
            i32::try_from(body.len() + 4).map_err(|_| Error::Protocol("long statement"))?;
        let mut message = Vec::from_iter(kind);
        message.extend(length.to_be_bytes());
        message.extend(body);
        self.stream.get_mut().write_all(&message).map_err(lost)
    }

    fn read_until_ready(&mut self) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        let mut refused = None;
        let mut ready = false;
        while !ready {
            let (kind, body) = match self.receive() {
                Ok(message) => message,
                // A refused startup and a terminated session end with the error, then silence.
                Err(error) => return Err(refused.unwrap_or(error)),
            };
            match kind {
                b'R' if body != [0; 4] => return Err(Error::Protocol("a password is asked for")),
                b'E' => refused = Some(server_error(&body)),
                b'D' => rows.push(row(&body).ok_or(Error::Protocol("malformed row"))?),
                b'G' | b'H' | b'W' => return Err(Error::Protocol("copy is not spoken here")),
                b'Z' => ready = true,
                _ => {}
            }
        }
        refused.map_or(Ok(rows), Err)
    }

    fn receive(&mut self) -> Result<(u8, Vec<u8>), Error> {
        let mut head = [0; 5];
        self.stream.read_exact(&mut head).map_err(lost)?;
        let [kind, length @ ..] = head;
        let length = usize::try_from(i32::from_be_bytes(length))
            .ok()
            .and_then(|length| length.checked_sub(4))
            .filter(|length| *length <= LONGEST_MESSAGE)
            .ok_or(Error::Protocol("message of impossible length"))?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).map_err(lost)?;
        Ok((kind, body))
    }
}

fn lost(source: io::Error) -> Error {
    Error::Io {
        doing: "talk to the server".to_owned(),
        source,
    }
}

fn c_string(text: &str) -> Result<impl Iterator<Item = u8>, Error> {
    if text.contains('\0') {
        return Err(Error::Protocol("text with a zero byte"));
    }
    Ok(text.bytes().chain([0]))
}

/// A count, then for each column its length (-1 for NULL) and bytes.
fn row(mut body: &[u8]) -> Option<Row> {
    let columns = u16::from_be_bytes(*body.split_off(..2)?.first_chunk()?);
    let row = (0..columns).map(|_| {
        let length = i32::from_be_bytes(*body.split_off(..4)?.first_chunk()?);
        if length == -1 {
            return Some(None);
        }
        let value = body.split_off(..usize::try_from(length).ok()?)?;
        Some(Some(String::from_utf8_lossy(value).into_owned()))
    });
    let row = row.collect::<Option<Row>>()?;
    body.is_empty().then_some(row)
}

/// Fields of one letter and a text: `C` is the SQLSTATE, `M` the message.
fn server_error(body: &[u8]) -> Error {
    let field = |letter| {
        let found = body
            .split(|byte| *byte == 0)
            .find_map(|field| field.strip_prefix(&[letter]));
        String::from_utf8_lossy(found.unwrap_or_default()).into_owned()
    };
    Error::Sql {
        code: field(b'C'),
        message: field(b'M'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a session makes of these bytes, after which the server is gone.
    fn answer(bytes: &[u8]) -> Result<Vec<Row>, Error> {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(bytes).unwrap();
        theirs.shutdown(std::net::Shutdown::Write).unwrap();
        Session {
            stream: BufReader::new(ours),
        }
        .query("SELECT")
    }

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = i32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&[kind], &length[..], body].concat()
    }

    #[test]
    fn reads_rows_of_texts_and_nulls() {
        let row = message(b'D', b"\0\x02\0\0\0\x02ab\xff\xff\xff\xff");
        let bytes = [
            message(b'T', b"?"),
            row,
            message(b'C', b"?"),
            message(b'Z', b"I"),
        ]
        .concat();
        assert_eq!(answer(&bytes).unwrap(), [[Some("ab".to_owned()), None]]);
    }

    #[test]
    fn tells_the_code_and_message_of_a_refusal_even_if_the_server_then_goes() {
        let refused = message(b'E', b"SERROR\0C42P04\0Mno\0\0");
        for end in [message(b'Z', b"I"), Vec::new()] {
            let error = answer(&[refused.clone(), end].concat()).unwrap_err();
            assert_eq!(error.to_string(), "no (sqlstate 42P04)");
        }
    }

    #[test]
    fn survives_malformed_answers() {
        let rows: [&[u8]; 6] = [
            b"",
            b"\0",
            b"\0\x01",
            b"\0\x01\0\0\0\x02a",
            b"\0\x01\xff\xff\xff\xfe",
            b"\0\x01\xff\xff\xff\xffrest",
        ];
        for row in rows {
            assert!(
                matches!(answer(&message(b'D', row)), Err(Error::Protocol(_))),
                "{row:?}"
            );
        }
        for length in [-1, 0, 3, i32::MAX, i32::MIN] {
            let bytes = [&b"D"[..], &length.to_be_bytes()].concat();
            assert!(
                matches!(answer(&bytes), Err(Error::Protocol(_))),
                "{length}"
            );
        }
        for bytes in [&b""[..], b"D", b"D\0\0\0", b"D\0\0\0\x09abc"] {
            assert!(matches!(answer(bytes), Err(Error::Io { .. })), "{bytes:?}");
        }
        assert!(
            matches!(answer(&message(b'E', b"")), Err(Error::Sql { code, .. }) if code.is_empty())
        );
    }

    #[test]
    fn refuses_what_it_does_not_speak() {
        for bytes in [
            message(b'R', &[0, 0, 0, 3]),
            message(b'R', b""),
            message(b'G', b""),
        ] {
            assert!(
                matches!(answer(&bytes), Err(Error::Protocol(_))),
                "{bytes:?}"
            );
        }
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let mut session = Session {
            stream: BufReader::new(ours),
        };
        assert!(matches!(session.query("a\0b"), Err(Error::Protocol(_))));
    }
}
