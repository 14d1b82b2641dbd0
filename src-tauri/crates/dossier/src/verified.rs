//! What a check came to, as the shells show it.

use evidence::packet::{Conclusion, Outcome, PacketReport, Status};

use bench::view::{FindingView, VerifyCheckView, VerifyLineView, VerifyView};

/// The answer about a file of which each check has a line of its own.
pub fn concluded(
    kind: &str,
    file: String,
    conclusion: Conclusion,
    trusted: bool,
    lines: Vec<VerifyLineView>,
) -> VerifyView {
    VerifyView {
        kind: kind.into(),
        file,
        passed: conclusion == Conclusion::Passed,
        trusted,
        outcome: bench::text::word(&conclusion),
        words: conclusion.words().into(),
        checks: checks(&lines),
        lines,
    }
}

/// What became of checks of which each has a line of its own.
fn checks(lines: &[VerifyLineView]) -> Vec<VerifyCheckView> {
    lines
        .iter()
        .filter_map(|line| {
            let outcome = match line.status.as_str() {
                "ok" => Outcome::Held,
                "failed" => Outcome::Failed,
                "pending" | "not checked" => Outcome::NotRun,
                _ => return None,
            };
            Some(VerifyCheckView {
                line: line.name.clone(),
                check: line.name.clone(),
                outcome: bench::text::word(&outcome),
            })
        })
        .collect()
}

/// The five lines of a packet.
pub fn packet_view(file: String, report: &PacketReport) -> VerifyView {
    VerifyView {
        kind: "packet".into(),
        file,
        passed: report.passed(),
        trusted: report.trusted,
        outcome: bench::text::word(&report.conclusion()),
        words: report.conclusion().words().into(),
        checks: report
            .lines
            .iter()
            .flat_map(|line| line.checks.iter().map(move |check| (line, check)))
            .map(|(line, check)| VerifyCheckView {
                line: bench::text::word(&line.name),
                check: check.name.into(),
                outcome: bench::text::word(&check.outcome),
            })
            .collect(),
        lines: report
            .lines
            .iter()
            .map(|line| VerifyLineView {
                name: bench::text::word(&line.name),
                status: match line.status {
                    Status::Ok => "ok",
                    Status::Failed => "failed",
                    Status::NotTrusted => "not trusted",
                    Status::NotAttested => "not attested",
                    Status::NotChecked => "not checked",
                }
                .into(),
                detail: line.summary.clone(),
                findings: line
                    .findings
                    .iter()
                    .map(|finding| FindingView {
                        code: finding.code.into(),
                        place: finding.place.clone(),
                        message: finding.message.clone(),
                    })
                    .collect(),
            })
            .collect(),
    }
}
