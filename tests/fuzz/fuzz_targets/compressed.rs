//! See [`muniment_fuzz::compressed`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| muniment_fuzz::compressed(bytes));
