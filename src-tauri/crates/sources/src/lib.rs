//! Source files and readers: which systems' records Muniment reads, what each field of them is,
//! and how bytes become records.
//!
//! A system is one file under `schemas/sources`: a JSON Schema (2020-12) of its record with a data
//! class and purposes on every field, and one `x-source` block that names times, action, outcome,
//! actor, subjects, record types and lifecycles. Adding a system means adding a file, no code.
//!
//! Pure: readers take bytes (`BufRead`), never paths. Values keep the exact bytes their source
//! wrote; errors say where, and never quote content.

mod block;
mod catalogue;
mod changes;
mod classify;
mod error;
mod expand;
mod headline;
mod identity;
mod json;
mod kind;
mod lifecycle;
mod mark;
mod odd;
mod packed;
mod reading;
mod schema;
mod sequence;
mod source;
mod sums;
mod table;
mod text;
mod wrapped;

pub use block::{Ocsf, RecordKind, RecordType, TimeFields};
pub use catalogue::{Catalogue, ConflictingVersion, GENERIC_ID};
pub use changes::{Change, ChangeKind};
pub use classify::{Classified, ClassifyError, Decision, Fit, NoPattern, Pattern, scalars};
pub use error::{ContradictionFault, FieldFault, JsonFault, ReadError, SourceError};
pub use expand::Part;
pub use headline::{HIDDEN, Headline, Moment, UNDECLARED};
pub use identity::Identity;
pub use kind::InputKind;
pub use lifecycle::{
    ActivityRefusal, Condition, Contradiction, ContradictionKind, ContradictionRule, FieldOf,
    Judged, Judgement, Life, Lifecycle, Step, Transition,
};
pub use odd::{Odd, odd};
pub use packed::{PACKED_BOUNDS, Packing, inner_name, peek, refusal, unpacked};
pub use reading::{ForeignRecord, Known, MAX_PLACES, Read, read_foreign, salvage_foreign};
pub use schema::file_schema;
pub use sequence::{MAX_VALUE_BYTES, Place};
pub use source::{DeclaredField, ELEMENT, MAX_LINE_BYTES, PURPOSES, REST, SourceFile};
pub use sums::{MAX_LISTED, Sum, beside, parse_sums, plain_name};
