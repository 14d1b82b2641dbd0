//! `muniment verify`.

mod trail;

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use workbench::view::{VerifyLineView, VerifyView};
use workbench::{Environment, Error};

use super::Run;
use crate::answer::{Answer, Exit};
use crate::session::Session;

/// Verify an export, a packet, a fork proof or a CloudTrail trail; needs no workspace.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Export (ZIP or folder), packet or fork proof.
    path: PathBuf,
    /// Trust file (KEYS.json), file of vkeys and fingerprints one a line, or one of them itself.
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    #[command(flatten, next_help_heading = "CloudTrail")]
    trail: trail::TrailVerify,
}

impl Run for Verify {
    async fn run(&self, _session: &Session) -> Result<Answer, Error> {
        if let Some(request) = self.trail.request() {
            let now = Environment::of_this_machine().now();
            return workbench::verify_trail(&self.path, &request, now).map(trail::answer);
        }
        workbench::verify(&self.path, self.trust.as_deref()).map(answer)
    }
}

/// What was verified, with the exit code that says how it stands.
pub(super) fn answer(report: VerifyView) -> Answer {
    let exit = match report.outcome.as_str() {
        "failed" => Exit::Failed,
        _ if !report.passed => Exit::Open,
        _ => Exit::Done,
    };
    Answer::new(report, text).exiting(exit)
}

fn text(out: &mut dyn Write, view: &VerifyView) -> io::Result<()> {
    writeln!(out, "{} ({})", view.file, view.kind)?;
    lines(out, &view.lines)?;
    writeln!(out, "{}: {}", view.outcome, view.words)
}

/// What was looked at, and what was found there.
pub(super) fn lines(out: &mut dyn Write, lines: &[VerifyLineView]) -> io::Result<()> {
    for line in lines {
        let glyph = match line.status.as_str() {
            "ok" => "✓",
            "failed" => "✗",
            _ => "·",
        };
        writeln!(
            out,
            "{glyph} {:<12} {:<13} {}",
            line.name, line.status, line.detail
        )?;
        for finding in &line.findings {
            writeln!(
                out,
                "    {} at {}: {}",
                finding.code, finding.place, finding.message
            )?;
        }
    }
    Ok(())
}
