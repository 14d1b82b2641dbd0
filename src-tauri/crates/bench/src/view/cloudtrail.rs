//! CloudTrail: pinned trails, and what their digests prove.

pub use evidence::cloudtrail::{TrailReport, TrailVerdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;

use super::BandView;

/// Pinned trails and what holds of the CloudTrail files that are here.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct TrailsView {
    /// Pinned trails.
    pub total: u32,
    /// The trails.
    pub trails: Vec<TrailPolicyView>,
    /// As a whole: `verified`, `incomplete`, `pending`, `failed`; empty where no digest is here.
    pub verdict: String,
    /// Digests by verdict.
    pub digests: Vec<TrailTallyView>,
    /// Log files by verdict.
    pub logs: Vec<TrailTallyView>,
    /// Chains of digests, one for each trail and region.
    pub chains: Vec<TrailChainView>,
    /// Gaps and everything else that was found.
    pub findings: Vec<TrailFindingView>,
}

/// A pinned trail.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct TrailPolicyView {
    /// Name in full.
    pub name: String,
    /// Account.
    pub account: String,
    /// Trail.
    pub trail: String,
    /// Region in which it was made.
    pub home_region: String,
    /// Regions expected.
    pub regions: Vec<String>,
    /// Bucket.
    pub bucket: String,
    /// Prefix in the bucket.
    pub prefix: String,
    /// Organisation id, for an organisation's trail.
    pub organisation: Option<String>,
    /// Where moved copies lie.
    pub locations: Vec<TrailLocationView>,
    /// Start of the requested interval.
    pub since: Option<String>,
    /// End of the requested interval.
    pub until: Option<String>,
    /// Keys.
    pub keys: Vec<TrailKeyView>,
}

/// Where copies of a bucket's prefix lie now.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct TrailLocationView {
    /// Bucket into which CloudTrail wrote.
    pub bucket: String,
    /// Beginning of the object keys there; may be empty.
    pub prefix: String,
    /// Folder that holds the copies, relative to what is imported; may be empty.
    pub at: String,
    /// Whether the copies lie side by side, without the folders of their keys.
    pub flat: bool,
}

/// A chain of digests: a trail's hours in one region, or its backfill.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct TrailChainView {
    /// Trail, by its name in full.
    pub trail: String,
    /// Region.
    pub region: String,
    /// Whether it is the backfill chain, which has no cadence and so no missing hours.
    pub backfill: bool,
    /// Trail, region and chain in words.
    pub place: String,
    /// Signed digests.
    pub digests: u32,
    /// Hours without a signed digest.
    pub hours_missing: u32,
    /// Start of what the band shows.
    pub from: Option<String>,
    /// End of what the band shows.
    pub to: Option<String>,
    /// Stretches in all.
    pub stretches: u32,
    /// The first 400 of them, indexed by hours since the start: `covered` (proven), `pending`
    /// (signed by a key that nobody confirmed), `gap` (no signed digest).
    pub band: Vec<BandView>,
}

/// A key of a pinned trail.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct TrailKeyView {
    /// SHA-256, hex.
    pub sha256: String,
    /// MD5, hex: how digests name it.
    pub fingerprint: String,
    /// Start of validity.
    pub from: String,
    /// End of validity.
    pub until: String,
    /// Who confirmed it out of band; absent while nobody has.
    pub confirmed: Option<TrailConfirmationView>,
}

/// That somebody compared a key on another way than its file came.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct TrailConfirmationView {
    /// Who.
    pub by: String,
    /// When.
    pub at: String,
    /// With what it was compared.
    pub how: String,
}

/// How many files have a verdict.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct TrailTallyView {
    /// Stable code.
    pub code: String,
    /// What it means.
    pub message: String,
    /// What to try.
    pub hint: String,
    /// Whether it is proven.
    pub proven: bool,
    /// Whether it speaks for a manipulation or a mix-up, and not just for something absent.
    pub failure: bool,
    /// How many.
    pub total: u32,
    /// The first hundred of them by path; empty where they are proven.
    pub paths: Vec<String>,
}

/// Something found about a chain.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct TrailFindingView {
    /// Stable code.
    pub code: String,
    /// In one sentence.
    pub message: String,
    /// What to try.
    pub hint: String,
    /// Whether it takes something from what can be claimed.
    pub problem: bool,
    /// Trail and region, and whether it is the backfill chain.
    pub place: String,
    /// Start of the time it is about.
    pub from: Option<String>,
    /// End of the time it is about.
    pub to: Option<String>,
    /// Each missing hour by its start, the first 10,000.
    pub hours: Vec<String>,
    /// Object keys that it names.
    pub keys: Vec<String>,
}
