//! What somebody approves before anything is written.

use chrono::{DateTime, Utc};
use evidence::Hash;
use evidence::packet::{Limitation, PolicyRef, RedactionRow, RequiredSigner};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::input::{Blocker, OpenGate};
use crate::leak::LeakSummary;

/// What would leave, what is withheld and why, and what stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    /// `muniment/packet-plan/1`.
    pub format: String,
    /// Packet id.
    pub packet: String,
    /// Packet version.
    pub version: u32,
    /// Title.
    pub title: String,
    /// Why it leaves.
    pub purpose: String,
    /// Policy, audience and digest.
    pub policy: PolicyRef,
    /// Signatures that will be required.
    pub signers: Vec<RequiredSigner>,
    /// What leaves, in numbers.
    pub leaving: Leaving,
    /// Fields that leave, by class and path.
    pub disclosed: Vec<FieldCount>,
    /// Fields that stay, by class and path, with what stands for them and why.
    pub withheld: Vec<RedactionRow>,
    /// Gates still open.
    pub open_gates: Vec<OpenGate>,
    /// Limitations that will be printed.
    pub limitations: Vec<Limitation>,
    /// Leak check over everything that would leave.
    pub leak_check: LeakSummary,
    /// What forbids writing. Empty in a plan that may be approved.
    pub blockers: Vec<Blocker>,
    /// SHA-256 of the tag manifest: stands for every byte that would leave.
    pub content: Hash,
}

/// What leaves, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Leaving {
    /// Files, signatures not counted.
    pub files: u64,
    /// Bytes of those files.
    pub bytes: u64,
    /// Pieces of evidence.
    pub evidence: u64,
    /// Disclosed fields.
    pub fields: u64,
    /// Leaf hashes of records that are not shown.
    pub leaf_hashes: u64,
    /// Timeline rows.
    pub timeline: u64,
    /// Analysis rows.
    pub analysis: u64,
    /// Measures.
    pub measures: u64,
    /// Decisions.
    pub decisions: u64,
    /// Waivers.
    pub waivers: u64,
    /// Communications.
    pub communications: u64,
    /// Clocks.
    pub clocks: u64,
    /// Actions.
    pub actions: u64,
    /// Control mappings.
    pub controls: u64,
    /// Custody entries.
    pub custody_entries: u64,
}

/// Number of disclosed fields of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FieldCount {
    /// Path.
    pub path: String,
    /// Class code.
    pub class: String,
    /// How many.
    pub count: u64,
}

impl Plan {
    /// The value of `format`.
    pub const FORMAT: &'static str = "muniment/packet-plan/1";

    /// SHA-256 over the plan's compact JSON. Names exactly this plan, and
    /// through [`Plan::content`] exactly these bytes.
    ///
    /// # Errors
    /// Only if serialisation itself fails, which plain data does not.
    pub fn digest(&self) -> Result<Hash, serde_json::Error> {
        Ok(Hash::sha256(&serde_json::to_vec(self)?))
    }

    /// Whether nothing forbids writing.
    #[must_use]
    pub fn may_be_approved(&self) -> bool {
        self.blockers.is_empty()
    }

    /// Approves exactly this plan.
    ///
    /// # Errors
    /// When something forbids writing.
    pub fn approve(
        &self,
        office: &str,
        at: DateTime<Utc>,
    ) -> Result<ApprovedPlan, PlanNotApprovable> {
        if !self.may_be_approved() {
            return Err(PlanNotApprovable(self.blockers.len()));
        }
        Ok(ApprovedPlan {
            digest: self.digest().map_err(|_| PlanNotApprovable(1))?,
            office: office.to_owned(),
            at,
        })
    }
}

/// A plan with blockers was to be approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the plan names {0} reasons why nothing may be written; remove them and plan again")]
pub struct PlanNotApprovable(pub usize);

/// An approval. Names the plan by digest, so that a later change voids it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovedPlan {
    /// Digest of the plan.
    pub digest: Hash,
    /// Office that approved.
    pub office: String,
    /// When.
    #[schemars(with = "String")]
    pub at: DateTime<Utc>,
}
