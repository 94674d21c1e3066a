//! What the targets share: each is a name and this.

/// Requests to the endpoints of `$target`, damaged by their parts for the most part, and by the byte.
macro_rules! target {
    ($target:literal) => {
        // What is no request is tried and not built upon.
        libfuzzer_sys::fuzz_target!(|input: &[u8]| -> libfuzzer_sys::Corpus {
            match $crate::webhooks::outcome($target, input) {
                $crate::webhooks::Outcome::Unread => libfuzzer_sys::Corpus::Reject,
                _ => libfuzzer_sys::Corpus::Keep,
            }
        });

        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, most: usize, seed: u32| {
            let by_part = if seed % 8 == 0 {
                None
            } else {
                $crate::mutate::mutate($target, data, size, most, seed)
            };
            by_part.unwrap_or_else(|| libfuzzer_sys::fuzzer_mutate(data, size, most))
        });
    };
}
