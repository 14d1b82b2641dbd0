//! Trust policies as shells show them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;

use super::KeyView;

/// A key to pin for an origin.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Type)]
pub struct PinKey {
    /// The verifier key, as the source published it.
    pub vkey: String,
    /// Origin it signs for; its own name unless given.
    #[serde(default)]
    pub origin: Option<String>,
    /// Size from which on it is required (ML-DSA) or suffices too (Ed25519): the requirement for smaller sizes stays as it is.
    #[serde(default)]
    #[specta(type = Option<u32>)]
    pub from: Option<u64>,
    /// As which systems the origin may speak, each `ID` or `ID/VERSION` of a source file. They are added to those it may
    /// speak as already; an origin of which no key is pinned needs one.
    #[serde(default)]
    pub schemas: Vec<String>,
}

impl PinKey {
    /// A key of the log of its own name, whose records are of this schema.
    #[must_use]
    pub fn of(vkey: &str, schema: &str) -> Self {
        Self {
            vkey: vkey.to_owned(),
            schemas: vec![schema.to_owned()],
            ..Self::default()
        }
    }
}

/// The trust policy of one origin.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct PolicyView {
    /// Name of the log.
    pub origin: String,
    /// Version in force, from 1; 0 when nothing was ever stated.
    pub version: u32,
    /// Since when.
    pub at: Option<String>,
    /// The requirement in one sentence.
    pub words: String,
    /// Pinned keys.
    pub keys: Vec<PolicyKeyView>,
    /// Who must have signed, by size. Written out also when the policy states none.
    pub requirement: Vec<RequirementView>,
    /// Whether the policy states the requirement itself, or the default holds.
    pub stated: bool,
    /// Distrusted keys.
    pub distrust: Vec<DistrustView>,
    /// Schemas it may use; absent when any.
    pub schemas: Option<Vec<AllowedSchemaView>>,
    /// The pinned (size, root).
    pub anchor: Option<AnchorView>,
    /// Seconds within which the origin writes a heartbeat record.
    pub heartbeat: Option<u32>,
    /// Keys that the origin proposed.
    pub proposals: Vec<ProposalView>,
    /// Exports here that the policy keeps from counting, each with the reason.
    pub held: Vec<HeldView>,
    /// The same policy as a trust file (`muniment/trust/v1`) with this one origin.
    pub file: String,
}

/// A pinned key in its policy.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct PolicyKeyView {
    /// The key.
    #[serde(flatten)]
    pub key: KeyView,
    /// Sizes for which it is among the required keys, in words; empty when it is only pinned.
    pub signs: String,
    /// Whether it is distrusted.
    pub distrusted: bool,
}

/// The requirement for a range of sizes.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct RequirementView {
    /// First size.
    #[specta(type = u32)]
    pub from: u64,
    /// One past the last size; open when absent.
    #[specta(type = Option<u32>)]
    pub to: Option<u64>,
    /// `any` or `all`.
    pub kind: String,
    /// Keys by full fingerprint, hex.
    pub keys: Vec<String>,
    /// The same in words.
    pub words: String,
}

/// A distrusted key.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct DistrustView {
    /// Full fingerprint, hex.
    pub key: String,
    /// Size from which on it never counts by itself.
    #[specta(type = u32)]
    pub from: u64,
    /// When it was compromised, if that is known.
    pub compromised: Option<String>,
    /// The same in words.
    pub words: String,
}

/// A schema that an origin may use.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct AllowedSchemaView {
    /// Schema id.
    pub id: String,
    /// Version; any when absent.
    pub version: Option<u32>,
    /// SHA-256 of the source file, hex; any when absent.
    pub digest: Option<String>,
    /// `this source file`, `another source file than the one here`, `no such source file here`.
    pub words: String,
}

/// A pinned (size, root).
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct AnchorView {
    /// Size.
    #[specta(type = u32)]
    pub size: u64,
    /// Root, base64.
    pub root: String,
}

/// A key that an origin proposed by a record.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct ProposalView {
    /// Index of the record.
    #[specta(type = u32)]
    pub index: u64,
    /// The key; absent when the record names none that can be used.
    pub key: Option<KeyView>,
    /// Full fingerprint of the key it replaces, hex; absent when it is to sign as well.
    pub replaces: Option<String>,
    /// `waiting`, `confirmed` or `void`.
    pub state: String,
    /// What confirming would do, or why it is void.
    pub words: String,
}

/// An export that the policy keeps from counting.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct HeldView {
    /// First index.
    #[specta(type = u32)]
    pub first: u64,
    /// One past the last index.
    #[specta(type = u32)]
    pub last: u64,
    /// Why.
    pub words: String,
}

/// A change of policies: what it lowers and what follows.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct TrustChangeView {
    /// Origins whose policy changes.
    pub origins: Vec<String>,
    /// Whether the change was made; otherwise it was only looked at.
    pub done: bool,
    /// Whether a second member must approve it.
    pub needs_second: bool,
    /// What it lowers.
    pub weakens: Vec<WeakeningView>,
    /// What follows for the exports that are here, in words.
    pub effects: Vec<String>,
}

/// One thing that a change lowers.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct WeakeningView {
    /// Name of the log.
    pub origin: String,
    /// Stable kebab-case code.
    pub code: String,
    /// In words.
    pub words: String,
}

/// Keys that origins proposed.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct ProposalsView {
    /// Number of proposals.
    pub total: u32,
    /// Per origin.
    pub origins: Vec<OriginProposalsView>,
}

/// Keys that one origin proposed.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct OriginProposalsView {
    /// Name of the log.
    pub origin: String,
    /// Its proposals, by index.
    pub proposals: Vec<ProposalView>,
}

/// A policy file that was written.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct TrustFileView {
    /// Number of origins in it.
    pub total: u32,
    /// File that was written; absent when it went to standard output.
    pub path: Option<String>,
    /// The file's text.
    pub text: String,
}
