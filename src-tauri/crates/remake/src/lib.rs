//! What is made anew when it is decided otherwise, or doubted: which source file decides, rows under its rules, and the
//! comparison of everything derived with what it is made from.

mod classify;
mod rebuild;
pub mod recheck;
mod source_files;

pub use classify::{classify, classify_preview, to_classify};
pub use rebuild::{rebuild, rebuild_waiting};
pub use source_files::{
    add_source, assign_source, check_source, check_source_here, source_file, source_files,
};
