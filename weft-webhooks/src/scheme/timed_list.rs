use std::time::SystemTime;

use http::{HeaderMap, HeaderName};

use super::{Before, Claim, Signatures, Signed, SignedBy};
use crate::headers;
use crate::limits::Limits;
use crate::mac::Signature;
use crate::{Encoding, Refusal, RefusalKind, SignError, Window};

/// `t=<time>,v1=<hex>,v1=<hex>…` over `<time>.<body>`.
#[derive(Debug, Clone)]
pub(super) struct TimedList {
    pub(super) header: HeaderName,
    pub(super) window: Window,
    /// Whether a space may follow a comma.
    pub(super) spaced: bool,
}

/// What is signed in front of the body.
fn before(time: &str) -> Before<'_> {
    [time, ".", "", ""]
}

impl TimedList {
    pub(super) fn claim<'h>(
        &self,
        headers: &'h HeaderMap,
        limits: Limits,
        now: SystemTime,
    ) -> Result<Claim<'h>, Refusal> {
        let text = headers::one(headers, &self.header, limits.header)?;
        let mut signatures = Signatures::new(limits.signatures);
        let mut time = None;
        for item in text.split(',') {
            match self.item(item) {
                None => return Err(Refusal::new(RefusalKind::MalformedHeader)),
                Some(("t", text)) if time.is_none() => time = Some(text),
                Some(("t", _)) => return Err(Refusal::new(RefusalKind::Timestamp)),
                Some(("v1", text)) => {
                    signatures.add(Encoding::Hex.decode(text).map(Signature::Hmac))?;
                }
                Some(_) => {}
            }
        }
        let time = time.ok_or(Refusal::new(RefusalKind::Timestamp))?;
        Ok(Claim {
            signatures: signatures.decoded,
            signed_at: Some(self.window.admit(time, now)?),
            before: before(time),
            message_id: None,
        })
    }

    pub(super) fn sign(&self, now: SystemTime, by: SignedBy<'_>) -> Result<Signed, SignError> {
        let time = self.window.write(now).ok_or(SignError::Time)?;
        let comma = if self.spaced { ", " } else { "," };
        let signatures = by(&before(&time));
        let items = signatures.iter().map(|signature| {
            let text = Encoding::Hex.encode(signature.as_bytes());
            format!("{comma}v1={text}")
        });
        let items: String = items.collect();
        Ok(vec![(self.header.clone(), format!("t={time}{items}"))])
    }

    fn item<'h>(&self, item: &'h str) -> Option<(&'h str, &'h str)> {
        let item = match item.strip_prefix(' ') {
            Some(rest) if self.spaced => rest,
            _ => item,
        };
        item.split_once('=')
    }
}
