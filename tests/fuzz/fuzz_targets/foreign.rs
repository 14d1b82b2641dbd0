//! See [`muniment_fuzz::foreign`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| muniment_fuzz::foreign(bytes));
