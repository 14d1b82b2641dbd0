//! S3 object keys of digest files.

use chrono::{DateTime, NaiveDateTime, Utc};

/// What the object key of a digest file says.
///
/// ```text
/// [prefix/]AWSLogs/[organisation/]ACCOUNT/CloudTrail-Digest/REGION/YYYY/MM/DD/
///     ACCOUNT_CloudTrail-Digest_REGION_TRAIL_HOMEREGION_YYYYMMDDTHHMMSSZ[_backfill].json.gz
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName<'a> {
    /// Everything before `AWSLogs/`, without its final slash.
    pub prefix: &'a str,
    /// Organisation id, for an organisation's trail.
    pub organisation: Option<&'a str>,
    /// Account, 12 digits.
    pub account: &'a str,
    /// Region whose logs it lists.
    pub region: &'a str,
    /// Name of the trail.
    pub trail: &'a str,
    /// Region in which the trail was made.
    pub home_region: &'a str,
    /// End of the hour.
    pub end: DateTime<Utc>,
    /// Whether it belongs to the backfill chain.
    pub backfill: bool,
}

impl<'a> KeyName<'a> {
    /// Reads an object key; `None` when it is not a digest's.
    pub fn parse(key: &'a str) -> Option<Self> {
        let (prefix, rest) = match key.strip_prefix("AWSLogs/") {
            Some(rest) => ("", rest),
            None => key.split_once("/AWSLogs/")?,
        };
        let parts: Vec<&str> = rest.split('/').collect();
        let (organisation, parts) = match parts.as_slice() {
            [org, rest @ ..] if rest.len() == 7 => (Some(*org), rest),
            all => (None, all),
        };
        let [account, "CloudTrail-Digest", region, year, month, day, file] = *parts else {
            return None;
        };
        if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let stem = file
            .strip_prefix(account)?
            .strip_prefix("_CloudTrail-Digest_")?
            .strip_prefix(region)?
            .strip_prefix('_')?
            .strip_suffix(".json.gz")?;
        let (stem, backfill) = match stem.strip_suffix("_backfill") {
            Some(stem) => (stem, true),
            None => (stem, false),
        };
        let (stem, stamp) = stem.rsplit_once('_')?;
        let (trail, home_region) = stem.rsplit_once('_')?;
        let end = NaiveDateTime::parse_from_str(stamp, "%Y%m%dT%H%M%SZ")
            .ok()?
            .and_utc();
        let dated = end.format("%Y/%m/%d").to_string() == format!("{year}/{month}/{day}");
        (dated && !trail.is_empty() && !home_region.is_empty()).then_some(Self {
            prefix,
            organisation,
            account,
            region,
            trail,
            home_region,
            end,
            backfill,
        })
    }
}

impl KeyName<'_> {
    /// The trail's name in full, as [`super::TrailTrust::name`] has it.
    pub fn trail_name(&self) -> String {
        trail_name(self.home_region, self.account, self.trail)
    }
}

/// A trail's name in full, in the form of its ARN without the partition's variants.
pub(super) fn trail_name(home_region: &str, account: &str, trail: &str) -> String {
    format!("arn:aws:cloudtrail:{home_region}:{account}:trail/{trail}")
}

/// The last part of a path or key.
pub(super) fn base(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Whether a file at `path` lies where a copy of a bucket in its own layout has `key`.
pub(super) fn lies_at(path: &str, key: &str) -> bool {
    path == key
        || path
            .strip_suffix(key)
            .is_some_and(|folder| folder.ends_with('/'))
}
