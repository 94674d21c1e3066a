//! HTTP as it is written, so that nothing is tidied on its way.

use std::io::{Read, Write};
use std::net::TcpStream;

use weft_storage::SignedRequest;

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// To a URL or to a target.
    pub(crate) fn new(method: &str, url: &str) -> Request {
        let target = match url.strip_prefix("http://") {
            Some(rest) => &rest[rest.find('/').unwrap()..],
            None => url,
        };
        Request {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn signed(signed: &SignedRequest) -> Request {
        Request::new(signed.method(), signed.url())
            .with_headers(signed.headers())
            .with_body(signed.body())
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn with_headers<'h, 'v>(
        self,
        headers: impl IntoIterator<Item = (&'h str, &'v str)>,
    ) -> Request {
        headers
            .into_iter()
            .fold(self, |request, (name, value)| request.with(name, value))
    }

    /// The same with another value in a header that it has.
    pub(crate) fn but(mut self, name: &str, value: &str) -> Request {
        let header = self.headers.iter_mut().find(|(has, _)| has == name);
        value.clone_into(&mut header.unwrap().1);
        self
    }

    pub(crate) fn with_body(mut self, body: &[u8]) -> Request {
        self.body = body.to_vec();
        self
    }

    fn has(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(has, _)| has.eq_ignore_ascii_case(name))
    }

    pub(crate) fn send(&self, port: u16) -> Response {
        // Whoever refuses does not read on.
        self.begin(port, self.body.len()).end(&[])
    }

    /// Sends it up to so many bytes of its body.
    pub(crate) fn begin(&self, port: u16, sent: usize) -> Begun {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nConnection: close\r\n",
            self.method, self.target
        );
        if !self.has("host") {
            head.push_str(&format!("Host: 127.0.0.1:{port}\r\n"));
        }
        if !self.has("content-length") && ["PUT", "POST"].contains(&self.method.as_str()) {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        let _ = stream.write_all(&self.body[..sent]);
        Begun(stream)
    }
}

/// A request of which not all was sent yet.
pub(crate) struct Begun(TcpStream);

impl Begun {
    /// Whether some of the answer is there, which stays unread.
    pub(crate) fn has_begun(&self) -> bool {
        self.0.set_nonblocking(true).unwrap();
        let seen = self.0.peek(&mut [0]);
        self.0.set_nonblocking(false).unwrap();
        seen.is_ok_and(|seen| seen > 0)
    }

    /// Whether it ends without an answer.
    pub(crate) fn ends_unanswered(mut self) -> bool {
        let mut bytes = Vec::new();
        let _ = self.0.read_to_end(&mut bytes);
        bytes.is_empty()
    }

    /// Sends the rest, and reads the answer.
    pub(crate) fn end(mut self, rest: &[u8]) -> Response {
        let _ = self.0.write_all(rest);
        let mut bytes = Vec::new();
        let _ = self.0.read_to_end(&mut bytes);
        Response::parse(&bytes).expect("an answer")
    }
}

impl Response {
    fn parse(bytes: &[u8]) -> Option<Response> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = str::from_utf8(&bytes[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: Option<_> = lines
            .map(|line| {
                let (name, value) = line.split_once(':')?;
                Some((name.to_ascii_lowercase(), value.trim().to_owned()))
            })
            .collect();
        let mut response = Response {
            status,
            headers: headers?,
            body: bytes[end + 4..].to_vec(),
        };
        if response.header("transfer-encoding") == Some("chunked") {
            response.body = unchunked(&response.body)?;
        }
        Some(response)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter().filter(|(has, _)| has == name);
        let value = headers.next().map(|(_, value)| value.as_str());
        assert!(headers.next().is_none(), "{name} comes twice");
        value
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The word for an error that is in the body.
    pub(crate) fn code(&self) -> String {
        let text = self.text();
        let code = text
            .split_once("<Code>")
            .and_then(|(_, rest)| rest.split_once("</Code>"));
        code.map(|(code, _)| code.to_owned()).unwrap_or_default()
    }
}

fn unchunked(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end = bytes.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(str::from_utf8(&bytes[..end]).ok()?, 16).ok()?;
        if size == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(bytes.get(end + 2..end + 2 + size)?);
        bytes = bytes.get(end + 2 + size + 2..)?;
    }
}
