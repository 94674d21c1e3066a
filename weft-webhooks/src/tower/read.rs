use std::future::poll_fn;
use std::pin::pin;
use std::time::{Duration, SystemTime};

use bytes::Buf;
use http::HeaderMap;
use http_body::Body;

use crate::{Refusal, RefusalKind, Verified, Verifier};

/// Reads a request and verifies it: what its headers alone give away is refused before its body is
/// read, and the body is read as [`read_body`] does.
///
/// ```
/// # use std::time::SystemTime;
/// use weft_webhooks::{Verifier, tower};
///
/// async fn handle<B: http_body::Body>(stripe: &Verifier, request: http::Request<B>) -> http::Response<String> {
///     let (parts, body) = request.into_parts();
///     let now = SystemTime::now();
///     match tower::receive(stripe, &parts.headers, body, tower::WITHIN, now).await {
///         Ok(verified) => http::Response::new(format!("{} bytes", verified.body().len())),
///         Err(refusal) => tower::refused(refusal),
///     }
/// }
/// ```
///
/// # Errors
/// As [`Verifier::verify`] and [`read_body`].
pub async fn receive<B: Body>(
    verifier: &Verifier,
    headers: &HeaderMap,
    body: B,
    within: Duration,
    now: SystemTime,
) -> Result<Verified, Refusal> {
    verifier.check_headers(headers, now)?;
    let body = read_body(body, verifier.body_limit(), within).await?;
    verifier.verify(headers, body, now)
}

/// Reads a body of at most `limit` bytes that arrives `within` a time.
///
/// Memory follows what arrived: at most twice that, and never more than the limit. A body whose
/// announced length is over the limit is not read at all.
///
/// # Errors
/// When the body is over the limit, slower than that, or ends before its end.
pub async fn read_body<B: Body>(
    body: B,
    limit: usize,
    within: Duration,
) -> Result<Vec<u8>, Refusal> {
    if body.size_hint().lower() > limit as u64 {
        return Err(Refusal::new(RefusalKind::BodyTooLarge));
    }
    let slow = |_| Err(Refusal::new(RefusalKind::BodyTimeout));
    tokio::time::timeout(within, read(body, limit))
        .await
        .unwrap_or_else(slow)
}

async fn read<B: Body>(body: B, limit: usize) -> Result<Vec<u8>, Refusal> {
    let mut body = pin!(body);
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame = frame.map_err(|_| Refusal::new(RefusalKind::BodyIncomplete))?;
        // Trailers are not signed.
        let Ok(mut data) = frame.into_data() else {
            continue;
        };
        let length = bytes.len().saturating_add(data.remaining());
        if length > limit {
            return Err(Refusal::new(RefusalKind::BodyTooLarge));
        }
        if length > bytes.capacity() {
            let room = length.max(bytes.len().saturating_mul(2)).min(limit);
            bytes.reserve_exact(room - bytes.len());
        }
        while data.has_remaining() {
            let chunk = data.chunk();
            bytes.extend_from_slice(chunk);
            let read = chunk.len();
            data.advance(read);
        }
    }
    Ok(bytes)
}
