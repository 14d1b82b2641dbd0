//! The verdict of every file of a set.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::chain::{Link, walk};
use super::digest::{
    DigestFacts, ListedLog, Signature, is_digest_name, is_log_name, is_signature_name,
    signature_bytes,
};
use super::inflate::{InflateFault, MAX_LOG_BYTES, inflate};
use super::key::PublicKey;
use super::place::{KeyName, base, lies_at};
use super::report::{
    DigestLine, DigestVerdict, Finding, LogLine, LogVerdict, REPORT_FORMAT, Span, TrailReport,
    TrailVerdict,
};
use super::trust::TrailTrust;
use crate::hash::Hash;

const SIGNATURE_ALGORITHM: &str = "SHA256withRSA";
const HASH_ALGORITHM: &str = "SHA-256";

/// A log file that is here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LogFacts {
    /// Where the copy lies.
    pub path: String,
    /// SHA-256 of the inflated bytes.
    pub sha256: Hash,
}

/// A file that is named like a digest or log and cannot be read as one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BrokenFile {
    /// Where it lies.
    pub path: String,
    /// Stable code of the fault.
    pub fault: String,
}

/// A set of CloudTrail files. The order means nothing, nor does a file that is in it twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// Digest files.
    #[serde(default)]
    pub digests: Vec<DigestFacts>,
    /// Signatures that came beside digests.
    #[serde(default)]
    pub signatures: Vec<Signature>,
    /// Log files.
    #[serde(default)]
    pub logs: Vec<LogFacts>,
    /// Files named like digests that are none.
    #[serde(default)]
    pub broken_digests: Vec<BrokenFile>,
    /// Files named like logs that are none.
    #[serde(default)]
    pub broken_logs: Vec<BrokenFile>,
}

/// A digest under judgement.
struct Judged<'a> {
    facts: &'a DigestFacts,
    name: Option<KeyName<'a>>,
    policy: Option<usize>,
    verdict: DigestVerdict,
    signed_by: Option<Hash>,
    moved: bool,
}

/// The verdict of every file, and what is missing, under these policies.
pub fn survey(trail: &Trail, policies: &[TrailTrust]) -> TrailReport {
    let keys: Vec<Vec<(PublicKey, bool)>> = policies.iter().map(keys_of).collect();
    let mut digests: Vec<&DigestFacts> = trail.digests.iter().collect();
    digests.sort();
    digests.dedup_by(|a, b| a.sha256 == b.sha256 && a.path == b.path);
    let signatures = candidates(trail);
    let mut judged: Vec<Judged<'_>> = digests
        .iter()
        .map(|facts| judge(facts, policies, &keys, &signatures))
        .collect();
    conflicts(&mut judged);
    previous_hashes(&mut judged);
    for one in &mut judged {
        if one.verdict == DigestVerdict::Verified && one.moved {
            one.verdict = DigestVerdict::Moved;
        }
    }
    let listing = Listing::of(&judged);
    let mut logs: Vec<LogLine> = trail.logs.iter().map(|log| listing.judge(log)).collect();
    logs.extend(trail.broken_logs.iter().map(|broken| LogLine {
        path: broken.path.clone(),
        sha256: None,
        digest: None,
        verdict: LogVerdict::Unreadable,
        fault: Some(broken.fault.clone()),
    }));
    logs.sort();
    logs.dedup();
    let links: Vec<Link<'_>> = judged
        .iter()
        .filter_map(|one| {
            Some(Link {
                facts: one.facts,
                name: one.name.as_ref()?,
                policy: one.policy?,
                signed: one.verdict.is_signed(),
            })
        })
        .collect();
    let (chains, mut findings) = walk(&links, policies);
    findings.extend(missing_logs(&judged, policies, trail));
    findings.sort_by(|a, b| {
        let place = |f: &Finding| {
            (
                f.trail.clone(),
                f.region.clone(),
                f.backfill,
                f.span,
                f.code,
            )
        };
        place(a).cmp(&place(b))
    });
    let mut lines: Vec<DigestLine> = judged.iter().map(Judged::line).collect();
    lines.extend(trail.broken_digests.iter().map(|broken| DigestLine {
        path: broken.path.clone(),
        key: None,
        hour: None,
        sha256: None,
        signed_by: None,
        backfill: broken.path.contains("_backfill.json"),
        logs: 0,
        verdict: DigestVerdict::Unreadable,
        fault: Some(broken.fault.clone()),
    }));
    lines.sort();
    lines.dedup();
    let verdict = whole(&lines, &logs, &findings);
    TrailReport {
        format: REPORT_FORMAT.to_owned(),
        verdict,
        passed: verdict == TrailVerdict::Verified,
        trusted: matches!(verdict, TrailVerdict::Verified | TrailVerdict::Incomplete),
        digests: lines,
        logs,
        chains,
        findings,
    }
}

impl Trail {
    /// Reads one file by its name and keeps what it says; a file whose name is none of CloudTrail's
    /// is left alone.
    pub fn read(&mut self, path: &str, bytes: &[u8]) {
        let broken = |fault: &str| BrokenFile {
            path: path.to_owned(),
            fault: fault.to_owned(),
        };
        if is_signature_name(path) {
            match Signature::read(path, bytes) {
                Ok(signature) => self.signatures.push(signature),
                Err(_) => self.broken_digests.push(broken("signature-file")),
            }
        } else if is_digest_name(path) {
            match DigestFacts::read(path, bytes) {
                Ok(digest) => self.digests.push(digest),
                Err(fault) => self.broken_digests.push(broken(fault.code())),
            }
        } else if is_log_name(path) {
            match LogFacts::read(path, bytes) {
                Ok(log) => self.logs.push(log),
                Err(fault) => self.broken_logs.push(broken(fault.code())),
            }
        }
    }

    /// Adds what another set knows.
    pub fn extend(&mut self, other: Self) {
        self.digests.extend(other.digests);
        self.signatures.extend(other.signatures);
        self.logs.extend(other.logs);
        self.broken_digests.extend(other.broken_digests);
        self.broken_logs.extend(other.broken_logs);
    }
}

impl LogFacts {
    /// Reads a log file's bytes, packed or inflated.
    ///
    /// # Errors
    /// [`InflateFault`].
    pub fn read(path: &str, bytes: &[u8]) -> Result<Self, InflateFault> {
        Ok(Self {
            path: path.to_owned(),
            sha256: Hash::sha256(&inflate(bytes, MAX_LOG_BYTES)?),
        })
    }
}

impl Judged<'_> {
    fn line(&self) -> DigestLine {
        let content = &self.facts.content;
        DigestLine {
            path: self.facts.path.clone(),
            key: Some(content.key.clone()),
            hour: Some(Span {
                from: content.start,
                to: content.end,
            }),
            sha256: Some(self.facts.sha256),
            signed_by: self.signed_by.map(|hash| hash.to_hex()),
            backfill: self.name.as_ref().is_some_and(|n| n.backfill),
            logs: content.logs.len(),
            verdict: self.verdict,
            fault: None,
        }
    }

    fn at(&self) -> (&str, &str) {
        (&self.facts.content.bucket, &self.facts.content.key)
    }
}

/// The keys of a policy, and whether each was confirmed.
fn keys_of(policy: &TrailTrust) -> Vec<(PublicKey, bool)> {
    let key = |pinned: &super::PinnedKey| Some((pinned.key()?, pinned.confirmed.is_some()));
    policy.keys.iter().filter_map(key).collect()
}

/// Signatures at hand, by (bucket and key) and by file name. Who hands a signature down does not
/// matter: it is checked under the key.
struct Candidates<'a> {
    handed_down: BTreeMap<(&'a str, &'a str), Vec<&'a str>>,
    beside: BTreeMap<&'a str, Vec<&'a Signature>>,
}

fn candidates(trail: &Trail) -> Candidates<'_> {
    let mut found = Candidates {
        handed_down: BTreeMap::new(),
        beside: BTreeMap::new(),
    };
    for digest in &trail.digests {
        if let Some(previous) = &digest.content.previous {
            let at = (previous.bucket.as_str(), previous.key.as_str());
            found
                .handed_down
                .entry(at)
                .or_default()
                .push(&previous.signature);
        }
    }
    for signature in &trail.signatures {
        found
            .beside
            .entry(&signature.of)
            .or_default()
            .push(signature);
    }
    found
}

fn judge<'a>(
    facts: &'a DigestFacts,
    policies: &[TrailTrust],
    keys: &[Vec<(PublicKey, bool)>],
    signatures: &Candidates<'_>,
) -> Judged<'a> {
    let content = &facts.content;
    let mut one = Judged {
        facts,
        name: KeyName::parse(&content.key),
        policy: None,
        verdict: DigestVerdict::Unpinned,
        signed_by: None,
        moved: false,
    };
    if policies.is_empty() {
        return one;
    }
    one.verdict = match pins(&mut one, policies) {
        Err(verdict) => verdict,
        Ok(policy) => {
            one.policy = Some(policy);
            one.moved = !in_place(facts, &policies[policy]);
            match signature(facts, one.name.as_ref(), &keys[policy], signatures) {
                Ok((key, confirmed)) => {
                    one.signed_by = Some(key);
                    if confirmed {
                        DigestVerdict::Verified
                    } else {
                        DigestVerdict::KeyUnconfirmed
                    }
                }
                Err(verdict) => verdict,
            }
        }
    };
    one
}

/// Which policy a digest falls under.
fn pins(one: &mut Judged<'_>, policies: &[TrailTrust]) -> Result<usize, DigestVerdict> {
    let content = &one.facts.content;
    let name = one.name.as_ref().ok_or(DigestVerdict::BadName)?;
    if name.account != content.account || name.end != content.end {
        return Err(DigestVerdict::BadName);
    }
    let mut nearest = DigestVerdict::OtherAccount;
    for (number, policy) in policies.iter().enumerate() {
        if policy.account != name.account {
            continue;
        }
        if policy.trail != name.trail || policy.home_region != name.home_region {
            if nearest == DigestVerdict::OtherAccount {
                nearest = DigestVerdict::OtherTrail;
            }
            continue;
        }
        if !policy.regions.iter().any(|r| r == name.region) {
            nearest = DigestVerdict::OtherRegion;
            continue;
        }
        if policy.bucket != content.bucket
            || policy.prefix != name.prefix
            || policy.organisation.as_deref() != name.organisation
        {
            nearest = DigestVerdict::OtherBucket;
            continue;
        }
        return Ok(number);
    }
    Err(nearest)
}

/// Whether a copy lies where its key says, or where the location map says.
fn in_place(facts: &DigestFacts, policy: &TrailTrust) -> bool {
    let (path, key) = (facts.path.as_str(), facts.content.key.as_str());
    lies_at(path, key)
        || policy.locations.iter().any(|location| {
            let Some(rest) = key.strip_prefix(&location.prefix) else {
                return false;
            };
            if location.bucket != facts.content.bucket {
                return false;
            }
            let rest = if location.flat { base(rest) } else { rest };
            let rest = rest.trim_start_matches('/');
            let folder = location.at.trim_matches('/');
            let moved = match folder {
                "" | "." => rest.to_owned(),
                folder => format!("{folder}/{rest}"),
            };
            // The folder that was imported may itself be named in the path.
            path == moved || (!location.flat && lies_at(path, &moved))
        })
}

/// Which key signed, and whether it was confirmed.
fn signature(
    facts: &DigestFacts,
    name: Option<&KeyName<'_>>,
    keys: &[(PublicKey, bool)],
    signatures: &Candidates<'_>,
) -> Result<(Hash, bool), DigestVerdict> {
    let content = &facts.content;
    let hash_algorithm = content.previous.as_ref().map(|p| p.hash_algorithm.as_str());
    if content.signature_algorithm != SIGNATURE_ALGORITHM
        || hash_algorithm.is_some_and(|a| a != HASH_ALGORITHM)
    {
        return Err(DigestVerdict::WrongAlgorithm);
    }
    let named: Vec<_> = keys
        .iter()
        .filter(|(key, _)| key.fingerprint == content.fingerprint)
        .collect();
    if named.is_empty() {
        return Err(DigestVerdict::UnknownKey);
    }
    let honest: Vec<_> = named
        .into_iter()
        .filter(|(key, _)| key.is_honest())
        .collect();
    if honest.is_empty() {
        return Err(DigestVerdict::FalseKey);
    }
    // A backfill digest is signed later than its hour, at a time that nothing signed states.
    let late = name.is_some_and(|n| n.backfill);
    let valid: Vec<_> = honest
        .into_iter()
        .filter(|(key, _)| content.end <= key.until && (late || key.from <= content.end))
        .collect();
    if valid.is_empty() {
        return Err(DigestVerdict::OutsideKeyValidity);
    }
    let at = (content.bucket.as_str(), content.key.as_str());
    let handed_down = signatures
        .handed_down
        .get(&at)
        .into_iter()
        .flatten()
        .copied();
    // What lies beside a digest is named after its file; a copy may have lost its `.gz`.
    let file = base(&content.key);
    let names = [
        file,
        file.strip_suffix(".gz").unwrap_or(file),
        base(&facts.path),
    ];
    let mut beside: Vec<&Signature> = Vec::new();
    for name in names {
        beside.extend(signatures.beside.get(name).into_iter().flatten());
    }
    if beside.iter().any(|s| {
        s.algorithm
            .as_deref()
            .is_some_and(|a| a != SIGNATURE_ALGORITHM)
    }) {
        return Err(DigestVerdict::WrongAlgorithm);
    }
    let signed = facts.signed_string();
    let mut any = false;
    let mut best: Option<(Hash, bool)> = None;
    for hex in handed_down.chain(beside.iter().map(|s| s.hex.as_str())) {
        any = true;
        let Some(bytes) = signature_bytes(hex) else {
            continue;
        };
        for (key, confirmed) in &valid {
            if best.is_none_or(|(_, known)| *confirmed && !known)
                && key.verifies(signed.as_bytes(), &bytes)
            {
                best = Some((key.sha256(), *confirmed));
            }
        }
    }
    best.ok_or(if any {
        DigestVerdict::BadSignature
    } else {
        DigestVerdict::Unsigned
    })
}

/// Two signed digests with one object key and different bytes.
fn conflicts(judged: &mut [Judged<'_>]) {
    let mut seen: BTreeMap<(String, String), Vec<Hash>> = BTreeMap::new();
    for one in judged.iter().filter(|one| one.verdict.is_signed()) {
        let (bucket, key) = one.at();
        let hashes = seen.entry((bucket.into(), key.into())).or_default();
        if !hashes.contains(&one.facts.sha256) {
            hashes.push(one.facts.sha256);
        }
    }
    for one in judged.iter_mut().filter(|one| one.verdict.is_signed()) {
        let (bucket, key) = one.at();
        if seen
            .get(&(bucket.into(), key.into()))
            .is_some_and(|h| h.len() > 1)
        {
            one.verdict = DigestVerdict::Conflict;
        }
    }
}

/// What AWS's tool leaves out: `previousDigestHashValue` against the digest itself.
fn previous_hashes(judged: &mut [Judged<'_>]) {
    let signed: BTreeMap<(String, String), Hash> = judged
        .iter()
        .filter(|one| one.verdict.is_signed())
        .map(|one| {
            let (bucket, key) = one.at();
            ((bucket.to_owned(), key.to_owned()), one.facts.sha256)
        })
        .collect();
    for one in judged.iter_mut().filter(|one| one.verdict.is_signed()) {
        if let Some(previous) = &one.facts.content.previous
            && let Some(found) = signed.get(&(previous.bucket.clone(), previous.key.clone()))
            && found.to_hex() != previous.hash
        {
            one.verdict = DigestVerdict::WrongPreviousHash;
        }
    }
}

/// What all digests list.
struct Listing<'a> {
    by_hash: BTreeMap<&'a str, Vec<(&'a Judged<'a>, &'a ListedLog)>>,
    by_name: BTreeMap<&'a str, Vec<(&'a Judged<'a>, &'a ListedLog)>>,
}

/// The name of a log file without what a download tool takes off.
fn log_name(path: &str) -> &str {
    let name = base(path);
    name.strip_suffix(".gz").unwrap_or(name)
}

impl<'a> Listing<'a> {
    fn of(judged: &'a [Judged<'a>]) -> Self {
        let mut listing = Self {
            by_hash: BTreeMap::new(),
            by_name: BTreeMap::new(),
        };
        for one in judged {
            for log in &one.facts.content.logs {
                listing
                    .by_hash
                    .entry(&log.hash)
                    .or_default()
                    .push((one, log));
                listing
                    .by_name
                    .entry(log_name(&log.key))
                    .or_default()
                    .push((one, log));
            }
        }
        listing
    }

    fn judge(&self, log: &LogFacts) -> LogLine {
        let hex = log.sha256.to_hex();
        let mut found: Vec<(LogVerdict, &str)> = Vec::new();
        for (digest, listed) in self.by_hash.get(hex.as_str()).into_iter().flatten() {
            let verdict = if listed.hash_algorithm != HASH_ALGORITHM {
                LogVerdict::WrongAlgorithm
            } else if digest.verdict.is_proven() {
                LogVerdict::Verified
            } else if digest.verdict == DigestVerdict::KeyUnconfirmed {
                LogVerdict::KeyUnconfirmed
            } else {
                LogVerdict::DigestUnproven
            };
            found.push((verdict, &digest.facts.content.key));
        }
        for (digest, listed) in self.by_name.get(log_name(&log.path)).into_iter().flatten() {
            if listed.hash != hex {
                let verdict = if listed.hash_algorithm != HASH_ALGORITHM {
                    LogVerdict::WrongAlgorithm
                } else if digest.verdict.is_signed() {
                    LogVerdict::Changed
                } else {
                    LogVerdict::DigestUnproven
                };
                found.push((verdict, &digest.facts.content.key));
            }
        }
        // The strongest statement counts: proven, then contradicted by a signature, then the rest.
        let rank = |verdict: LogVerdict| match verdict {
            LogVerdict::Verified => 0,
            LogVerdict::Changed => 1,
            LogVerdict::WrongAlgorithm => 2,
            LogVerdict::KeyUnconfirmed => 3,
            _ => 4,
        };
        found.sort_by_key(|(verdict, key)| (rank(*verdict), *key));
        let (verdict, digest) = match found.first() {
            Some((verdict, key)) => (*verdict, Some((*key).to_owned())),
            None => (LogVerdict::Unlisted, None),
        };
        LogLine {
            path: log.path.clone(),
            sha256: Some(log.sha256),
            digest,
            verdict,
            fault: None,
        }
    }
}

fn missing_logs(judged: &[Judged<'_>], policies: &[TrailTrust], trail: &Trail) -> Vec<Finding> {
    let here = |listed: &ListedLog,
                hashes: &std::collections::HashSet<String>,
                names: &std::collections::HashSet<&str>| {
        hashes.contains(&listed.hash) || names.contains(log_name(&listed.key))
    };
    let hashes = trail.logs.iter().map(|log| log.sha256.to_hex()).collect();
    let files = trail.logs.iter().map(|log| log.path.as_str());
    let broken = trail.broken_logs.iter().map(|log| log.path.as_str());
    let names = files.chain(broken).map(log_name).collect();
    let mut findings = Vec::new();
    for one in judged.iter().filter(|one| one.verdict.is_signed()) {
        let (Some(name), Some(policy)) = (&one.name, one.policy) else {
            continue;
        };
        let content = &one.facts.content;
        let keys: Vec<String> = content
            .logs
            .iter()
            .filter(|listed| !here(listed, &hashes, &names))
            .map(|listed| listed.key.clone())
            .collect();
        if !keys.is_empty() {
            let mut finding = Finding::new(
                super::FindingCode::LogMissing,
                &policies[policy],
                name,
                Some(Span {
                    from: content.start,
                    to: content.end,
                }),
            );
            finding.message = format!(
                "{} of the {} log files that a signed digest lists are not here",
                keys.len(),
                content.logs.len()
            );
            finding.keys = keys;
            findings.push(finding);
        }
    }
    findings.dedup();
    findings
}

fn whole(digests: &[DigestLine], logs: &[LogLine], findings: &[Finding]) -> TrailVerdict {
    if digests.iter().any(|d| d.verdict.is_failure()) || logs.iter().any(|l| l.verdict.is_failure())
    {
        TrailVerdict::Failed
    } else if !digests.iter().any(|d| d.verdict.is_proven()) {
        TrailVerdict::Pending
    } else if findings.iter().any(|f| f.problem)
        || digests.iter().any(|d| d.verdict != DigestVerdict::Verified)
        || logs.iter().any(|l| l.verdict != LogVerdict::Verified)
    {
        TrailVerdict::Incomplete
    } else {
        TrailVerdict::Verified
    }
}
