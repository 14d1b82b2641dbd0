//! What a signed export says and whether it holds: field commitments, the Merkle log, signed
//! notes and checkpoints, the native export, continuity of an origin, trust, proofs.
//!
//! Pure: bytes in (`Read`, `Seek`), facts out. No clock, no randomness, no network, no file.

pub mod archive;
pub mod base64;
pub mod checkpoint;
pub mod cloudtrail;
pub mod commitment;
pub mod continuity;
pub mod dsse;
pub mod export;
pub mod fork;
pub mod hash;
pub mod json;
pub mod ledger;
pub mod merkle;
pub mod note;
pub mod packet;
pub mod record;
pub mod rejection;
pub mod text;
pub mod trust;

pub use archive::{ArchiveError, ExportFiles};
pub use checkpoint::Checkpoint;
pub use commitment::{Seed, commit, encode_entry, salt};
pub use continuity::{Assurance, ConsistencyLink, Continuity, Segment, Verdict, roots_at, survey};
pub use export::{
    Batch, ExportError, ExportFacts, ExportReport, ExportWriter, Stop, read_export,
    read_export_with, verify_export,
};
pub use fork::{ForkProof, ForkProofError};
pub use hash::{Hash, Hasher};
pub use merkle::{CompactRange, RangeTree};
pub use note::{Algorithm, CosigningKey, LogKeys, SignedNote, SigningKey, VerifierKey};
pub use record::{
    DisclosedField, DisclosedRecord, Field, PathMemory, Record, RecordError, RecordLine, Salt,
    SchemaRef,
};
pub use rejection::{Reason, Rejection, RejectionReport};
pub use trust::Trust;
