//! CloudTrail trails: what a custodian pins about one, and what the digests that are here prove.
//!
//! Digests and log files are remembered as facts with their imports; the verdicts are computed from
//! all of them and from the pinned policies, so it does not matter what came first.

use std::path::Path;

use chrono::{DateTime, Utc};
use evidence::cloudtrail::{
    Confirmation, Interval, Location, PinnedKey, TRAIL_TRUST_FORMAT, TrailTrust, TrailTrustFault,
    read_keys,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use specta::Type;
use vault::Act;

use crate::Workspace;
use crate::trails::trails_view;
use bench::view::{TrailLocationView, TrailsView};
use bench::{Bench, Code, Error};

/// What is asked for when a trail is pinned or checked offline.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Type)]
pub struct TrailRequest {
    /// Keys file as `aws cloudtrail list-public-keys` printed it.
    pub keys: Option<String>,
    /// Account.
    pub account: String,
    /// Regions.
    pub regions: Vec<String>,
    /// Home region; the first region unless given.
    pub home_region: Option<String>,
    /// Trail.
    pub trail: String,
    /// Bucket.
    pub bucket: String,
    /// Prefix.
    pub prefix: String,
    /// Organisation id.
    pub organisation: Option<String>,
    /// Start of the interval that is to be whole, RFC 3339.
    pub since: Option<String>,
    /// Its end, RFC 3339.
    pub until: Option<String>,
    /// Location map: file with a JSON array of where moved copies lie.
    pub location_map: Option<String>,
    /// The same, stated; used where no file is named.
    pub locations: Vec<TrailLocationView>,
    /// SHA-256 (hex) of the keys that were confirmed out of band.
    pub confirm: Vec<String>,
    /// With what they were compared.
    pub how: Option<String>,
    /// Whether prefix, organisation, interval and locations stay as they were pinned where they are left out:
    /// confirming a key must not quietly take back that an interval is to be whole.
    pub keep: bool,
}

impl TrailRequest {
    /// The policy that it describes; `known` is what was pinned about the trail before.
    ///
    /// # Errors
    /// When a file it names cannot be read, or it is no policy.
    pub fn policy(
        &self,
        by: &str,
        now: DateTime<Utc>,
        known: Option<&TrailTrust>,
    ) -> Result<TrailTrust, Error> {
        let mut keys = known.map_or_else(Vec::new, |known| known.keys.clone());
        if let Some(path) = &self.keys {
            let path = Path::new(path);
            let bytes = std::fs::read(path).map_err(|e| Error::io("could not read", path, &e))?;
            let listed = read_keys(&bytes).map_err(|fault| {
                Error::invalid(format!("{}: {fault}", path.display()), fault.hint())
            })?;
            for key in listed {
                if !keys
                    .iter()
                    .any(|k| k.sha256 == key.sha256().to_hex() && k.fingerprint == key.fingerprint)
                {
                    keys.push(PinnedKey::of(&key));
                }
            }
        }
        for sha256 in &self.confirm {
            let sha256 = sha256.trim().to_ascii_lowercase().replace(':', "");
            if sha256.len() != 64 || !sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(Error::invalid(
                    "what is to be confirmed is no SHA-256",
                    "give its 64 hexadecimal digits; the shorter fingerprint that digests name is an MD5 and proves nothing",
                ));
            }
            let how = self.how.as_deref().map(str::trim).filter(|h| !h.is_empty());
            let Some(how) = how else {
                return Err(Error::invalid(
                    "it is not said how the key was confirmed",
                    "say with what its SHA-256 was compared, and on which way that came",
                ));
            };
            let mut any = false;
            for key in keys.iter_mut().filter(|k| k.sha256 == sha256) {
                any = true;
                key.confirmed.get_or_insert_with(|| Confirmation {
                    by: by.to_owned(),
                    at: now,
                    how: how.to_owned(),
                });
            }
            if !any {
                return Err(Error::new(
                    Code::NotFound,
                    "no key of the keys file has the SHA-256 that is to be confirmed",
                    "do not pin this file: compare its keys with AWS's again",
                ));
            }
        }
        let home_region = self
            .home_region
            .clone()
            .or_else(|| self.regions.first().cloned());
        let mut policy = TrailTrust {
            format: TRAIL_TRUST_FORMAT.into(),
            account: self.account.trim().to_owned(),
            trail: self.trail.trim().to_owned(),
            home_region: home_region.unwrap_or_default(),
            regions: self.regions.clone(),
            bucket: self.bucket.trim().to_owned(),
            prefix: self.prefix.trim().trim_matches('/').to_owned(),
            organisation: self.organisation.clone(),
            keys,
            interval: Interval {
                since: moment(self.since.as_deref())?,
                until: moment(self.until.as_deref())?,
            },
            locations: match &self.location_map {
                Some(path) => locations(Path::new(path))?,
                None => self.locations.iter().map(location).collect(),
            },
        };
        if let Some(known) = known.filter(|_| self.keep) {
            if policy.prefix.is_empty() {
                policy.prefix.clone_from(&known.prefix);
            }
            if policy.locations.is_empty() {
                policy.locations.clone_from(&known.locations);
            }
            let interval = &mut policy.interval;
            interval.since = interval.since.or(known.interval.since);
            interval.until = interval.until.or(known.interval.until);
            policy.organisation = policy.organisation.or_else(|| known.organisation.clone());
        }
        policy.check().map_err(|fault| refused(&fault))?;
        Ok(policy)
    }
}

fn refused(fault: &TrailTrustFault) -> Error {
    Error::invalid(fault.to_string(), fault.hint())
}

fn location(view: &TrailLocationView) -> Location {
    Location {
        bucket: view.bucket.trim().to_owned(),
        prefix: view.prefix.trim().to_owned(),
        at: view.at.trim().to_owned(),
        flat: view.flat,
    }
}

fn moment(text: Option<&str>) -> Result<Option<DateTime<Utc>>, Error> {
    let Some(text) = text.map(str::trim).filter(|t| !t.is_empty()) else {
        return Ok(None);
    };
    DateTime::parse_from_rfc3339(text)
        .map(|t| Some(t.to_utc()))
        .map_err(|_| {
            Error::invalid(
                "a time of the interval is not RFC 3339",
                "write it like 2026-10-28T00:00:00Z",
            )
        })
}

fn locations(path: &Path) -> Result<Vec<Location>, Error> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::io("could not read", path, &e))?;
    serde_json::from_str(&text).map_err(|error| {
        Error::invalid(
            format!(
                "{} is no location map (line {}, column {})",
                path.display(),
                error.line(),
                error.column()
            ),
            r#"write [{"bucket":"…","prefix":"AWSLogs/…/","at":"folder","flat":false}]"#,
        )
    })
}

/// Pinned trails, and what the digests that are here prove.
pub async fn cloudtrail(workspace: &Workspace) -> Result<TrailsView, Error> {
    Ok(trails_view(&workspace.standing().trails))
}

/// Pins a trail, or changes what is pinned about it: keys pinned and confirmed before stay.
/// Everything that was imported is decided again at once.
pub async fn pin_trail(
    bench: &Bench,
    workspace: &Workspace,
    request: TrailRequest,
) -> Result<TrailsView, Error> {
    let by = workspace.vault.member().0.to_owned();
    let standing = workspace.standing();
    let home = request.home_region.as_ref().or(request.regions.first());
    let known = standing.trails.policies.iter().find(|p| {
        p.account == request.account.trim()
            && p.trail == request.trail.trim()
            && Some(&p.home_region) == home
    });
    let policy = request.policy(&by, bench.now(), known)?;
    pin_policy(bench, workspace, policy).await
}

/// Pins what a document (`muniment/cloudtrail-trust/v1`) states, with its keys and whoever
/// confirmed them, in the place of what was pinned about that trail.
pub async fn set_trail(
    bench: &Bench,
    workspace: &Workspace,
    file: String,
) -> Result<TrailsView, Error> {
    let path = Path::new(&file);
    let text = std::fs::read_to_string(path).map_err(|e| Error::io("could not read", path, &e))?;
    let policy = TrailTrust::read(&text)
        .map_err(|fault| Error::invalid(format!("{}: {fault}", path.display()), fault.hint()))?;
    pin_policy(bench, workspace, policy).await
}

async fn pin_policy(
    bench: &Bench,
    workspace: &Workspace,
    policy: TrailTrust,
) -> Result<TrailsView, Error> {
    if policy.keys.is_empty() {
        return Err(Error::invalid(
            "no key is pinned for the trail",
            "give the keys file that `aws cloudtrail list-public-keys` printed",
        ));
    }
    let name = policy.name();
    let confirmed = policy.keys.iter().filter(|k| k.confirmed.is_some());
    let value = serde_json::to_value(&policy).unwrap_or_default();
    let mut detail = json!({
        "trail": name,
        "bucket": policy.bucket,
        "prefix": policy.prefix,
        "regions": policy.regions,
        "keys": policy.keys.iter().map(|k| &k.sha256).collect::<Vec<_>>(),
        "confirmed": confirmed.map(|k| &k.sha256).collect::<Vec<_>>(),
    });
    workspace
        .vault
        .write(bench.now(), move |tx| {
            let stored = tx.set_cloudtrail_trust(&name, &value)?;
            detail["version"] = json!(stored.version);
            detail["policy"] = json!(stored.digest.to_hex());
            Ok(((), Act::new("trust.cloudtrail", detail).into()))
        })
        .await?;
    workspace.reconsider().await?;
    bench.vault_changed();
    cloudtrail(workspace).await
}
