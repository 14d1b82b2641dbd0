//! Minimisation and redaction: data classes, handles, policies and the leak scan.
//!
//! One set of rules serves three places: import (what the store and the index may ever hold), the
//! screen (what a member may see now) and a packet (what an audience may receive). It is schema
//! first and default deny: a value that no source file classifies is hidden, and a value is
//! trusted as harmless only when it *parses* as the harmless type its source file declares.
//!
//! The crate is pure: no clock, no randomness, no files. Keys are passed in. Nothing here puts a
//! record's content into an error or a `Debug` text.

mod canonical;
mod class;
pub mod exposure;
mod handle;
mod leaves;
mod minimise;
mod policy;
mod scan;
mod time;
mod value;

pub use canonical::{canonical, canonical_text, known_domains};
pub use class::{Class, FieldRule, UnknownClass};
pub use handle::{HandleKey, handle_text, handle_text_of, prefix, scoped_mac, workspace_mac};
pub use leaves::leaves;
pub use minimise::{MinimisedField, SCHEMA_PATH, Shown, SizeBucket, minimise, minimise_value};
pub use policy::{Policy, PolicyError, Scope, Transform};
pub use scan::{Encoding, Hit, LeakScanner, MIN_VALUE_CHARS, scan_for};
pub use time::{TimeForm, TimeFormFault, is_like_time, is_rfc3339};
pub use value::{
    Bounds, UnknownValueType, ValueType, Vocabulary, bucket, generalise, may_be_identity,
    string_chars, string_text, timestamp,
};
