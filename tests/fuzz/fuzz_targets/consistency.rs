//! See [`muniment_fuzz::consistency`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| muniment_fuzz::consistency(bytes));
