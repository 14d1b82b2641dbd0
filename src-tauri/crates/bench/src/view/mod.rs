//! What the shells show: plain data, one struct per thing on the screen.
//!
//! Every type serialises to JSON (the CLI's `--json` and the window's IPC are
//! the same shapes), derives `specta::Type` for the generated TypeScript and
//! `schemars::JsonSchema` for `schemas/cli/`. Times are RFC 3339 text in UTC.
//! Log indexes and sizes are whole numbers below 2^53.

mod case;
mod cloudtrail;
mod continuity;
mod detection;
mod records;
mod source;
mod source_file;
mod trust;
mod workspace;

pub use case::*;
pub use cloudtrail::*;
pub use continuity::*;
pub use detection::*;
pub use records::*;
pub use source::*;
pub use source_file::*;
pub use trust::*;
pub use workspace::*;
