//! Sealed streams, whole and in parts, and all that is not to open.

#![allow(missing_docs, clippy::unwrap_used)]

use std::io::{self, Cursor, Read, Write};

use weft_storage::envelope::{
    DataKey, EnvelopeError, HEADER, Opener, Opening, SEGMENT, Sealer, Sealing, TAG, open_range,
    sealed_length,
};

const OBJECT: &[u8] = b"tenant/backups/1";

fn plain(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 % 251) as u8).collect()
}

fn seal(key: &DataKey, plain: &[u8]) -> Vec<u8> {
    let mut sealing = Sealing::new(Vec::new(), key, OBJECT).unwrap();
    sealing.write_all(plain).unwrap();
    sealing.finish().unwrap()
}

fn open(key: &DataKey, sealed: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
    let mut opened = Vec::new();
    let read =
        Opening::new(sealed, key, OBJECT).and_then(|mut opening| opening.read_to_end(&mut opened));
    match read {
        Ok(_) => Ok(opened),
        Err(error) => Err(*error
            .get_ref()
            .unwrap()
            .downcast_ref::<EnvelopeError>()
            .unwrap()),
    }
}

fn lengths() -> Vec<usize> {
    let mut lengths = vec![0, 1, 100];
    for segments in [1, 2, 3] {
        lengths.extend([
            segments * SEGMENT - 1,
            segments * SEGMENT,
            segments * SEGMENT + 1,
        ]);
    }
    lengths
}

#[test]
fn what_was_sealed_opens() {
    let key = DataKey::generate().unwrap();
    for length in lengths() {
        let text = plain(length);
        let sealed = seal(&key, &text);
        assert_eq!(
            sealed.len() as u64,
            sealed_length(length as u64),
            "{length}"
        );
        assert_eq!(open(&key, &sealed).unwrap(), text, "{length}");
    }
}

#[test]
fn the_sizes_of_the_pieces_do_not_matter() {
    let key = DataKey::generate().unwrap();
    let text = plain(2 * SEGMENT + 777);
    for piece in [1, 7, 4096, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT] {
        let (mut sealer, header) = Sealer::new(&key, OBJECT).unwrap();
        let mut sealed = Vec::new();
        for piece in text.chunks(piece) {
            sealer.push(piece, &mut sealed).unwrap();
        }
        sealer.finish(&mut sealed).unwrap();
        let mut opener = Opener::new(&header, &key, OBJECT).unwrap();
        let mut opened = Vec::new();
        for piece in sealed.chunks(piece) {
            opener.push(piece, &mut opened).unwrap();
        }
        opener.finish(&mut opened).unwrap();
        assert_eq!(opened, text, "{piece}");
    }
}

#[test]
fn in_place_it_is_the_same() {
    let key = DataKey::generate().unwrap();
    let text = plain(2 * SEGMENT + 100);
    let (mut sealer, header) = Sealer::new(&key, OBJECT).unwrap();
    let mut sealed = header.to_vec();
    let mut segments: Vec<Vec<u8>> = text.chunks(SEGMENT).map(<[u8]>::to_vec).collect();
    let mut last = segments.pop().unwrap();
    for segment in &mut segments {
        let tag = sealer.seal_segment(segment).unwrap();
        sealed.extend_from_slice(segment);
        sealed.extend_from_slice(&tag);
    }
    let tag = sealer.seal_last(&mut last).unwrap();
    sealed.extend_from_slice(&last);
    sealed.extend_from_slice(&tag);
    assert_eq!(open(&key, &sealed).unwrap(), text);

    let mut opener = Opener::new(&header, &key, OBJECT).unwrap();
    let mut opened = Vec::new();
    let mut rest = &mut sealed[HEADER..];
    while rest.len() > SEGMENT + TAG {
        let (segment, behind) = rest.split_at_mut(SEGMENT + TAG);
        opened.extend_from_slice(opener.open_segment(segment).unwrap());
        rest = behind;
    }
    opened.extend_from_slice(opener.open_last(rest).unwrap());
    assert_eq!(opened, text);
}

#[test]
fn what_is_no_segment_is_not_sealed_or_opened_in_place() {
    let key = DataKey::generate().unwrap();
    let sealer = || Sealer::new(&key, OBJECT).unwrap().0;
    for length in [0, 1, SEGMENT - 1, SEGMENT + 1] {
        let tag = sealer().seal_segment(&mut vec![0; length]);
        assert_eq!(tag, Err(EnvelopeError::NotASegment), "{length}");
    }
    let long = sealer().seal_last(&mut vec![0; SEGMENT + 1]);
    assert_eq!(long, Err(EnvelopeError::NotASegment));
    // Behind what was pushed and held, it would come too early.
    let mut begun = sealer();
    begun.push(b"x", &mut Vec::new()).unwrap();
    let tag = begun.seal_segment(&mut vec![0; SEGMENT]);
    assert_eq!(tag, Err(EnvelopeError::NotASegment));
    assert_eq!(begun.seal_last(&mut []), Err(EnvelopeError::NotASegment));

    let sealed = seal(&key, &plain(2 * SEGMENT));
    let header = sealed.first_chunk::<HEADER>().unwrap();
    let opener = || Opener::new(header, &key, OBJECT).unwrap();
    let mut body = sealed[HEADER..].to_vec();
    let (first, last) = body.split_at_mut(SEGMENT + TAG);
    let short = opener().open_segment(&mut first[1..]).map(drop);
    assert_eq!(short, Err(EnvelopeError::NotASegment));
    let early = opener().open_last(&mut first.to_vec()).map(drop);
    assert_eq!(early, Err(EnvelopeError::Corrupt));
    let late = opener().open_segment(&mut last.to_vec()).map(drop);
    assert_eq!(late, Err(EnvelopeError::Corrupt));
}

/// Is full once, and then is not.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += 1;
        match self.0 {
            2 => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_was_not_written_is_not_finished() {
    let key = DataKey::generate().unwrap();
    let mut sealing = Sealing::new(Full(0), &key, OBJECT).unwrap();
    let full = sealing.write_all(&plain(3 * SEGMENT)).unwrap_err();
    assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    // The writer would take more; but what is missing would not come back.
    assert!(sealing.write_all(&plain(3 * SEGMENT)).is_err());
    assert!(sealing.finish().is_err());
}

/// Reads a few bytes at a time, and would block each second time.
struct Halting<'b>(&'b [u8], bool);

impl Read for Halting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let most = buffer.len().min(10_007);
        self.0.read(&mut buffer[..most])
    }
}

#[test]
fn a_reader_that_halts_goes_on() {
    let key = DataKey::generate().unwrap();
    for length in [0, 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT] {
        let text = plain(length);
        let sealed = seal(&key, &text);
        let (header, body) = sealed.split_at(HEADER);
        let from = header.chain(Halting(body, false));
        let mut opening = Opening::new(from, &key, OBJECT).unwrap();
        let mut opened = Vec::new();
        let mut piece = [0; 1000];
        loop {
            match opening.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => opened.extend_from_slice(&piece[..count]),
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
        }
        assert_eq!(opened, text, "{length}");
    }
}

/// A caller who goes on after an error is not told that the stream ended well.
#[test]
fn what_is_corrupt_does_not_end() {
    let key = DataKey::generate().unwrap();
    let mut sealed = seal(&key, &plain(3 * SEGMENT));
    sealed[HEADER + SEGMENT + TAG] ^= 1;
    let mut opening = Opening::new(&sealed[..], &key, OBJECT).unwrap();
    let mut opened = Vec::new();
    assert!(opening.read_to_end(&mut opened).is_err());
    assert_eq!(opened, plain(SEGMENT));
    assert!(opening.read(&mut [0; 10]).is_err());
    assert!(opening.read(&mut [0; 10]).is_err());
}

/// CVE-2020-8911, CVE-2020-8912, CVE-2022-2582: another algorithm could be said, and the plain text's hash
/// stood beside. There is one, and nothing in the header comes from the text.
#[test]
fn cve_2020_8912_no_other_algorithm_can_be_said() {
    let key = DataKey::generate().unwrap();
    let sealed = seal(&key, b"x");
    for version in (0..=255).filter(|version| *version != 1) {
        let mut other = sealed.clone();
        other[4] = version;
        assert_eq!(open(&key, &other), Err(EnvelopeError::NotAnEnvelope));
    }
    assert_ne!(seal(&key, b"x")[5..HEADER], sealed[5..HEADER]);
}

#[test]
fn no_change_opens() {
    let key = DataKey::generate().unwrap();
    let sealed = seal(&key, &plain(SEGMENT + 100));
    let places = (0..HEADER).chain([
        HEADER,
        HEADER + SEGMENT,
        HEADER + SEGMENT + 16,
        sealed.len() - 1,
    ]);
    for at in places {
        for bit in [1, 128] {
            let mut changed = sealed.clone();
            changed[at] ^= bit;
            assert!(open(&key, &changed).is_err(), "{at}");
        }
    }
}

/// pgbackrest#842: what was cut off was found at the restore.
#[test]
fn pgbackrest_842_what_is_cut_off_or_continued_does_not_open() {
    let key = DataKey::generate().unwrap();
    let sealed = seal(&key, &plain(2 * SEGMENT + 5));
    const SEALED: usize = SEGMENT + 16;
    for length in [
        0,
        1,
        HEADER - 1,
        HEADER,
        HEADER + 1,
        HEADER + SEALED,
        HEADER + 2 * SEALED,
        sealed.len() - 1,
    ] {
        assert!(open(&key, &sealed[..length]).is_err(), "{length}");
    }
    assert_eq!(
        open(&key, &[&sealed[..], b"x"].concat()),
        Err(EnvelopeError::Corrupt)
    );
    assert!(open(&key, &[&sealed[..], &sealed[HEADER..]].concat()).is_err());
    let reordered = [
        &sealed[..HEADER],
        &sealed[HEADER + SEALED..HEADER + 2 * SEALED],
        &sealed[HEADER..HEADER + SEALED],
        &sealed[HEADER + 2 * SEALED..],
    ]
    .concat();
    assert_eq!(open(&key, &reordered), Err(EnvelopeError::Corrupt));
    let doubled = [&sealed[..HEADER + SEALED], &sealed[HEADER..]].concat();
    assert_eq!(open(&key, &doubled), Err(EnvelopeError::Corrupt));
}

#[test]
fn a_stream_that_was_not_finished_does_not_open() {
    let key = DataKey::generate().unwrap();
    let mut written = Vec::new();
    let mut sealing = Sealing::new(&mut written, &key, OBJECT).unwrap();
    sealing.write_all(&plain(3 * SEGMENT)).unwrap();
    drop(sealing);
    assert_eq!(open(&key, &written), Err(EnvelopeError::Corrupt));
}

/// CVE-2025-14762, PYSEC-2020-261: a ciphertext that opens under two keys.
#[test]
fn cve_2025_14762_another_key_or_another_name_does_not_open() {
    let (key, other) = (DataKey::generate().unwrap(), DataKey::generate().unwrap());
    let sealed = seal(&key, &plain(10));
    assert_eq!(open(&other, &sealed), Err(EnvelopeError::OtherKey));
    let renamed = Opening::new(&sealed[..], &key, b"other/backups/1").unwrap_err();
    assert!(renamed.to_string().contains("another object"), "{renamed}");
    // A commitment that somebody wrote in anew does not help.
    let theirs = seal(&other, b"");
    let mut mixed = sealed;
    mixed[37..HEADER].copy_from_slice(&theirs[37..HEADER]);
    assert_eq!(open(&other, &mixed), Err(EnvelopeError::OtherKey));
}

#[test]
fn the_same_is_never_sealed_alike() {
    let key = DataKey::generate().unwrap();
    assert_ne!(seal(&key, b"x"), seal(&key, b"x"));
}

#[test]
fn ranges_are_the_bytes_that_they_name() {
    let key = DataKey::generate().unwrap();
    let text = plain(2 * SEGMENT + 100);
    let sealed = seal(&key, &text);
    let read = |range: std::ops::Range<u64>| {
        let mut opened = Vec::new();
        open_range(Cursor::new(&sealed), (&key, OBJECT), range, |piece| {
            opened.extend_from_slice(piece);
            Ok(())
        })
        .map(|()| opened)
    };
    const S: u64 = SEGMENT as u64;
    for range in [
        0..0,
        0..1,
        5..10,
        S - 1..S + 1,
        S..2 * S,
        0..2 * S + 100,
        2 * S..2 * S + 100,
        2 * S + 100..2 * S + 100,
    ] {
        let expected = &text[range.start as usize..range.end as usize];
        assert_eq!(read(range.clone()).unwrap(), expected, "{range:?}");
    }
    assert!(read(0..2 * S + 101).is_err());
    #[expect(clippy::reversed_empty_ranges, reason = "that is the mistake")]
    let reversed = 2..1;
    assert!(read(reversed).is_err());
}

#[test]
fn a_range_of_what_was_cut_off_does_not_open_at_its_end() {
    let key = DataKey::generate().unwrap();
    let sealed = seal(&key, &plain(2 * SEGMENT + 100));
    let cut = &sealed[..HEADER + SEGMENT + 16];
    let mut nothing = |_: &[u8]| Ok(());
    assert!(open_range(Cursor::new(cut), (&key, OBJECT), 0..10, &mut nothing).is_err());
}

#[test]
fn a_key_is_not_shown() {
    assert_eq!(
        format!("{:?}", DataKey::generate().unwrap()),
        "DataKey(redacted)"
    );
}
