//! A CloudTrail trail of the backup account: the region in which copies of the backups lie, in the
//! night of the story. The digest and the log files of one hour are missing; it is the hour of the
//! stranger's login.

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use evidence::cloudtrail::{
    Confirmation, Interval, PinnedKey, TRAIL_TRUST_FORMAT, TrailTrust, read_keys,
};

use crate::chance::Chance;
use crate::log::put;
use crate::trail::{TrailHour, TrailPlace, TrailSigner};
use crate::{SPAN, START, SampleError, cloudtrail};

/// Where the files lie in the sample case.
pub(crate) const FOLDER: &str = "trail";
/// Hours of the trail: from 27 October, 21:00 UTC, on.
const HOURS: i32 = 12;
/// The hour that is missing: 28 October, 02:00 UTC.
const MISSING: usize = 5;
/// Log files of each hour. Without one, the signed digest says that nothing happened.
const LOGS: [i64; HOURS as usize] = [1, 0, 1, 0, 1, 2, 1, 0, 0, 1, 0, 1];
/// Calls in a log file.
const CALLS: i32 = 4;

/// The trail as it was written.
#[derive(Clone, Debug, Default)]
pub struct SampleTrail {
    /// Folder to import.
    pub folder: PathBuf,
    /// What `aws cloudtrail list-public-keys` would have printed.
    pub keys: PathBuf,
    /// What to pin about it (`muniment/cloudtrail-trust/v1`).
    pub policy: PathBuf,
    /// Start of the hour that no digest covers.
    pub missing: DateTime<Utc>,
    /// Records in its log files.
    pub records: u64,
}

pub(crate) fn write(dir: &Path) -> Result<SampleTrail, SampleError> {
    let place = TrailPlace {
        account: cloudtrail::ACCOUNT.into(),
        trail: "backup-copies".into(),
        region: "eu-west-1".into(),
        bucket: "backup-audit.example".into(),
    };
    let start = START + TimeDelta::days(34) + TimeDelta::hours(21);
    let mut chance = Chance::new("the trail of the copies");
    let hours: Vec<TrailHour> = (0..HOURS)
        .zip(LOGS)
        .map(|(hour, logs)| {
            let start = start + TimeDelta::hours(1) * hour;
            let text =
                |_| cloudtrail::calls(&mut chance, &place.account, &place.region, start, CALLS);
            TrailHour::new(start, (0..logs).map(text).collect())
        })
        .collect();
    let signer = TrailSigner::demonstration();
    let signed = place.sign(&hours, &signer, false);

    let missing = &hours[MISSING];
    let gone = &signed.digests[MISSING];
    // Their names begin with the time of delivery, so the hour's own are known by it.
    let delivered = (missing.start + TimeDelta::minutes(5)).format("_%Y%m%dT%H%MZ_");
    let delivered = delivered.to_string();
    let mut trail = SampleTrail {
        folder: dir.join(FOLDER),
        missing: missing.start,
        ..SampleTrail::default()
    };
    for (key, bytes) in &signed.objects {
        let is_log = signed.logs.contains(key);
        if key == gone || (is_log && key.contains(&delivered)) {
            continue;
        }
        put(dir, &format!("{FOLDER}/{key}"), bytes)?;
        trail.records += if is_log { CALLS as u64 } else { 0 };
    }
    // A copy loses the signatures that lie beside the objects. The next digest has them, but not for
    // the newest, nor for the one before the hour that is missing.
    for digest in [
        &signed.digests[MISSING - 1],
        &signed.digests[HOURS as usize - 1],
    ] {
        let name = format!("{FOLDER}/{digest}.head-object.json");
        put(dir, &name, signed.head_object(digest).as_bytes())?;
    }

    let keys = signer.list_public_keys(START, SPAN.1 + TimeDelta::days(30));
    trail.keys = put(dir, "keys/cloudtrail-keys.json", keys.as_bytes())?;
    let confirmation = Confirmation {
        by: "the sample case".into(),
        at: SPAN.1,
        how: "a demonstration key, known from the program that wrote the sample; it stands for nobody's"
            .into(),
    };
    let listed = read_keys(keys.as_bytes())
        .map_err(|_| SampleError::Lacks("the keys of the CloudTrail trail"))?;
    let policy = TrailTrust {
        format: TRAIL_TRUST_FORMAT.into(),
        account: place.account.clone(),
        trail: place.trail.clone(),
        home_region: place.region.clone(),
        regions: vec![place.region.clone()],
        bucket: place.bucket.clone(),
        prefix: String::new(),
        organisation: None,
        keys: listed
            .iter()
            .map(|key| PinnedKey {
                confirmed: Some(confirmation.clone()),
                ..PinnedKey::of(key)
            })
            .collect(),
        interval: Interval {
            since: Some(start),
            until: Some(start + TimeDelta::hours(1) * HOURS),
        },
        locations: Vec::new(),
    };
    let mut text = serde_json::to_string_pretty(&policy).unwrap_or_default();
    text.push('\n');
    trail.policy = put(dir, "keys/cloudtrail-trust.json", text.as_bytes())?;
    Ok(trail)
}
