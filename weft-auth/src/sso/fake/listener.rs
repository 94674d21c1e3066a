use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use http::{Request, Response};

use super::{Delay, Fake, Lost};

/// A [`Fake`] on a port of the loopback, until it is dropped. One request for each connection.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    over: Arc<AtomicBool>,
}

/// The most bytes of a request, head and body each.
const LONGEST: u64 = 64 * 1024;

impl Listener {
    /// Serves that one.
    ///
    /// # Errors
    /// When there is no port to be had.
    pub fn start(fake: Arc<Fake>) -> io::Result<Listener> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let over = Arc::new(AtomicBool::new(false));
        let told = over.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if told.load(Ordering::Acquire) {
                    return;
                }
                let fake = fake.clone();
                // A client that breaks off is its own affair.
                thread::spawn(move || serve(&fake, &stream).ok());
            }
        });
        Ok(Listener { address, over })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        // Wakes the thread that waits for a connection.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(fake: &Fake, stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let request = read(stream)?;
    let response = fake.handle(request);
    if response.extensions().get::<Lost>().is_some() {
        return Ok(());
    }
    if let Some(Delay(time)) = response.extensions().get() {
        thread::sleep(*time);
    }
    write(stream, &response)
}

fn read(stream: &TcpStream) -> io::Result<Request<Vec<u8>>> {
    let malformed = || io::Error::from(io::ErrorKind::InvalidData);
    let mut reader = BufReader::new(stream);
    let mut head = reader.by_ref().take(LONGEST);
    let mut line = String::new();
    head.read_line(&mut line)?;
    let mut words = line.split_ascii_whitespace();
    let mut request = Request::builder()
        .method(words.next().ok_or_else(malformed)?)
        .uri(words.next().ok_or_else(malformed)?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        head.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(|_| malformed())?;
        }
        request = request.header(name, value.trim());
    }
    if length > LONGEST {
        return Err(malformed());
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    request.body(body).map_err(|_| malformed())
}

fn write(mut stream: &TcpStream, response: &Response<Vec<u8>>) -> io::Result<()> {
    let mut bytes = format!("HTTP/1.1 {}\r\n", response.status()).into_bytes();
    for (name, value) in response.headers() {
        bytes.extend_from_slice(format!("{name}: ").as_bytes());
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    let length = response.body().len();
    let rest = format!("content-length: {length}\r\nconnection: close\r\n\r\n");
    bytes.extend_from_slice(rest.as_bytes());
    bytes.extend_from_slice(response.body());
    stream.write_all(&bytes)
}
