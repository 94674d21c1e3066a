use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::event::Event;
use crate::pseudonym::Pseudonym;

/// The first byte of a body.
const VERSION: u8 = 1;

/// One thing that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// When, to the millisecond.
    pub at: SystemTime,
    /// What.
    pub event: Event,
    /// To which mailbox.
    pub mailbox: Option<Pseudonym>,
    /// To which account, where it is known who it was.
    pub account: Option<Pseudonym>,
    /// From which network.
    pub network: Option<Pseudonym>,
}

impl Record {
    /// The length of every body, so that what was written tells nothing of what happened.
    pub const LENGTH: usize = 107;

    /// What is stored and hashed.
    pub fn to_bytes(&self) -> [u8; Record::LENGTH] {
        let since = self.at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let mut bytes = [0; Record::LENGTH];
        bytes[0] = VERSION;
        bytes[1..9].copy_from_slice(&millis.to_be_bytes());
        bytes[9..11].copy_from_slice(&self.event.code());
        for (place, of) in [self.mailbox, self.account, self.network]
            .iter()
            .enumerate()
        {
            if let Some(pseudonym) = of {
                bytes[11 + 32 * place..][..32].copy_from_slice(pseudonym.as_bytes());
            }
        }
        bytes
    }

    /// What was stored, unless it is none of this version.
    pub fn from_bytes(bytes: &[u8]) -> Option<Record> {
        let bytes: &[u8; Record::LENGTH] = bytes.try_into().ok()?;
        let (&[version], rest) = bytes.split_first_chunk()?;
        let (millis, rest) = rest.split_first_chunk()?;
        let (event, rest) = rest.split_first_chunk()?;
        let ([mailbox, account, network], []) = rest.as_chunks::<32>() else {
            return None;
        };
        let pseudonym = |bytes: &[u8; 32]| {
            let some = bytes.iter().any(|byte| *byte != 0);
            some.then(|| Pseudonym::from_bytes(*bytes))
        };
        (version == VERSION).then_some(())?;
        Some(Record {
            at: UNIX_EPOCH.checked_add(Duration::from_millis(u64::from_be_bytes(*millis)))?,
            event: Event::from_code(*event)?,
            mailbox: pseudonym(mailbox),
            account: pseudonym(account),
            network: pseudonym(network),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Reason;
    use crate::pseudonym::PseudonymKey;

    fn record() -> Record {
        let key = PseudonymKey::new(&[1; 32]);
        Record {
            at: UNIX_EPOCH + Duration::from_millis(1_764_000_000_123),
            event: Event::Refused(Reason::WrongPassword),
            mailbox: Some(key.pseudonym("audit", b"ada@example.com")),
            account: None,
            network: Some(key.pseudonym("audit", &[192, 0, 2, 1])),
        }
    }

    #[test]
    fn a_record_reads_back() {
        let bytes = record().to_bytes();
        assert_eq!(Record::from_bytes(&bytes), Some(record()));
        assert_eq!(Record::from_bytes(&bytes[1..]), None);
        let mut other = bytes;
        other[0] = 2;
        assert_eq!(Record::from_bytes(&other), None);
        other = [0xff; Record::LENGTH];
        other[0] = 1;
        assert_eq!(Record::from_bytes(&other), None);
    }

    #[test]
    fn no_personal_data_is_in_clear() {
        let bytes = record().to_bytes();
        for personal in [&b"ada"[..], b"example", &[192, 0, 2, 1]] {
            assert!(!bytes.windows(personal.len()).any(|part| part == personal));
        }
    }
}
