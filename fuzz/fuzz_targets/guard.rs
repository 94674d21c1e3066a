//! Any text, under any shape of scope: see `property.rs`.

#![no_main]

#[path = "../mutate.rs"]
mod mutate;
#[path = "../property.rs"]
mod property;

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target, fuzzer_mutate};

// What is no statement is tried and not built upon: there is no end of it.
fuzz_target!(|input: &[u8]| -> Corpus {
    if property::holds(input) {
        Corpus::Keep
    } else {
        Corpus::Reject
    }
});

// By the word for the most part, and by the byte.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let by_word = if seed % 8 == 0 {
        None
    } else {
        mutate::mutate(data, size, max_size, seed)
    };
    by_word.unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
});
