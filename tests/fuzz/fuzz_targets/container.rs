//! See [`muniment_fuzz::container`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| muniment_fuzz::container(bytes));
