//! CloudTrail trails as they stand: what is pinned, what the digests that are here say, and what follows from it.

mod show;

use std::collections::HashMap;

use evidence::Hash;
use evidence::cloudtrail::{LogVerdict, Trail, TrailReport, TrailTrust, survey};
use vault::{Segment, Vault};

use bench::Error;

pub(crate) use show::trails_view;
pub use show::{place, report_view};

/// Member of a segment's facts that holds what CloudTrail files say.
pub const FACTS: &str = "cloudtrail";

/// What is known of CloudTrail, and what follows from it.
#[derive(Clone, Debug, Default)]
pub struct Trails {
    /// What is pinned.
    pub policies: Vec<TrailTrust>,
    /// What the files that are here say.
    pub trail: Trail,
    /// What follows from it; none where no digest is here.
    pub report: Option<TrailReport>,
    logs: HashMap<(String, Hash), LogVerdict>,
    digests: HashMap<Hash, bool>,
}

impl Trails {
    /// Surveys all trails afresh from the vault.
    pub async fn compute<'a>(
        vault: &Vault,
        segments: impl Iterator<Item = &'a Segment>,
    ) -> Result<Self, Error> {
        let mut trail = Trail::default();
        for facts in segments.filter_map(facts) {
            trail.extend(facts);
        }
        let mut policies = Vec::new();
        for policy in vault.cloudtrail_trust().await? {
            policies.push(serde_json::from_value(policy).map_err(|error| {
                Error::failed(
                    format!("a pinned trail cannot be read (column {})", error.column()),
                    "pin the trail again",
                )
            })?);
        }
        // Without the survey nothing may be said of the trails, least of all that there are none.
        tokio::task::spawn_blocking(move || Self::of(trail, policies))
            .await
            .map_err(|_| {
                Error::failed(
                    "the survey of the CloudTrail trails stopped",
                    "open the workspace again; if it stops again, tell whoever keeps the program",
                )
            })
    }

    fn of(trail: Trail, policies: Vec<TrailTrust>) -> Self {
        let any = !(trail.digests.is_empty() && trail.broken_digests.is_empty());
        let mut trails = Self {
            policies,
            trail,
            ..Self::default()
        };
        // Log files alone say nothing about a trail.
        if !any {
            return trails;
        }
        let report = survey(&trails.trail, &trails.policies);
        for line in &report.logs {
            if let Some(sha256) = line.sha256 {
                trails
                    .logs
                    .insert((line.path.clone(), sha256), line.verdict);
            }
        }
        for line in &report.digests {
            if let Some(sha256) = line.sha256 {
                trails.digests.insert(sha256, line.verdict.is_proven());
            }
        }
        trails.report = Some(report);
        trails
    }

    /// The verdict of the log file of a segment, and whether all its digests are proven.
    pub fn of_segment(&self, segment: &Segment) -> Option<TrailStanding> {
        let facts = facts(segment)?;
        match facts.logs.as_slice() {
            [log] => {
                let verdict = self.logs.get(&(log.path.clone(), log.sha256));
                verdict.copied().map(TrailStanding::Log)
            }
            _ => {
                let proven = |d: &evidence::cloudtrail::DigestFacts| {
                    self.digests.get(&d.sha256) == Some(&true)
                };
                let files =
                    facts.digests.len() + facts.signatures.len() + facts.broken_digests.len();
                Some(TrailStanding::Digests {
                    files: files as u64,
                    proven: facts.broken_digests.is_empty() && facts.digests.iter().all(proven),
                })
            }
        }
    }
}

/// What the CloudTrail files of a segment say.
pub(crate) fn facts(segment: &Segment) -> Option<Trail> {
    serde_json::from_value(segment.facts.verdict.get(FACTS)?.clone()).ok()
}

/// What CloudTrail's digests say about a segment.
#[derive(Clone, Copy, Debug)]
pub enum TrailStanding {
    /// A log file.
    Log(LogVerdict),
    /// Digest files: how many, with the signatures beside them, and whether all are proven.
    Digests {
        /// Records that are about files and are no events.
        files: u64,
        /// Whether each digest is proven.
        proven: bool,
    },
}

impl TrailStanding {
    /// In words.
    pub fn words(self) -> String {
        match self {
            Self::Log(verdict) => verdict.message().into(),
            Self::Digests { proven: true, .. } => "each digest is proven".into(),
            Self::Digests { proven: false, .. } => {
                "not each digest is proven; Sources says which, and why".into()
            }
        }
    }
}
