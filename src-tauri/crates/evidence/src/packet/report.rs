//! What the check of a packet says: five separate lines, never one tick.

use serde::Serialize;

/// Names of the five lines, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineName {
    /// Container, manifests, layout.
    Integrity,
    /// Signatures over the tag manifest.
    Signatures,
    /// Are the signers the ones the reader trusts?
    Signers,
    /// Does anybody but the signer attest the time?
    Time,
    /// Do PDF, JSON, tables, evidence and proofs agree?
    Content,
}

impl LineName {
    /// The name as printed.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Integrity => "integrity",
            Self::Signatures => "signatures",
            Self::Signers => "signers trusted?",
            Self::Time => "time attested?",
            Self::Content => "content",
        }
    }
}

/// State of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Holds.
    Ok,
    /// Does not hold; the findings say why and where.
    Failed,
    /// Nobody gave a list of trusted keys, so nothing can be said.
    NotTrusted,
    /// No token of a time-stamping authority is present.
    NotAttested,
    /// Could not be looked at, because an earlier line failed too early.
    NotChecked,
}

impl Status {
    /// The state as printed.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "FAILED",
            Self::NotTrusted => "unknown",
            Self::NotAttested => "not attested",
            Self::NotChecked => "not checked",
        }
    }
}

/// Whether a finding fails its line or only informs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Fails the line.
    Failure,
    /// Something the reader should know.
    Notice,
}

/// One thing found, with its place. Never carries record content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable code.
    pub code: &'static str,
    /// File in the packet, with line, field or byte where that is known.
    pub place: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Failure or notice.
    pub weight: Weight,
}

/// One of the five lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Which one.
    pub name: LineName,
    /// Its state.
    pub status: Status,
    /// What was looked at, in one sentence.
    pub summary: String,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// Which packet was looked at. Only as good as the lines say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PacketIdentity {
    /// Packet id.
    pub id: String,
    /// Version.
    pub version: u32,
    /// Title.
    pub title: String,
    /// Hex SHA-256 of `packet.json`.
    pub packet_digest: String,
    /// Number of pieces of evidence.
    pub evidence: u64,
    /// (fingerprint, role) of every signature that verified.
    pub signers: Vec<(String, String)>,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PacketReport {
    /// Which packet, when `packet.json` could be read.
    pub packet: Option<PacketIdentity>,
    /// Integrity, signatures, signers, time, content.
    pub lines: [Line; 5],
}

impl PacketReport {
    /// The line of that name.
    #[must_use]
    pub fn line(&self, name: LineName) -> &Line {
        &self.lines[name as usize]
    }

    /// The exit code's question: integrity, signatures and content hold, and
    /// no signer is foreign to a trust list that was given. Without such a list
    /// the signers are *unknown*, which the line says and which does not fail;
    /// time that nobody attests does not fail either.
    #[must_use]
    pub fn passed(&self) -> bool {
        [LineName::Integrity, LineName::Signatures, LineName::Content]
            .iter()
            .all(|name| self.line(*name).status == Status::Ok)
            && self.line(LineName::Signers).status != Status::Failed
    }

    /// Codes of all failures, in the order of the lines.
    #[must_use]
    pub fn failure_codes(&self) -> Vec<&'static str> {
        self.lines
            .iter()
            .flat_map(|line| &line.findings)
            .filter(|finding| finding.weight == Weight::Failure)
            .map(|finding| finding.code)
            .collect()
    }
}

/// Collects findings of one line.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

/// More findings than this say nothing new, and a hostile file could ask for millions.
const MAX_FINDINGS: usize = 200;

impl Findings {
    pub(super) fn fail(
        &mut self,
        code: &'static str,
        place: impl Into<String>,
        message: impl Into<String>,
    ) {
        self.push(code, place.into(), message.into(), Weight::Failure);
    }

    pub(super) fn note(
        &mut self,
        code: &'static str,
        place: impl Into<String>,
        message: impl Into<String>,
    ) {
        self.push(code, place.into(), message.into(), Weight::Notice);
    }

    fn push(&mut self, code: &'static str, place: String, message: String, weight: Weight) {
        // Counted per weight, so that notices can never crowd out a failure.
        if self.0.iter().filter(|f| f.weight == weight).count() < MAX_FINDINGS {
            self.0.push(Finding {
                code,
                place,
                message,
                weight,
            });
        }
    }

    pub(super) fn failed(&self) -> bool {
        self.0
            .iter()
            .any(|finding| finding.weight == Weight::Failure)
    }

    pub(super) fn first_failure(&self) -> Option<&Finding> {
        self.0
            .iter()
            .find(|finding| finding.weight == Weight::Failure)
    }

    pub(super) fn line(self, name: LineName, fine: Status, summary: impl Into<String>) -> Line {
        let status = if self.failed() { Status::Failed } else { fine };
        Line {
            name,
            status,
            summary: summary.into(),
            findings: self.0,
        }
    }
}
