//! Packets: from what an incident holds to one ZIP that a person reads, a
//! machine parses and a stranger verifies.
//!
//! [`prepare`] lays out everything that would leave and derives a [`Plan`];
//! somebody approves exactly that plan; [`Prepared::write`] signs and writes
//! it, after `evidence::packet::verify` has accepted the result. The same
//! input, keys and clock give the same bytes.

mod build;
mod catalogue;
mod derive;
mod input;
mod leak;
mod plan;
mod policy;
mod reading;
mod recheck;
mod report;
mod sign;

pub use build::{PacketError, Prepared, Written, plan, prepare, write};
pub use input::{
    Blocker, CustodyEntry, CustodyExtract, EvidenceItem, FieldTreatment, OpenGate, PacketHeader,
    PacketInput, ProofMaterial, Sections, Withheld,
};
pub use leak::{LeakHit, LeakSummary, leak_check};
pub use plan::{ApprovedPlan, FieldCount, Leaving, Plan, PlanNotApprovable};
pub use reading::{Reading, read};
pub use recheck::{verify, verify_whole};
pub use report::{RenderError, render_report};
pub use sign::{KeySigner, PacketSigner, SignRefused, cosign};

/// Version of this engine as packets name it.
pub const ENGINE_VERSION: &str = env!("CARGO_PKG_VERSION");
