//! What signing and streaming allocate.

use std::time::UNIX_EPOCH;

use allocation_counter::measure;
use uuid::Uuid;
use weft_storage::{Bucket, Credentials, Downloads, FileName, Key, Kind, Region, Ttl};

/// The URL, and what is told of the name.
#[test]
fn a_download_takes_two_allocations() {
    let bucket = Bucket::new(Region::AwsEuCentral1, "attachments").unwrap();
    let key = Key::new(
        Uuid::from_u128(1),
        Kind::new("attachments").unwrap(),
        Uuid::from_u128(2),
    );
    let plain = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret").unwrap();
    let session = plain.clone().with_session(&"/+=".repeat(300)).unwrap();
    for credentials in [plain, session] {
        let downloads = Downloads::new(bucket.clone(), credentials);
        for name in ["a.pdf", "Angebot März.pdf", &"日本".repeat(80)] {
            let name = FileName::tidied(name);
            let sign = || drop(downloads.get(&key, &name, Ttl::MOST, UNIX_EPOCH));
            sign(); // derives the key of the day
            assert_eq!(measure(sign).count_total, 2, "{name}");
        }
    }
}

#[cfg(feature = "envelope")]
mod streams {
    use std::io::{self, Read, Write};

    use allocation_counter::measure;
    use weft_storage::envelope::{DataKey, Opener, Opening, Sealer, Sealing};

    const LENGTH: u64 = 1 << 30;
    const MOST: u64 = 2 << 20;

    /// A sealed stream that is made while it is read.
    struct Sealed {
        plain: io::Take<io::Repeat>,
        sealer: Option<Sealer>,
        ready: Vec<u8>,
        read: usize,
    }

    impl Read for Sealed {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.read == self.ready.len() {
                (self.read, self.ready) = (0, std::mem::take(&mut self.ready));
                self.ready.clear();
                let mut plain = [0; 16 << 10];
                while self.ready.is_empty() {
                    match (self.plain.read(&mut plain)?, &mut self.sealer) {
                        (0, sealer) => match sealer.take() {
                            Some(sealer) => sealer.finish(&mut self.ready)?,
                            None => return Ok(0),
                        },
                        (count, Some(sealer)) => sealer.push(&plain[..count], &mut self.ready)?,
                        (_, None) => return Ok(0),
                    }
                }
            }
            let count = (&self.ready[self.read..]).read(buffer)?;
            self.read += count;
            Ok(count)
        }
    }

    #[test]
    fn a_gibibyte_is_sealed_in_less_than_two_mebibytes() {
        let key = DataKey::generate().unwrap();
        let used = measure(|| {
            let mut sealing = Sealing::new(io::sink(), &key, b"object").unwrap();
            io::copy(&mut io::repeat(7).take(LENGTH), &mut sealing).unwrap();
            sealing.finish().unwrap();
        });
        assert!(used.bytes_max < MOST, "{}", used.bytes_max);
    }

    #[test]
    fn a_gibibyte_is_opened_in_less_than_two_mebibytes() {
        let key = DataKey::generate().unwrap();
        let mut length = 0;
        let used = measure(|| {
            let (sealer, header) = Sealer::new(&key, b"object").unwrap();
            let plain = io::repeat(7).take(LENGTH);
            let sealed = Sealed {
                plain,
                sealer: Some(sealer),
                ready: Vec::new(),
                read: 0,
            };
            let mut opening = Opening::new((&header[..]).chain(sealed), &key, b"object").unwrap();
            length = io::copy(&mut opening, &mut io::sink()).unwrap();
        });
        assert_eq!(length, LENGTH);
        assert!(used.bytes_max < MOST, "{}", used.bytes_max);
    }

    /// CVE-2026-33174, CVE-2026-33658: a range that was asked for took memory by its own measure. However
    /// much comes at once, what is held is a segment.
    #[test]
    fn cve_2026_33174_what_is_held_does_not_grow() {
        let key = DataKey::generate().unwrap();
        let (mut sealer, header) = Sealer::new(&key, b"object").unwrap();
        let mut opener = Opener::new(&header, &key, b"object").unwrap();
        let (mut sealed, mut plain) = (Vec::new(), Vec::new());
        let mut out = io::sink();
        let used = measure(|| {
            for piece in [1, 100_000, 17, 250_000].iter().cycle().take(400) {
                sealer.push(&vec![7; *piece], &mut sealed).unwrap();
                opener.push(&sealed, &mut plain).unwrap();
                out.write_all(&plain).unwrap();
                sealed.clear();
                plain.clear();
            }
        });
        assert!(used.bytes_max < MOST, "{}", used.bytes_max);
    }
}
