//! CloudTrail on the command line: what is pinned about a trail, and what a report says.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use workbench::TrailRequest;
use workbench::view::{TrailReport, TrailTallyView, TrailsView};

/// Missing hours that one finding prints; `--json` has all of them.
const HOURS: usize = 48;
/// Files and keys that one line prints.
const NAMES: usize = 12;

#[derive(Debug, Subcommand)]
pub(crate) enum TrailCommand {
    /// Pin a trail, or change what is pinned about it.
    ///
    /// Keys pinned before stay, and so do prefix, organisation, interval and location map where they are
    /// not given; `set` takes the place of everything.
    ///
    /// AWS's regional keys sign every customer's digests, so account, trail, region and bucket
    /// belong to what is pinned. A key counts only once somebody has compared its SHA-256 on
    /// another way than the keys file came: name it with --confirm and say how with --how.
    Pin {
        #[command(flatten)]
        trail: Box<TrailArguments>,
        /// Keys file as `aws cloudtrail list-public-keys` printed it.
        #[arg(long, value_name = "FILE")]
        keys: Option<PathBuf>,
        /// With what the confirmed keys were compared.
        #[arg(long, value_name = "TEXT", requires = "confirm")]
        how: Option<String>,
    },
    /// Pin what a document (muniment/cloudtrail-trust/v1) states, with its keys and confirmations.
    ///
    /// It takes the place of what was pinned about that trail. Its shape is
    /// schemas/cloudtrail-trust-1.schema.json.
    Set {
        /// The document.
        file: PathBuf,
    },
    /// List pinned trails with their keys, and what the digests here prove.
    List,
}

/// What is expected of a trail.
#[derive(Debug, Args)]
pub(crate) struct TrailArguments {
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
}

/// The same where the trail's files are checked with no workspace.
#[derive(Debug, Args)]
pub(crate) struct TrailVerify {
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

impl TrailArguments {
    pub(crate) fn request(&self, keys: Option<&PathBuf>, how: Option<&String>) -> TrailRequest {
        TrailRequest {
            keys: keys.map(|p| p.display().to_string()),
            account: self.account.clone(),
            regions: self.region.clone(),
            home_region: self.home_region.clone(),
            trail: self.trail.clone(),
            bucket: self.bucket.clone(),
            prefix: self.prefix.clone(),
            organisation: self.organisation.clone(),
            since: self.since.clone(),
            until: self.until.clone(),
            location_map: self.location_map.as_ref().map(|p| p.display().to_string()),
            locations: Vec::new(),
            confirm: self.confirm.clone(),
            how: how.cloned(),
            keep: true,
        }
    }
}

impl TrailVerify {
    /// What to check, when it is a trail that is to be checked.
    pub(crate) fn request(&self) -> Option<TrailRequest> {
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

/// A report of files that were checked where they lie.
pub(crate) fn report(out: &mut dyn Write, report: &TrailReport) -> io::Result<()> {
    trails(out, &workbench::trail_report_view(report))
}

/// Pinned trails and what is proven.
pub(crate) fn trails(out: &mut dyn Write, view: &TrailsView) -> io::Result<()> {
    for trail in &view.trails {
        writeln!(out, "{}", trail.name)?;
        writeln!(
            out,
            "  bucket {}  prefix {:?}  regions {}",
            trail.bucket,
            trail.prefix,
            trail.regions.join(", ")
        )?;
        if trail.since.is_some() || trail.until.is_some() {
            let time = |t: &Option<String>| t.clone().unwrap_or_else(|| "…".into());
            writeln!(
                out,
                "  to be whole: {} to {}",
                time(&trail.since),
                time(&trail.until)
            )?;
        }
        for key in &trail.keys {
            writeln!(out, "  key SHA-256 {}", key.sha256)?;
            writeln!(out, "      valid {} to {}", key.from, key.until)?;
            match &key.confirmed {
                Some(confirmed) => writeln!(
                    out,
                    "      confirmed by {}, {}: {}",
                    confirmed.by, confirmed.at, confirmed.how
                )?,
                None => writeln!(out, "      not confirmed")?,
            }
        }
    }
    if view.verdict.is_empty() {
        return writeln!(out, "no CloudTrail digest is here");
    }
    writeln!(out, "CloudTrail: {}", view.verdict)?;
    for line in &view.digests {
        tally(out, "digest", line)?;
    }
    for line in &view.logs {
        tally(out, "log file", line)?;
    }
    for finding in &view.findings {
        writeln!(out, "{:<16} {}", finding.code, finding.message)?;
        if let (Some(from), Some(to)) = (&finding.from, &finding.to) {
            writeln!(out, "                 {}: {from} to {to}", finding.place)?;
        }
        for hour in finding.hours.iter().take(HOURS) {
            writeln!(out, "                 missing hour from {hour}")?;
        }
        if finding.hours.len() > HOURS {
            let more = finding.hours.len() - HOURS;
            writeln!(out, "                 and {more} more hours (see --json)")?;
        }
        if finding.problem {
            names(out, &finding.keys)?;
        }
        if !finding.hint.is_empty() {
            writeln!(out, "                 {}", finding.hint)?;
        }
    }
    Ok(())
}

fn tally(out: &mut dyn Write, what: &str, line: &TrailTallyView) -> io::Result<()> {
    let s = if line.total == 1 { "" } else { "s" };
    writeln!(
        out,
        "{:<16} {} {what}{s}: {}",
        line.code, line.total, line.message
    )?;
    names(out, &line.paths)?;
    if !line.hint.is_empty() {
        writeln!(out, "                 {}", line.hint)?;
    }
    Ok(())
}

fn names(out: &mut dyn Write, names: &[String]) -> io::Result<()> {
    for name in names.iter().take(NAMES) {
        writeln!(out, "                 {name}")?;
    }
    if names.len() > NAMES {
        writeln!(
            out,
            "                 and {} more (see --json)",
            names.len() - NAMES
        )?;
    }
    Ok(())
}
