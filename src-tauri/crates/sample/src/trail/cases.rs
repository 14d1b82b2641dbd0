//! A good trail, and every way in which one can be wrong.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use evidence::cloudtrail::{
    Confirmation, Interval, Location, PinnedKey, TRAIL_TRUST_FORMAT, TrailTrust, read_keys,
};
use flate2::bufread::GzDecoder;

use super::signer::keys_file;
use super::{SignedTrail, TrailHour, TrailPlace, TrailSigner, gzip};
use crate::chance::Chance;

/// 2026-10-28T00:00:00Z.
const START: i64 = 1_793_145_600;
/// Digests of the good trail.
const HOURS: i64 = 14;
/// Hour without events.
const QUIET: i64 = 5;

/// A trail, good or wrong in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it; `about` says it in words")]
pub enum TrailCase {
    Good,
    KeyUnconfirmed,
    EditedLog,
    EditedDigest,
    MissingOne,
    MissingTwo,
    MissingTen,
    DeletedNewest,
    NewestWithoutSignature,
    WrongPreviousHash,
    WrongAlgorithm,
    LyingKeys,
    ForgersKey,
    Stranger,
    OtherBucket,
    Backfill,
    BackfillMissing,
    Moved,
    MovedWithMap,
    Restart,
    TimeBreak,
    MultiMember,
    TrailingData,
    DuplicateKey,
    Unlisted,
    LogMissing,
    ExpiredKey,
}

/// The files of a case.
#[derive(Clone, Debug)]
pub struct TrailFiles {
    /// Path → bytes, as a copy of the bucket's top.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The keys file.
    pub keys: String,
    /// The pinned policy.
    pub policy: TrailTrust,
}

impl TrailCase {
    /// All of them.
    pub const ALL: [Self; 27] = [
        Self::Good,
        Self::KeyUnconfirmed,
        Self::EditedLog,
        Self::EditedDigest,
        Self::MissingOne,
        Self::MissingTwo,
        Self::MissingTen,
        Self::DeletedNewest,
        Self::NewestWithoutSignature,
        Self::WrongPreviousHash,
        Self::WrongAlgorithm,
        Self::LyingKeys,
        Self::ForgersKey,
        Self::Stranger,
        Self::OtherBucket,
        Self::Backfill,
        Self::BackfillMissing,
        Self::Moved,
        Self::MovedWithMap,
        Self::Restart,
        Self::TimeBreak,
        Self::MultiMember,
        Self::TrailingData,
        Self::DuplicateKey,
        Self::Unlisted,
        Self::LogMissing,
        Self::ExpiredKey,
    ];

    /// Its files.
    pub fn files(self) -> TrailFiles {
        let place = TrailPlace {
            account: if self == Self::Stranger {
                "444455556666".into()
            } else {
                "111122223333".into()
            },
            trail: "platform-trail".into(),
            region: "eu-central-1".into(),
            bucket: if self == Self::OtherBucket {
                "attic.example".into()
            } else {
                "audit.example".into()
            },
        };
        let signer = if self == Self::ForgersKey {
            TrailSigner::stranger()
        } else {
            TrailSigner::demonstration()
        };
        let mut hours = hours(&place);
        match self {
            Self::WrongPreviousHash => {
                hours[7].change = |d| d.previous_digest_hash_value = Some("00".repeat(32));
            }
            Self::WrongAlgorithm => {
                hours[7].change = |d| d.digest_signature_algorithm = "SHA1withRSA".into();
            }
            Self::Restart => {
                hours.drain(6..8);
                hours[6].restart = true;
            }
            Self::TimeBreak => {
                hours[7].change = |d| d.digest_start_time = "2026-10-28T07:20:00Z".into();
            }
            _ => {}
        }
        let mut trail = place.sign(&hours, &signer, false);
        if matches!(self, Self::Backfill | Self::BackfillMissing) {
            backfill(&place, &signer, &mut trail);
        }
        let newest = trail.digests.last().cloned().unwrap_or_default();
        let mut sidecars = vec![newest];
        self.remove(&mut trail, &mut sidecars);
        let mut files = trail.objects.clone();
        for digest in sidecars {
            if self != Self::NewestWithoutSignature && files.contains_key(&digest) {
                let head = trail.head_object(&digest).into_bytes();
                files.insert(format!("{digest}.head-object.json"), head);
            }
        }
        self.damage(&trail, &mut files);
        let keys = self.keys(&signer);
        let policy = self.policy(&keys);
        TrailFiles {
            files,
            keys,
            policy,
        }
    }

    /// Takes whole files away.
    fn remove(self, trail: &mut SignedTrail, sidecars: &mut Vec<String>) {
        let gone: Vec<String> = match self {
            Self::MissingOne => trail.digests[6..7].to_vec(),
            Self::MissingTwo => trail.digests[6..8].to_vec(),
            Self::MissingTen => trail.digests[2..12].to_vec(),
            Self::DeletedNewest => trail.digests[13..].to_vec(),
            Self::LogMissing => trail.logs[2..3].to_vec(),
            Self::BackfillMissing => {
                let is_backfill = |d: &&String| d.contains("_backfill");
                trail
                    .digests
                    .iter()
                    .filter(is_backfill)
                    .take(1)
                    .cloned()
                    .collect()
            }
            _ => Vec::new(),
        };
        for key in gone {
            trail.objects.remove(&key);
        }
        // Each chain's newest and, before a hole, the last whose signature is lost with it.
        let digests: Vec<&String> = trail.digests.iter().collect();
        for pair in digests.windows(2) {
            let (here, after) = (pair[0], pair[1]);
            let lost = !trail.objects.contains_key(after);
            if lost
                || here.contains("_backfill") != after.contains("_backfill")
                || self == Self::Restart
            {
                sidecars.push(here.clone());
            }
        }
    }

    /// Changes bytes.
    fn damage(self, trail: &SignedTrail, files: &mut BTreeMap<String, Vec<u8>>) {
        let log = &trail.logs[3];
        let digest = &trail.digests[7];
        match self {
            Self::EditedLog => edit(files, log, "\"readOnly\":true", "\"readOnly\":null"),
            Self::EditedDigest => edit(
                files,
                digest,
                "_CloudTrail_eu-central-1_",
                "_CloudTrail_eu-central-2_",
            ),
            Self::DuplicateKey => {
                edit(
                    files,
                    digest,
                    "{\"awsAccountId\":",
                    "{\"awsAccountId\":\"1\",\"awsAccountId\":",
                );
            }
            Self::MultiMember => {
                if let Some(bytes) = files.get_mut(log) {
                    bytes.extend(gzip(b" "));
                }
            }
            Self::TrailingData => {
                if let Some(bytes) = files.get_mut(digest) {
                    bytes.extend(b"{}");
                }
            }
            Self::Unlisted => {
                let name = "AWSLogs/111122223333/CloudTrail/eu-central-1/2026/10/28/111122223333_CloudTrail_eu-central-1_20261028T0905Z_aaaaaaaaaaaaaaaa.json.gz";
                let place = TrailPlace {
                    account: "111122223333".into(),
                    trail: String::new(),
                    region: "eu-central-1".into(),
                    bucket: String::new(),
                };
                let at = DateTime::from_timestamp(START + 9 * 3_600, 0).unwrap_or_default();
                files.insert(name.into(), gzip(text(&place, at, 99).as_bytes()));
            }
            Self::Moved | Self::MovedWithMap => {
                let moved = std::mem::take(files);
                files.extend(moved.into_iter().map(|(key, bytes)| {
                    let file = key.rsplit('/').next().unwrap_or(&key);
                    (format!("copies/{file}"), bytes)
                }));
            }
            _ => {}
        }
    }

    fn keys(self, signer: &TrailSigner) -> String {
        let from = DateTime::from_timestamp(START - 86_400, 0).unwrap_or_default();
        let until = match self {
            Self::ExpiredKey => from + TimeDelta::hours(12),
            _ => from + TimeDelta::days(30),
        };
        match self {
            // The right fingerprint, another key.
            Self::LyingKeys => keys_file(&[(
                TrailSigner::stranger().public(),
                &signer.fingerprint(),
                from,
                until,
            )]),
            Self::ForgersKey => TrailSigner::demonstration().list_public_keys(from, until),
            _ => signer.list_public_keys(from, until),
        }
    }

    fn policy(self, keys: &str) -> TrailTrust {
        let confirmed = (self != Self::KeyUnconfirmed).then(|| Confirmation {
            by: "A. Custodian".into(),
            at: DateTime::from_timestamp(START + 86_400, 0).unwrap_or_default(),
            how: "compared with the answer that another account's workstation got".into(),
        });
        let keys = read_keys(keys.as_bytes()).unwrap_or_default();
        TrailTrust {
            format: TRAIL_TRUST_FORMAT.into(),
            account: "111122223333".into(),
            trail: "platform-trail".into(),
            home_region: "eu-central-1".into(),
            regions: vec!["eu-central-1".into()],
            bucket: "audit.example".into(),
            prefix: String::new(),
            organisation: None,
            keys: keys
                .iter()
                .map(|key| PinnedKey {
                    confirmed: confirmed.clone(),
                    ..PinnedKey::of(key)
                })
                .collect(),
            interval: Interval {
                since: DateTime::from_timestamp(START, 0),
                until: DateTime::from_timestamp(START + HOURS * 3_600, 0),
            },
            locations: match self {
                Self::MovedWithMap => vec![Location {
                    bucket: "audit.example".into(),
                    prefix: "AWSLogs/111122223333/".into(),
                    at: "copies".into(),
                    flat: true,
                }],
                _ => Vec::new(),
            },
        }
    }
}

/// Replaces a text inside a packed file.
fn edit(files: &mut BTreeMap<String, Vec<u8>>, key: &str, old: &str, new: &str) {
    if let Some(bytes) = files.get_mut(key) {
        let mut text = String::new();
        let _ = std::io::Read::read_to_string(&mut GzDecoder::new(bytes.as_slice()), &mut text);
        debug_assert!(text.contains(old), "{old} is not in it");
        *bytes = gzip(text.replacen(old, new, 1).as_bytes());
    }
}

fn hours(place: &TrailPlace) -> Vec<TrailHour> {
    (0..HOURS)
        .map(|hour| {
            let start = DateTime::from_timestamp(START + hour * 3_600, 0).unwrap_or_default();
            let logs = if hour == QUIET { 0 } else { 1 + hour % 2 };
            let texts = (0..logs).map(|log| text(place, start, hour * 10 + log));
            TrailHour::new(start, texts.collect())
        })
        .collect()
}

/// Two hours later than it should have been listed, a log file of hour 3 turns up, and one of hour 4.
fn backfill(place: &TrailPlace, signer: &TrailSigner, trail: &mut SignedTrail) {
    let hours: Vec<TrailHour> = (3..5)
        .map(|hour| {
            let start = DateTime::from_timestamp(START + hour * 3_600, 0).unwrap_or_default();
            TrailHour::new(start, vec![text(place, start, 500 + hour)])
        })
        .collect();
    let late = place.sign(&hours, signer, true);
    trail.objects.extend(late.objects);
    trail.signatures.extend(late.signatures);
    trail.digests.extend(late.digests);
    trail.logs.extend(late.logs);
}

/// A log file with a few calls.
fn text(place: &TrailPlace, start: DateTime<Utc>, number: i64) -> String {
    let mut chance = Chance::new(&format!("trail {number}"));
    crate::cloudtrail::calls(&mut chance, &place.account, &place.region, start, 4)
}
