//! See [`muniment_fuzz::range`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| muniment_fuzz::range(bytes));
