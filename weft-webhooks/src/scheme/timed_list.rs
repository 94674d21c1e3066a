use std::time::SystemTime;

use http::{HeaderMap, HeaderName};

use super::{Claim, collect};
use crate::headers;
use crate::limits::Limits;
use crate::mac::Signature;
use crate::{Encoding, Refusal, RefusalKind, Window};

/// `t=<time>,v1=<hex>,v1=<hex>…` over `<time>.<body>`.
#[derive(Debug, Clone)]
pub(super) struct TimedList {
    pub(super) header: HeaderName,
    pub(super) window: Window,
    /// Whether a space may follow a comma.
    pub(super) spaced: bool,
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
            before: format!("{time}.").into_bytes(),
            message_id: None,
        })
    }

    fn item<'h>(&self, item: &'h str) -> Option<(&'h str, &'h str)> {
        let item = match item.strip_prefix(' ') {
            Some(rest) if self.spaced => rest,
            _ => item,
        };
        item.split_once('=')
    }
}
