//! A CloudTrail trail that is verified where it lies.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use workbench::TrailRequest;
use workbench::view::{TrailReport, TrailVerdict};

use crate::answer::{Answer, Exit};
use crate::command::trust::cloudtrail::trails;

/// What is expected of a trail whose files are checked where they lie.
#[derive(Debug, Args)]
pub(super) struct TrailVerify {
    /// CloudTrail: keys file as `aws cloudtrail list-public-keys` printed it. PATH is then a
    /// folder or ZIP of digests and log files.
    #[arg(long, value_name = "FILE", requires_all = ["account", "region", "trail", "bucket"])]
    keys: Option<PathBuf>,
    /// Account, 12 digits.
    #[arg(long, requires = "keys")]
    account: Option<String>,
    /// Region whose digests are expected; may be given several times.
    #[arg(long, requires = "keys")]
    region: Vec<String>,
    /// Name of the trail.
    #[arg(long, requires = "keys")]
    trail: Option<String>,
    /// Bucket into which CloudTrail writes.
    #[arg(long, requires = "keys")]
    bucket: Option<String>,
    /// Prefix before `AWSLogs/` in the bucket.
    #[arg(long, requires = "keys", default_value = "")]
    prefix: String,
    /// Region in which the trail was made; the first --region unless given.
    #[arg(long, requires = "keys")]
    home_region: Option<String>,
    /// Organisation id, for an organisation's trail.
    #[arg(long, requires = "keys")]
    organisation: Option<String>,
    /// Start of the interval that is to be whole, such as 2026-10-28T00:00:00Z.
    #[arg(long, requires = "keys", value_name = "TIME")]
    since: Option<String>,
    /// End of that interval.
    #[arg(long, requires = "keys", value_name = "TIME")]
    until: Option<String>,
    /// JSON file that says where moved copies of the bucket lie.
    #[arg(long, requires = "keys", value_name = "FILE")]
    location_map: Option<PathBuf>,
    /// SHA-256 (hex) of a key that you compared out of band; may be given several times.
    #[arg(long, requires = "keys", value_name = "SHA256")]
    confirm: Vec<String>,
}

impl TrailVerify {
    /// What to check, when it is a trail that is to be checked.
    pub(super) fn request(&self) -> Option<TrailRequest> {
        Some(TrailRequest {
            keys: Some(self.keys.as_ref()?.display().to_string()),
            account: self.account.clone()?,
            regions: self.region.clone(),
            home_region: self.home_region.clone(),
            trail: self.trail.clone()?,
            bucket: self.bucket.clone()?,
            prefix: self.prefix.clone(),
            organisation: self.organisation.clone(),
            since: self.since.clone(),
            until: self.until.clone(),
            location_map: self.location_map.as_ref().map(|p| p.display().to_string()),
            locations: Vec::new(),
            confirm: self.confirm.clone(),
            how: Some("named on the command line".into()),
            keep: false,
        })
    }
}

/// What was found, with the exit code that says how it stands.
pub(super) fn answer(report: TrailReport) -> Answer {
    let exit = match report.verdict {
        TrailVerdict::Pending => Exit::Open,
        _ => Exit::of(report.passed),
    };
    Answer::new(report, text).exiting(exit)
}

fn text(out: &mut dyn Write, report: &TrailReport) -> io::Result<()> {
    trails(out, &workbench::trail_report_view(report))
}
