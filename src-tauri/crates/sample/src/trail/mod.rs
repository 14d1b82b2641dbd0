//! CloudTrail trails in AWS's own format, signed with a demonstration key of ours: digests, log
//! files, the answer of ListPublicKeys, and every way in which such a trail can be wrong.

mod cases;
mod signer;

use std::collections::BTreeMap;
use std::io::Write as _;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use evidence::Hash;
use flate2::{Compression, write::GzEncoder};
use serde::Serialize;

pub use cases::{TrailCase, TrailFiles};
pub use signer::TrailSigner;

/// Where a trail belongs.
#[derive(Clone, Debug)]
pub struct TrailPlace {
    /// Account, 12 digits.
    pub account: String,
    /// Name of the trail.
    pub trail: String,
    /// Region of the logs and home region.
    pub region: String,
    /// Bucket.
    pub bucket: String,
}

/// What goes into one digest.
#[derive(Clone, Debug)]
pub struct TrailHour {
    /// Start.
    pub start: DateTime<Utc>,
    /// End.
    pub end: DateTime<Utc>,
    /// Texts of the log files.
    pub logs: Vec<String>,
    /// Whether the chain starts anew here.
    pub restart: bool,
    /// Changes the digest before it is signed.
    pub change: fn(&mut Digest),
}

impl TrailHour {
    /// An hour from `start` on.
    pub fn new(start: DateTime<Utc>, logs: Vec<String>) -> Self {
        Self {
            start,
            end: start + TimeDelta::hours(1),
            logs,
            restart: false,
            change: |_| {},
        }
    }
}

/// A digest file before it is packed; the names are AWS's.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "named and described by AWS")]
pub struct Digest {
    pub aws_account_id: String,
    pub digest_start_time: String,
    pub digest_end_time: String,
    pub digest_s3_bucket: String,
    pub digest_s3_object: String,
    pub digest_public_key_fingerprint: String,
    pub digest_signature_algorithm: String,
    pub newest_event_time: Option<String>,
    pub oldest_event_time: Option<String>,
    pub previous_digest_s3_bucket: Option<String>,
    pub previous_digest_s3_object: Option<String>,
    pub previous_digest_hash_value: Option<String>,
    pub previous_digest_hash_algorithm: Option<String>,
    pub previous_digest_signature: Option<String>,
    pub log_files: Vec<DigestLog>,
}

/// A log file as a digest lists it; the names are AWS's.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "named and described by AWS")]
pub struct DigestLog {
    pub s3_bucket: String,
    pub s3_object: String,
    pub hash_value: String,
    pub hash_algorithm: String,
    pub newest_event_time: String,
    pub oldest_event_time: String,
}

/// A trail as it lies in its bucket.
#[derive(Clone, Debug, Default)]
pub struct SignedTrail {
    /// Object key → bytes.
    pub objects: BTreeMap<String, Vec<u8>>,
    /// Object keys of the digests, oldest first.
    pub digests: Vec<String>,
    /// Object keys of the log files.
    pub logs: Vec<String>,
    /// Signature of each digest, as its object metadata have it.
    pub signatures: BTreeMap<String, String>,
}

fn iso(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// One gzip member, as CloudTrail packs its files.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let _ = packer.write_all(bytes);
    packer.finish().unwrap_or_default()
}

impl TrailPlace {
    fn key(&self, kind: &str, at: DateTime<Utc>, file: &str) -> String {
        format!(
            "AWSLogs/{}/{kind}/{}/{}/{file}",
            self.account,
            self.region,
            at.format("%Y/%m/%d")
        )
    }

    /// Signs a chain. A backfill chain has the suffix in its names and a chain of its own.
    pub fn sign(&self, hours: &[TrailHour], signer: &TrailSigner, backfill: bool) -> SignedTrail {
        let mut trail = SignedTrail::default();
        let mut before: Option<(String, String, String)> = None;
        for (number, hour) in hours.iter().enumerate() {
            let logs = self.logs(hour, number, backfill, &mut trail);
            let suffix = if backfill { "_backfill" } else { "" };
            let key = self.key(
                "CloudTrail-Digest",
                hour.end,
                &format!(
                    "{}_CloudTrail-Digest_{}_{}_{}_{}{suffix}.json.gz",
                    self.account,
                    self.region,
                    self.trail,
                    self.region,
                    hour.end.format("%Y%m%dT%H%M%SZ")
                ),
            );
            let previous = before.take().filter(|_| !hour.restart);
            let busy = !logs.is_empty();
            let mut digest = Digest {
                aws_account_id: self.account.clone(),
                digest_start_time: iso(hour.start),
                digest_end_time: iso(hour.end),
                digest_s3_bucket: self.bucket.clone(),
                digest_s3_object: key.clone(),
                digest_public_key_fingerprint: signer.fingerprint(),
                digest_signature_algorithm: "SHA256withRSA".to_owned(),
                newest_event_time: busy.then(|| iso(hour.end - TimeDelta::minutes(5))),
                oldest_event_time: busy.then(|| iso(hour.start)),
                previous_digest_s3_bucket: previous.as_ref().map(|_| self.bucket.clone()),
                previous_digest_s3_object: previous.as_ref().map(|p| p.0.clone()),
                previous_digest_hash_value: previous.as_ref().map(|p| p.1.clone()),
                previous_digest_hash_algorithm: previous.as_ref().map(|_| "SHA-256".to_owned()),
                previous_digest_signature: previous.map(|p| p.2),
                log_files: logs,
            };
            (hour.change)(&mut digest);
            let text = serde_json::to_string(&digest).unwrap_or_default();
            let hash = Hash::sha256(text.as_bytes()).to_hex();
            let signed = format!(
                "{}\n{}/{}\n{hash}\n{}",
                digest.digest_end_time,
                digest.digest_s3_bucket,
                digest.digest_s3_object,
                digest
                    .previous_digest_signature
                    .as_deref()
                    .unwrap_or("null")
            );
            let signature = HEXLOWER.encode(&signer.sign(signed.as_bytes()));
            trail.objects.insert(key.clone(), gzip(text.as_bytes()));
            trail.signatures.insert(key.clone(), signature.clone());
            trail.digests.push(key.clone());
            before = Some((key, hash, signature));
        }
        trail
    }

    fn logs(
        &self,
        hour: &TrailHour,
        number: usize,
        backfill: bool,
        trail: &mut SignedTrail,
    ) -> Vec<DigestLog> {
        let mut listed = Vec::new();
        for (which, text) in hour.logs.iter().enumerate() {
            let random = Hash::sha256(format!("{number} {which} {backfill}").as_bytes()).to_hex();
            let key = self.key(
                "CloudTrail",
                hour.start,
                &format!(
                    "{}_CloudTrail_{}_{}_{}.json.gz",
                    self.account,
                    self.region,
                    (hour.start + TimeDelta::minutes(5)).format("%Y%m%dT%H%MZ"),
                    &random[..16]
                ),
            );
            trail.objects.insert(key.clone(), gzip(text.as_bytes()));
            trail.logs.push(key.clone());
            listed.push(DigestLog {
                s3_bucket: self.bucket.clone(),
                s3_object: key,
                hash_value: Hash::sha256(text.as_bytes()).to_hex(),
                hash_algorithm: "SHA-256".to_owned(),
                newest_event_time: iso(hour.end - TimeDelta::minutes(5)),
                oldest_event_time: iso(hour.start),
            });
        }
        listed
    }
}

impl SignedTrail {
    /// Object metadata of a digest, as `aws s3api head-object` prints them.
    pub fn head_object(&self, digest: &str) -> String {
        let mut metadata = serde_json::json!({
            "signature": self.signatures.get(digest),
            "signature-algorithm": "SHA256withRSA",
        });
        if digest.ends_with("_backfill.json.gz") {
            metadata["backfill-generation-timestamp"] = "2026-10-29T00:00:00Z".into();
        }
        let answer = serde_json::json!({
            "AcceptRanges": "bytes",
            "ContentLength": self.objects.get(digest).map_or(0, Vec::len),
            "ContentType": "application/json",
            "Metadata": metadata,
        });
        serde_json::to_string_pretty(&answer).unwrap_or_default() + "\n"
    }
}
