use std::time::SystemTime;

use http::{HeaderMap, HeaderName};

use super::{Claim, Signed, SignedBy, collect};
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
fn before(time: &str) -> Vec<u8> {
    format!("{time}.").into_bytes()
}

impl TimedList {
    pub(super) fn claim(
        &self,
        headers: &HeaderMap,
        limits: Limits,
        now: SystemTime,
    ) -> Result<Claim, Refusal> {
        let text = headers::one(headers, &self.header, limits.header)?;
        let items = text
            .split(',')
            .map(|item| self.item(item))
            .collect::<Option<Vec<_>>>()
            .ok_or(Refusal::new(RefusalKind::MalformedHeader))?;
        let of = |key| {
            items
                .iter()
                .filter(move |item| item.0 == key)
                .map(|item| item.1)
        };
        let mut times = of("t");
        let (Some(time), None) = (times.next(), times.next()) else {
            return Err(Refusal::new(RefusalKind::Timestamp));
        };
        let signatures = of("v1").map(|text| Encoding::Hex.decode(text).map(Signature::Hmac));
        Ok(Claim {
            signatures: collect(signatures, limits.signatures)?,
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
