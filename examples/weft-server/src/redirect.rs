//! What plain HTTP gets: the same address with `https`, and nothing else.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Reads one request's head and answers it with a redirect.
///
/// # Errors
/// When the connection breaks.
pub async fn answer(mut stream: TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    let read = timeout(PATIENCE, async {
        let mut some = [0; 1024];
        while head.len() < LONGEST {
            let count = stream.read(&mut some).await?;
            head.extend_from_slice(&some[..count]);
            if count == 0 || head.windows(4).any(|end| end == b"\r\n\r\n") {
                break;
            }
        }
        Ok::<_, io::Error>(())
    });
    let Ok(()) = read
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    else {
        return Ok(());
    };
    let answer = match https(&head) {
        Some(location) => format!(
            "HTTP/1.1 308 Permanent Redirect\r\nLocation: {location}\r\n\
             Cache-Control: no-store\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        ),
        None => format!(
            "HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{PROBLEM}",
            PROBLEM.len()
        ),
    };
    timeout(PATIENCE, async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        // A body that is still on its way would reset the connection before the answer is read.
        let mut rest = [0; 4096];
        for _ in 0..16 {
            if stream.read(&mut rest).await? == 0 {
                break;
            }
        }
        Ok(())
    })
    .await
    .unwrap_or(Ok(()))
}

/// The address to redirect to, of a complete head that names a host and a path.
fn https(head: &[u8]) -> Option<String> {
    let end = head.windows(4).position(|end| end == b"\r\n\r\n")?;
    let mut lines = std::str::from_utf8(&head[..end]).ok()?.split("\r\n");
    let mut request = lines.next()?.split(' ');
    let (Some(_), Some(path), Some(version), None) = (
        request.next(),
        request.next(),
        request.next(),
        request.next(),
    ) else {
        return None;
    };
    let mut hosts = lines.filter_map(|line| line.split_once(':'));
    let mut hosts = hosts
        .by_ref()
        .filter(|(name, _)| name.eq_ignore_ascii_case("host"));
    let (host, None) = (hosts.next()?.1.trim_matches([' ', '\t']), hosts.next()) else {
        return None;
    };
    let fits = version.starts_with("HTTP/1.")
        && path.starts_with('/')
        && path.bytes().all(|b| b.is_ascii_graphic())
        && !host.is_empty()
        && host.len() <= 255
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
    fits.then(|| format!("https://{host}{path}"))
}

const PROBLEM: &str = r#"{"type":"about:blank","title":"Bad Request","status":400,"detail":"this port speaks https"}"#;

const LONGEST: usize = 8 * 1024;
const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::https;

    #[test]
    fn the_same_address_with_https() {
        let head = b"GET /api/orders?limit=3 HTTP/1.1\r\nhost: localhost:8443\r\nX: y\r\n\r\n";
        assert_eq!(
            https(head).as_deref(),
            Some("https://localhost:8443/api/orders?limit=3")
        );
    }

    #[test]
    fn nothing_else_is_redirected() {
        for head in [
            "GET / HTTP/1.1\r\nHost: a\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a/\r\n\r\n",
            "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / x HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / SMTP\r\nHost: a\r\n\r\n",
            "\r\n\r\n",
        ] {
            assert_eq!(https(head.as_bytes()), None, "{head:?}");
        }
    }
}
