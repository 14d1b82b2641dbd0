//! `muniment import`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use workbench::view::ImportReportView;
use workbench::{Error, Workbench};

use super::Inside;
use crate::answer::{Answer, Exit};

/// Import exports, CloudTrail files, JSON lines: files, ZIPs or folders, plain or compressed.
///
/// Originals are sealed as they come. A file that fails goes to quarantine with its reason, and stops
/// none of the others (exit code 1); what cannot be read is named (exit code 2). A file that is here
/// already is recognised by its content. Ctrl-C cancels: files that were finished stay, nothing is half
/// done. An import that was cut off otherwise is listed by `sources`.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Files or folders.
    #[arg(required_unless_present_any = ["resume", "discard"])]
    paths: Vec<PathBuf>,
    /// Resume every import that was cut off, from the copies sealed then.
    #[arg(long, conflicts_with_all = ["paths", "discard"])]
    resume: bool,
    /// Give every import that was cut off up; what it had finished stays.
    #[arg(long, conflicts_with = "paths")]
    discard: bool,
}

impl Inside for Import {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        if self.discard {
            for interrupted in bench.interrupted().await? {
                bench.import_discard(interrupted.id).await?;
            }
        }
        let report = if self.resume || self.discard {
            bench.import_resume_now().await?
        } else {
            // Named absolutely, so that it can be resumed from anywhere.
            let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or(path.clone());
            let paths = self.paths.iter().map(|path| shown(&absolute(path)));
            bench.import_now(paths.collect()).await?
        };
        let exit = match report.failed.is_empty() {
            true => Exit::of(report.quarantine.is_empty()),
            false => Exit::Unread,
        };
        Ok(Answer::new(report, text).exiting(exit))
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn text(out: &mut dyn Write, view: &ImportReportView) -> io::Result<()> {
    for file in &view.files {
        writeln!(
            out,
            "{}: {}, {} records, {}, {}",
            file.file, file.outcome, file.records, file.assurance, file.verdict
        )?;
        if let Some(agreed) = &file.agreed {
            writeln!(out, "  {agreed}")?;
        }
        if let Some(first) = &file.known_as {
            writeln!(out, "  the same bytes as {first}")?;
        }
        if let Some(remark) = &file.remark {
            writeln!(out, "  {remark}")?;
        }
    }
    for file in &view.quarantine {
        writeln!(
            out,
            "{}: quarantined as {}, {}",
            file.file, file.id, file.reason
        )?;
        if !file.place.is_empty() {
            writeln!(out, "  at {}", file.place)?;
        }
        if !file.hint.is_empty() {
            writeln!(out, "  try: {}", file.hint)?;
        }
    }
    for file in &view.failed {
        writeln!(out, "{}: not imported, {}", file.file, file.reason)?;
        writeln!(out, "  try: {}", file.hint)?;
    }
    for file in &view.left_out {
        writeln!(out, "{}: left out, {}", file.file, file.what)?;
    }
    writeln!(out, "{} records imported", view.total)
}
