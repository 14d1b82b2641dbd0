//! `muniment trust cloudtrail pin`.

use std::path::{Path, PathBuf};

use clap::Args;
use workbench::{Error, TrailRequest, Workbench};

use super::trails;
use crate::answer::Answer;
use crate::command::Inside;

/// Pin a trail, or change what is pinned about it.
///
/// Keys pinned before stay, and so do prefix, organisation, interval and location map where they are
/// not given; `set` takes the place of everything.
///
/// AWS's regional keys sign every customer's digests, so account, trail, region and bucket
/// belong to what is pinned. A key counts only once somebody has compared its SHA-256 on
/// another way than the keys file came: name it with --confirm and say how with --how.
#[derive(Debug, Args)]
pub(crate) struct Pin {
    /// Account, 12 digits.
    #[arg(long)]
    account: String,
    /// Region whose digests are expected; may be given several times.
    #[arg(long, required = true)]
    region: Vec<String>,
    /// Name of the trail.
    #[arg(long)]
    trail: String,
    /// Bucket into which CloudTrail writes.
    #[arg(long)]
    bucket: String,
    /// Prefix before `AWSLogs/` in the bucket.
    #[arg(long, default_value = "")]
    prefix: String,
    /// Region in which the trail was made; the first --region unless given.
    #[arg(long)]
    home_region: Option<String>,
    /// Organisation id, for an organisation's trail.
    #[arg(long)]
    organisation: Option<String>,
    /// Start of the interval that is to be whole, such as 2026-10-28T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// End of that interval.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// JSON file that says where moved copies of the bucket lie.
    #[arg(long, value_name = "FILE")]
    location_map: Option<PathBuf>,
    /// SHA-256 (hex) of a key that was confirmed out of band; may be given several times.
    #[arg(long, value_name = "SHA256")]
    confirm: Vec<String>,
    /// Keys file as `aws cloudtrail list-public-keys` printed it.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// With what the confirmed keys were compared.
    #[arg(long, value_name = "TEXT", requires = "confirm")]
    how: Option<String>,
}

impl Inside for Pin {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let request = TrailRequest {
            keys: self.keys.as_deref().map(shown),
            account: self.account.clone(),
            regions: self.region.clone(),
            home_region: self.home_region.clone(),
            trail: self.trail.clone(),
            bucket: self.bucket.clone(),
            prefix: self.prefix.clone(),
            organisation: self.organisation.clone(),
            since: self.since.clone(),
            until: self.until.clone(),
            location_map: self.location_map.as_deref().map(shown),
            locations: Vec::new(),
            confirm: self.confirm.clone(),
            how: self.how.clone(),
            keep: true,
        };
        Ok(Answer::new(bench.pin_trail(request).await?, trails))
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
