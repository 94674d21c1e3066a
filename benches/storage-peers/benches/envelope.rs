//! What does it cost to seal and to open 64 MiB, against bare AES-256-GCM of the same library?

#![allow(missing_docs)]

use std::hint::black_box;
use std::io::{self, BufRead, Write};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use weft_storage::envelope::{DataKey, HEADER, Opener, Opening, SEGMENT, Sealer, Sealing, TAG};
use weft_storage_peers::{Series, in_turns};

const LENGTH: usize = 64 << 20;
const OBJECT: &[u8] = b"tenant/attachments/object";
const ROUNDS: usize = 51;

fn main() {
    in_place();
    streamed();
}

/// The bare one seals all of it as one message, ours in segments with a tag between each two. What was
/// opened in place has to be sealed again, which is taken off.
fn in_place() {
    let (key, bare) = (DataKey::generate().expect("randomness"), Bare::new());
    let mut segments = vec![7; LENGTH / SEGMENT * (SEGMENT + TAG)];
    let mut again = segments.clone();
    let mut message = vec![7; LENGTH + TAG];
    let mut message_again = message.clone();
    let [sealed, bare_sealed, both, bare_both] = in_turns(
        ROUNDS,
        1,
        [
            &mut |_| {
                black_box(seal(&key, black_box(&mut segments)));
            },
            &mut |_| bare.seal(black_box(&mut message)),
            &mut |_| {
                let header = seal(&key, black_box(&mut again));
                open(&key, &header, black_box(&mut again));
            },
            &mut |_| {
                bare.seal(black_box(&mut message_again));
                bare.open(black_box(&mut message_again));
            },
        ],
    );
    say("sealing in place", &sealed, &bare_sealed);
    say(
        "opening in place",
        &both.without(&sealed),
        &bare_both.without(&bare_sealed),
    );
}

/// Of bytes that are elsewhere, which the bare one copies as well, and into the same 64 KiB each time.
fn streamed() {
    let (key, bare) = (DataKey::generate().expect("randomness"), Bare::new());
    let plain = vec![7; LENGTH];
    let mut sealing = Sealing::new(Vec::new(), &key, OBJECT).expect("randomness");
    sealing.write_all(&plain).expect("written");
    let stream = sealing.finish().expect("finished");
    let mut segment = vec![7; SEGMENT + TAG];
    bare.seal(&mut segment);
    let segments = segment.repeat(LENGTH / SEGMENT);
    let mut other = segment.clone();
    let [sealed, bare_sealed, opened, bare_opened] = in_turns(
        ROUNDS,
        1,
        [
            &mut |_| {
                let mut sealing = Sealing::new(io::sink(), &key, OBJECT).expect("randomness");
                sealing.write_all(black_box(&plain)).expect("written");
                sealing.finish().expect("finished");
            },
            &mut |_| {
                for piece in plain.chunks_exact(SEGMENT) {
                    segment[..SEGMENT].copy_from_slice(black_box(piece));
                    bare.seal(black_box(&mut segment));
                }
            },
            &mut |_| {
                let mut opening =
                    Opening::new(black_box(&stream[..]), &key, OBJECT).expect("an envelope");
                loop {
                    match black_box(opening.fill_buf().expect("opened")).len() {
                        0 => break,
                        count => opening.consume(count),
                    }
                }
            },
            &mut |_| {
                for piece in segments.chunks_exact(SEGMENT + TAG) {
                    other.copy_from_slice(black_box(piece));
                    bare.open(black_box(&mut other));
                }
            },
        ],
    );
    say("sealing a stream", &sealed, &bare_sealed);
    say("opening a stream", &opened, &bare_opened);
}

fn say(what: &str, ours: &Series, bare: &Series) {
    let (taken, theirs) = (ours.wall().median / 1e3, bare.wall().median / 1e3);
    println!(
        "{what}: {taken:.1} ms against {theirs:.1} ms, {:.3} of its speed",
        bare.ratio(ours)
    );
}

fn seal(key: &DataKey, segments: &mut [u8]) -> [u8; HEADER] {
    let (mut sealer, header) = Sealer::new(key, OBJECT).expect("randomness");
    let (most, last) = segments.split_at_mut(segments.len() - SEGMENT - TAG);
    for segment in most.chunks_exact_mut(SEGMENT + TAG) {
        let (plain, tag) = segment.split_at_mut(SEGMENT);
        tag.copy_from_slice(&sealer.seal_segment(plain).expect("sealed"));
    }
    let (plain, tag) = last.split_at_mut(SEGMENT);
    tag.copy_from_slice(&sealer.seal_last(plain).expect("sealed"));
    header
}

fn open(key: &DataKey, header: &[u8; HEADER], segments: &mut [u8]) {
    let mut opener = Opener::new(header, key, OBJECT).expect("an envelope");
    let (most, last) = segments.split_at_mut(segments.len() - SEGMENT - TAG);
    for segment in most.chunks_exact_mut(SEGMENT + TAG) {
        black_box(opener.open_segment(segment).expect("opened"));
    }
    black_box(opener.open_last(last).expect("opened"));
}

/// AES-256-GCM under one key and one nonce, as only a measurement may.
struct Bare(LessSafeKey);

impl Bare {
    fn new() -> Bare {
        Bare(LessSafeKey::new(
            UnboundKey::new(&AES_256_GCM, &[9; 32]).expect("a key"),
        ))
    }

    /// Seals all but the last bytes, which become the tag.
    fn seal(&self, message: &mut [u8]) {
        let (plain, tag) = message.split_at_mut(message.len() - TAG);
        let made = self
            .0
            .seal_in_place_separate_tag(nonce(), Aad::empty(), plain);
        tag.copy_from_slice(made.expect("sealed").as_ref());
    }

    fn open(&self, message: &mut [u8]) {
        black_box(
            self.0
                .open_in_place(nonce(), Aad::empty(), message)
                .expect("opened"),
        );
    }
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}
