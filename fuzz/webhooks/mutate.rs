//! Damage to a request by its parts, and right signatures, which no fuzzer would come upon.

use std::ops::Range;

use http::HeaderValue;

use crate::webhooks::request::Request;
use crate::webhooks::sender::{BODY, senders};

/// Changes the request in the first `size` bytes of `data`; returns the new size.
pub(crate) fn mutate(
    target: &str,
    data: &mut [u8],
    size: usize,
    most: usize,
    seed: u32,
) -> Option<usize> {
    let mut request = Request::read(data.get(..size)?)?;
    let mut random = Random(seed);
    // The damage is to what was right, or it is signed with the rest, or neither.
    let turn = random.below(4);
    if turn == 0 {
        sign(target, &mut request, &mut random);
    }
    for _ in 0..=random.below(3) {
        damage(&mut request, &mut random);
    }
    if turn > 1 {
        sign(target, &mut request, &mut random);
    }
    let text = written(&request);
    if text.len() > most {
        return None;
    }
    data.get_mut(..text.len())?.copy_from_slice(&text);
    Some(text.len())
}

fn written(request: &Request) -> Vec<u8> {
    let mut text = format!("{}\n", request.now).into_bytes();
    for (name, value) in &request.headers {
        text.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"].concat());
    }
    [&text, &b"\n"[..], &request.body].concat()
}

/// Puts a right signature in the place of one thing that looks like it.
fn sign(target: &str, request: &mut Request, random: &mut Random) {
    let senders = senders(target);
    let sender = random.of(&senders);
    let key = random.of(&sender.keys);
    let Some(claim) = sender.claim(request) else {
        return;
    };
    let right = (key.write)(&claim.message);
    let mut places = Vec::new();
    for (place, (_, value)) in request.headers.iter().enumerate() {
        let found = stretches(value.as_bytes(), 40, |c| {
            c.is_ascii_alphanumeric() || b"+/".contains(&c)
        });
        places.extend(found.into_iter().map(|range| (place, range)));
    }
    if places.is_empty() {
        return;
    }
    let (place, range) = random.of(&places).clone();
    change(request, place, |value| {
        let padding = value[range.end..]
            .iter()
            .take_while(|c| **c == b'=')
            .count();
        value.splice(range.start..range.end + padding, right.bytes());
    });
}

fn damage(request: &mut Request, random: &mut Random) {
    let count = request.headers.len();
    if count == 0 {
        return;
    }
    let (place, other) = (random.below(count), random.below(count));
    match random.below(12) {
        0 => request.now = request.now.saturating_add(*random.of(&CLOCKS)),
        1 => {
            let copy = request.headers[place].clone();
            request.headers.insert(other, copy);
        }
        2 => drop(request.headers.remove(place)),
        3 => request.headers[place].0 = request.headers[other].0.clone(),
        4 => {
            let now = i128::from(request.now);
            let unit = *random.of(&[1, 1, 1000]);
            let time = (now + i128::from(*random.of(&CLOCKS))) / unit;
            change(request, place, |value| {
                let numbers = stretches(value, 9, |c| c.is_ascii_digit());
                if let Some(number) = numbers.first() {
                    value.splice(number.clone(), time.to_string().bytes());
                }
            });
        }
        5 | 6 => {
            let (piece, at) = (*random.of(&PIECES), random.below(usize::MAX));
            change(request, place, |value| {
                let at = at % (value.len() + 1);
                value.splice(at..at, piece.bytes());
            });
        }
        7 => {
            let at = random.below(usize::MAX);
            change(request, place, |value| {
                value.truncate(at % (value.len() + 1))
            });
        }
        8 => {
            let (separator, times) = (*random.of(&[",", " ", ", "]), random.below(20));
            change(request, place, |value| {
                let once = value.clone();
                for _ in 0..times {
                    value.extend([separator.as_bytes(), &once].concat());
                }
            });
        }
        9 => change(request, place, |value| value.make_ascii_uppercase()),
        10 => {
            let (piece, at) = (
                *random.of(&BODY_PIECES),
                random.below(request.body.len() + 1),
            );
            request.body.splice(at..at, piece.iter().copied());
        }
        _ => {
            let most = *random.of(&[0, BODY, BODY + 1]);
            let filling = request.body.last().copied().unwrap_or(b'{');
            request.body.resize(most, filling);
        }
    }
}

/// The header's value after `change`, if it is still one.
fn change(request: &mut Request, place: usize, change: impl FnOnce(&mut Vec<u8>)) {
    let value = &mut request.headers[place].1;
    let mut bytes = value.as_bytes().to_vec();
    change(&mut bytes);
    if let Ok(changed) = HeaderValue::from_bytes(&bytes) {
        *value = changed;
    }
}

/// Where at least `least` bytes of one sort stand together.
fn stretches(bytes: &[u8], least: usize, sort: impl Fn(u8) -> bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for end in 0..=bytes.len() {
        if bytes.get(end).is_some_and(|c| sort(*c)) {
            continue;
        }
        if end - start >= least {
            found.push(start..end);
        }
        start = end + 1;
    }
    found
}

const CLOCKS: [i64; 15] = [
    0, 1, -1, 1000, -1000, 1001, -1001, 180_000, -180_000, 180_001, -180_001, 300_000, -300_000,
    300_001, -300_001,
];

const PIECES: [&str; 18] = [
    "v1=",
    "v1,",
    "v1a,",
    "v0=",
    "t=",
    "t=1700000000,",
    "sha256=",
    ",",
    ", ",
    " ",
    "\t",
    ".",
    "0",
    "+",
    "-",
    "=",
    "\u{fffd}",
    "é",
];

const BODY_PIECES: [&[u8]; 8] = [
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xef\xbf\xbd",
    b".",
    b"\n",
    b"\0",
    b"{}",
    b"1700000000.",
];

/// Xorshift.
struct Random(u32);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.max(1);
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % end
    }

    fn of<'t, T>(&mut self, things: &'t [T]) -> &'t T {
        &things[self.below(things.len())]
    }
}
