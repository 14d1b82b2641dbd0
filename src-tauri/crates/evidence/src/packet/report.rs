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
    /// Nobody whom the reader trusts signed, or the reader named nobody.
    NotTrusted,
    /// No token of a time-stamping authority is present.
    NotAttested,
    /// Nothing that was looked at fails, but not everything could be looked at.
    NotChecked,
}

impl Status {
    /// The state as printed.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "FAILED",
            Self::NotTrusted => "not trusted",
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

/// What became of one check. A check that did not run is no check that passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It ran and found nothing wrong.
    Held,
    /// It ran and found something wrong.
    Failed,
    /// It did not run.
    NotRun,
}

impl Outcome {
    /// The outcome as printed.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Held => "checked",
            Self::Failed => "failed",
            Self::NotRun => "not checked",
        }
    }
}

/// One check of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Stable name.
    pub name: &'static str,
    /// What became of it.
    pub outcome: Outcome,
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
    /// Which checks there are, and which of them ran.
    pub checks: Vec<Check>,
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
    /// Whether somebody signed whom the reader trusts, and whoever the reader asks for.
    pub trusted: bool,
    /// Integrity, signatures, signers, time, content.
    pub lines: [Line; 5],
}

/// What a verification comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// Everything was checked and holds, and somebody trusted signed.
    Passed,
    /// Something does not hold.
    Failed,
    /// Nothing that was checked fails; nobody whom the reader trusts signed it.
    NotTrusted,
    /// Nothing that was checked fails, and somebody trusted signed; not everything was checked.
    NotChecked,
}

impl Conclusion {
    /// The sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Passed => "everything was checked and holds, and somebody you trust signed it",
            Self::Failed => "something does not hold",
            Self::NotTrusted => "intact; nobody you trust signed it",
            Self::NotChecked => "intact, signed by somebody you trust; not everything was checked",
        }
    }
}

impl PacketReport {
    /// The line of that name.
    #[must_use]
    pub fn line(&self, name: LineName) -> &Line {
        &self.lines[name as usize]
    }

    /// What it comes to: the exit code's question.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        let any = |status| self.lines.iter().any(|line| line.status == status);
        if any(Status::Failed) {
            Conclusion::Failed
        } else if !self.trusted {
            Conclusion::NotTrusted
        } else if any(Status::NotChecked) {
            Conclusion::NotChecked
        } else {
            Conclusion::Passed
        }
    }

    /// Whether every line was checked and holds, and somebody whom the reader trusts signed. Time
    /// that nobody attests is said, and does not count.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.conclusion() == Conclusion::Passed
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

/// Collects findings of one line, and which checks ran.
#[derive(Debug, Default)]
pub(super) struct Findings {
    list: Vec<Finding>,
    checks: Vec<Check>,
    /// All of them, also those beyond what is listed.
    failures: usize,
}

/// More findings than this say nothing new, and a hostile file could ask for millions.
const MAX_FINDINGS: usize = 200;

impl Findings {
    /// Runs a check and records what became of it.
    pub(super) fn run<T>(&mut self, name: &'static str, check: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.failures;
        let result = check(self);
        let outcome = if self.failures > before {
            Outcome::Failed
        } else {
            Outcome::Held
        };
        self.ran(name, outcome);
        result
    }

    /// Records what became of a check.
    pub(super) fn ran(&mut self, name: &'static str, outcome: Outcome) {
        self.checks.push(Check { name, outcome });
    }

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
        self.add(Finding {
            code,
            place,
            message,
            weight,
        });
    }

    /// Takes up a finding that was made elsewhere.
    pub(super) fn add(&mut self, finding: Finding) {
        self.failures += usize::from(finding.weight == Weight::Failure);
        // Counted per weight, so that notices can never crowd out a failure.
        let same = self.list.iter().filter(|f| f.weight == finding.weight);
        if same.count() < MAX_FINDINGS {
            self.list.push(finding);
        }
    }

    pub(super) fn failed(&self) -> bool {
        self.failures > 0
    }

    pub(super) fn first_failure(&self) -> Option<&Finding> {
        self.list
            .iter()
            .find(|finding| finding.weight == Weight::Failure)
    }

    /// The line. `holds` is what may be said of it where every check ran and held; where one did
    /// not, the line says of each what became of it, and nothing of all together.
    pub(super) fn line(self, name: LineName, fine: Status, holds: impl Into<String>) -> Line {
        let of = |outcome| self.checks.iter().filter(move |c| c.outcome == outcome);
        let all_ran = of(Outcome::NotRun).next().is_none();
        let status = if self.failed() {
            Status::Failed
        } else if all_ran {
            fine
        } else {
            Status::NotChecked
        };
        let summary = if self.failed() || !all_ran {
            let parts: Vec<String> = [Outcome::Failed, Outcome::NotRun, Outcome::Held]
                .into_iter()
                .filter_map(|outcome| {
                    let names: Vec<&str> = of(outcome).map(|check| check.name).collect();
                    (!names.is_empty()).then(|| format!("{}: {}", outcome.word(), names.join(", ")))
                })
                .collect();
            parts.join("; ")
        } else {
            holds.into()
        };
        Line {
            name,
            status,
            summary,
            checks: self.checks,
            findings: self.list,
        }
    }
}
