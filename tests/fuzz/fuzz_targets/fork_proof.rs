//! See [`muniment_fuzz::fork_proof`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| muniment_fuzz::fork_proof(bytes));
