//! `verify_export`: the whole verification of an export with nothing but its bytes and keys.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ExportError, ExportFacts, read_export_with};
use crate::{
    archive::{CHECKPOINT, ExportFiles},
    hash::Hash,
    note::{SignedNote, VerifierKey},
    record::SchemaRef,
    rejection::{Reason, Rejection, RejectionReport},
    trust::{Attribution, Candidate, Decision, OriginTrust, TrustError, decide},
};

/// The verdict on an export by itself, before anything else of its origin is considered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExportVerdict {
    /// Everything holds and a known key signed.
    Valid,
    /// Everything holds, but no known key signed.
    Pending,
    /// A rule is broken.
    Rejected,
}

impl ExportVerdict {
    /// The word shown for the verdict.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Pending => "pending",
            Self::Rejected => "rejected",
        }
    }
}

/// How one check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckOutcome {
    /// Holds.
    Passed,
    /// Does not hold.
    Failed,
    /// Cannot be decided with the keys given.
    Undecided,
    /// Not reached, or nothing to check.
    Skipped,
}

/// One named check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// `files`, `notes`, `range`, `records`, `root`, `consistency` or `signature`.
    pub name: String,
    /// What it establishes, in one sentence.
    pub about: String,
    /// How it came out.
    pub outcome: CheckOutcome,
}

/// What verifying an export found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportReport {
    /// `muniment/export-report/v1`.
    pub format: String,
    /// The verdict.
    pub verdict: ExportVerdict,
    /// Every check, in the order of testing.
    pub checks: Vec<Check>,
    /// Why it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection: Option<RejectionReport>,
    /// The file whose signature no known key made, when pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<String>,
    /// Why the trust policy does not let it count yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Name of the log, where everything held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// First index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// One past the last index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<u64>,
    /// Root at `last`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<Hash>,
    /// Number of records that were checked.
    pub records: u64,
    /// Keys that signed.
    pub signers: Vec<Signer>,
    /// Names and ids of keys whose signatures were not checked, as `file: name id`.
    pub unverified: Vec<String>,
    /// Standing of the times in it: `self-asserted`; no third party attested them.
    pub time: String,
}

/// A key that signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signer {
    /// Name of the key.
    pub name: String,
    /// Full SHA-256 fingerprint of the key.
    pub fingerprint: Hash,
}

const CHECKS: [(&str, &str); 7] = [
    ("files", "exactly the files of an export, within bounds"),
    (
        "notes",
        "checkpoints in their one form, no failing signature of a known key",
    ),
    ("range", "range, frontier and checkpoints agree"),
    ("records", "every record in its one spelling, at its index"),
    ("root", "the records lead to the signed root"),
    ("consistency", "proofs to other sizes hold"),
    ("signature", "a known key signed the checkpoints"),
];

/// Which check a refusal belongs to.
fn failed_check(code: &str) -> usize {
    match code {
        "bad-signature" => 1,
        c if c.starts_with("note-") || c.starts_with("checkpoint-") => 1,
        "range-spelling" | "range" | "frontier" | "origin" | "size" => 2,
        c if c.starts_with("previous-") => 2,
        "root" => 4,
        c if c.starts_with("consistency-") => 5,
        "read" | "too-few-records" | "too-many-records" | "final-line-feed" => 3,
        _ => 3,
    }
}

/// Verifies an export, given its opened files or why they could not be opened, with keys that
/// the caller vouches for. Needs no vault. `threads` as in [`read_export_with`].
///
/// # Errors
/// Only a reading error; everything else is in the report.
pub fn verify_export(
    files: Result<ExportFiles, crate::archive::ArchiveError>,
    keys: &[VerifierKey],
    threads: usize,
) -> Result<ExportReport, std::io::Error> {
    verified(files, keys, threads).map(|(report, _)| report)
}

/// Verifies an export under the trust policy of its origin: its keys, its requirement for the
/// size, distrust, and the schemas it allows. `digest_of` gives the SHA-256 of the source file
/// of a schema, where there is one.
///
/// # Errors
/// As [`verify_export`].
pub fn verify_export_under(
    files: Result<ExportFiles, crate::archive::ArchiveError>,
    policy: &OriginTrust,
    digest_of: &dyn Fn(&SchemaRef) -> Option<Hash>,
    threads: usize,
) -> Result<ExportReport, std::io::Error> {
    let keys: Vec<VerifierKey> = policy.keys.iter().map(|k| k.0.clone()).collect();
    let (mut report, facts) = verified(files, &keys, threads)?;
    let Some(facts) = facts else {
        return Ok(report);
    };
    let attributed = |note: &str| {
        let note = SignedNote::parse(note.as_bytes()).ok();
        note.map(|note| Attribution::of(&note, &keys))
            .unwrap_or_default()
    };
    let candidate = Candidate {
        first: facts.first,
        last: facts.last,
        roots: facts.roots.clone(),
        checkpoint: attributed(&facts.checkpoint_note),
        previous: facts.previous_note.as_deref().map(attributed),
        stored: None,
        schemas: (facts.schemas.iter())
            .map(|(id, version)| {
                let schema = SchemaRef {
                    id: id.clone(),
                    version: *version,
                };
                let digest = digest_of(&schema);
                (schema, digest)
            })
            .collect(),
    };
    match decide(policy, &[candidate], &[]).pop() {
        Some(Decision::Refused(why)) => {
            let failed = if matches!(why, TrustError::Schema { .. }) {
                3
            } else {
                6
            };
            report.verdict = ExportVerdict::Rejected;
            report.checks[failed].outcome = CheckOutcome::Failed;
            report.rejection = Some(Rejection::new(Reason::Trust(why), CHECKPOINT).report());
        }
        Some(Decision::Pending(why)) => {
            report.verdict = ExportVerdict::Pending;
            report.checks[6].outcome = CheckOutcome::Undecided;
            report.pending.get_or_insert_with(|| CHECKPOINT.to_owned());
            report.because = Some(why.to_string());
        }
        Some(Decision::Accepted(_)) | None => {}
    }
    Ok(report)
}

fn verified(
    files: Result<ExportFiles, crate::archive::ArchiveError>,
    keys: &[VerifierKey],
    threads: usize,
) -> Result<(ExportReport, Option<Box<ExportFacts>>), std::io::Error> {
    let mut seen = 0;
    let outcome = match files {
        Ok(mut files) => read_export_with(
            &mut files,
            keys,
            &BTreeSet::new(),
            threads,
            &|_, _| (),
            &|batch| batch.len() as u64,
            &mut |records| {
                seen += records;
                Ok(())
            },
        )
        .map_err(|error| (error, false)),
        Err(error) => Err((ExportError::of_archive(error, None), true)),
    };
    match outcome {
        Ok(facts) => Ok((report_of(&facts), Some(Box::new(facts)))),
        Err((ExportError::Read(error), _)) => Err(error),
        Err((ExportError::Stopped, _)) => Err(std::io::Error::other("reading was stopped")),
        Err((ExportError::Rejected(rejection), at_files)) => {
            let rejection = rejection.report();
            let failed = if at_files {
                0
            } else {
                failed_check(&rejection.code)
            };
            let report = ExportReport {
                format: FORMAT.to_owned(),
                verdict: ExportVerdict::Rejected,
                checks: checks(|k| match k.cmp(&failed) {
                    std::cmp::Ordering::Less => CheckOutcome::Passed,
                    std::cmp::Ordering::Equal => CheckOutcome::Failed,
                    std::cmp::Ordering::Greater => CheckOutcome::Skipped,
                }),
                rejection: Some(rejection),
                pending: None,
                because: None,
                origin: None,
                first: None,
                last: None,
                root: None,
                records: seen,
                signers: Vec::new(),
                unverified: Vec::new(),
                time: TIME.to_owned(),
            };
            Ok((report, None))
        }
    }
}

const FORMAT: &str = "muniment/export-report/v1";
const TIME: &str = "self-asserted";

fn checks(outcome: impl Fn(usize) -> CheckOutcome) -> Vec<Check> {
    let check = |(k, (name, about)): (usize, &(&str, &str))| Check {
        name: (*name).to_owned(),
        about: (*about).to_owned(),
        outcome: outcome(k),
    };
    CHECKS.iter().enumerate().map(check).collect()
}

fn report_of(facts: &ExportFacts) -> ExportReport {
    let valid = facts.pending.is_none();
    let unverified = facts.unverified.iter().map(|(file, name, id)| {
        let id = u32::from_be_bytes(*id);
        format!("{file}: {name} {id:08x}")
    });
    ExportReport {
        format: FORMAT.to_owned(),
        verdict: if valid {
            ExportVerdict::Valid
        } else {
            ExportVerdict::Pending
        },
        checks: checks(|k| match k {
            5 if facts.bridges.is_empty() => CheckOutcome::Skipped,
            6 if !valid => CheckOutcome::Undecided,
            _ => CheckOutcome::Passed,
        }),
        rejection: None,
        pending: facts.pending.map(str::to_owned),
        because: None,
        origin: Some(facts.origin.clone()),
        first: Some(facts.first),
        last: Some(facts.last),
        root: Some(facts.root),
        records: facts.records,
        signers: facts
            .signers
            .iter()
            .map(|key| Signer {
                name: key.name().to_owned(),
                fingerprint: key.fingerprint(),
            })
            .collect(),
        unverified: unverified.collect(),
        time: TIME.to_owned(),
    }
}
