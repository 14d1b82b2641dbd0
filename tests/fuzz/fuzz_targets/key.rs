//! See [`muniment_fuzz::key`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| muniment_fuzz::key(bytes));
