//! See [`muniment_fuzz::cloudtrail`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| muniment_fuzz::cloudtrail(bytes));
