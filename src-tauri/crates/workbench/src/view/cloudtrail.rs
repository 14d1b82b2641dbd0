//! CloudTrail: pinned trails, and what their digests prove.

pub use evidence::cloudtrail::TrailReport;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;

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
    /// Start of the requested interval.
    pub since: Option<String>,
    /// End of the requested interval.
    pub until: Option<String>,
    /// Keys.
    pub keys: Vec<TrailKeyView>,
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
    /// Who confirmed it out of band and when; absent while nobody has.
    pub confirmed: Option<String>,
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
