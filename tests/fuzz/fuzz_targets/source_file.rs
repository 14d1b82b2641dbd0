//! See [`muniment_fuzz::source_file`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| muniment_fuzz::source_file(bytes));
