//! See [`muniment_fuzz::record_line`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| muniment_fuzz::record_line(bytes));
