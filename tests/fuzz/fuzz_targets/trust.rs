//! See [`muniment_fuzz::trust`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| muniment_fuzz::trust(bytes));
