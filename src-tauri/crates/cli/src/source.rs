//! `source`, `classify` and `rebuild`: source files of the workspace's own.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use workbench::view::*;
use workbench::{Error, Workbench};

use crate::print::Answer;

#[derive(Debug, Subcommand)]
pub(crate) enum Source {
    /// List source files: those of the program and the workspace's own.
    List,
    /// Show a source file: fields with their classes, record types, lifecycles.
    // Its --version is the file's, not the program's.
    #[command(disable_version_flag = true)]
    Show {
        /// Id, such as `enigm-key`.
        id: String,
        /// Version; the newest unless given.
        #[arg(long, value_name = "N")]
        version: Option<u32>,
        /// Print the file itself.
        #[arg(long)]
        file: bool,
    },
    /// Check a source file and say what adding it would do.
    ///
    /// Without a workspace it is compared with the program's own files only.
    Check {
        /// Source file.
        file: PathBuf,
    },
    /// Add a source file, or a new version of one.
    ///
    /// A version that lowers a field's class, widens its purposes, drops its handle domain or its
    /// free-text mark needs a custodian's reason.
    Add {
        /// Source file.
        file: PathBuf,
        /// Confirm what weakens the version before; needs --reason.
        #[arg(long, requires = "reason")]
        confirm_weaker: bool,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Say of which system the records of an import are that name no source file.
    Assign {
        /// Id of the source file.
        id: String,
        /// Import, as `sources` numbers it.
        #[arg(long, value_name = "N", required = true)]
        import: Vec<u32>,
        /// Begin a new source file with this title.
        #[arg(long)]
        title: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Classify {
    /// List paths that no source file classifies, with the number of records. Never values.
    List,
    /// Say which paths and how many records a decision would touch. Changes nothing.
    Preview(Decision),
    /// Decide about a pattern of paths: the next version of the source file declares them.
    Apply {
        #[command(flatten)]
        decision: Decision,
        /// Why; recorded in custody.
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Decision {
    /// Paths: `/requestParameters/**`, `/*/arn`, `/**/userName`; `-` is any element of an array.
    pattern: String,
    /// Source file; needed when several have unclassified fields.
    #[arg(long, value_name = "ID")]
    source: Option<String>,
    /// Class: C0 to C6 or H.
    #[arg(long)]
    class: String,
    /// Purpose; may be given several times.
    #[arg(long, required = true, value_name = "PURPOSE")]
    purpose: Vec<String>,
    /// Identity space of handles, such as `account`; for C3, C4 and H.
    #[arg(long)]
    domain: Option<String>,
    /// People typed the values, so that they stay hidden.
    #[arg(long)]
    free_text: bool,
}

pub(crate) async fn source(bench: &Workbench, command: &Source) -> Result<Answer, Error> {
    Ok(match command {
        Source::List => Answer::SourceFiles(bench.source_files().await?),
        Source::Show { id, version, file } => {
            let view = Box::new(bench.source_file(id.clone(), *version).await?);
            if *file {
                Answer::SourceText(view)
            } else {
                Answer::SourceFile(view)
            }
        }
        Source::Check { file } => {
            Answer::SourceChecked(bench.check_source(file.display().to_string()).await?)
        }
        Source::Add {
            file,
            confirm_weaker,
            reason,
        } => {
            let checked = bench.check_source(file.display().to_string()).await?;
            let reason = reason
                .clone()
                .filter(|_| *confirm_weaker || !checked.weakens);
            let path = file.display().to_string();
            Answer::SourceAdded(bench.add_source(path, reason, true).await?)
        }
        Source::Assign { id, import, title } => Answer::SourceAdded(
            bench
                .assign_source(id.clone(), import.clone(), title.clone(), true)
                .await?,
        ),
    })
}

pub(crate) async fn classify(bench: &Workbench, command: &Classify) -> Result<Answer, Error> {
    Ok(match command {
        Classify::List => Answer::ToClassify(bench.to_classify().await?),
        Classify::Preview(decision) => {
            let request = request(bench, decision).await?;
            Answer::ClassifyPreview(bench.classify_preview(request).await?)
        }
        Classify::Apply { decision, reason } => {
            let request = request(bench, decision).await?;
            Answer::SourceAdded(bench.classify(request, reason.clone(), true).await?)
        }
    })
}

async fn request(bench: &Workbench, decision: &Decision) -> Result<ClassifyRequest, Error> {
    let system = match &decision.source {
        Some(system) => system.clone(),
        None => only_system(bench).await?,
    };
    Ok(ClassifyRequest {
        system,
        pattern: decision.pattern.clone(),
        class: decision.class.clone(),
        purposes: decision.purpose.clone(),
        domain: decision.domain.clone(),
        free_text: decision.free_text,
    })
}

/// The one source file with unclassified fields.
async fn only_system(bench: &Workbench) -> Result<String, Error> {
    let view = bench.to_classify().await?;
    let ids: Vec<&str> = view.systems.iter().map(|one| one.id.as_str()).collect();
    match ids.as_slice() {
        [one] => Ok((*one).to_owned()),
        [] => Err(Error::new(
            workbench::Code::NotFound,
            "no field is unclassified",
            "nothing to do",
        )),
        more => Err(Error::new(
            workbench::Code::Invalid,
            "several source files have unclassified fields",
            format!("choose one with --source: {}", more.join(", ")),
        )),
    }
}

pub(crate) fn files(out: &mut dyn Write, view: &SourceFilesView) -> io::Result<()> {
    for file in &view.files {
        let whose = if file.own { "own" } else { "built-in" };
        writeln!(
            out,
            "{:<24} {:>3}  {whose:<9} {:>4} fields {:>3} record types  {}",
            file.id, file.version, file.fields, file.record_types, file.title
        )?;
    }
    for id in &view.waiting {
        writeln!(out, "! rows of {id} wait to be made anew: muniment rebuild")?;
    }
    Ok(())
}

pub(crate) fn file(out: &mut dyn Write, view: &SourceDetailView) -> io::Result<()> {
    let file = &view.file;
    writeln!(out, "{} {} version {}", file.title, file.id, file.version)?;
    writeln!(out, "{}", file.summary)?;
    writeln!(out, "sha256 {}", file.digest)?;
    for version in &file.versions {
        if let (Some(at), Some(by)) = (&version.at, &version.by) {
            let reason = version.reason.as_deref().unwrap_or("no reason given");
            writeln!(
                out,
                "version {} added {at} by {by}: {reason}",
                version.version
            )?;
        }
    }
    writeln!(out, "\nfields")?;
    for field in &view.fields {
        let domain = field
            .domain
            .as_deref()
            .map_or_else(String::new, |d| format!(" {d}"));
        let free = if field.free_text { " free text" } else { "" };
        writeln!(
            out,
            "  {:<8}{:<36} {}{domain}{free}",
            field.class, field.path, field.value_type
        )?;
    }
    writeln!(out, "\nrecord types")?;
    for one in &view.record_types {
        let ocsf = one.ocsf.as_deref().unwrap_or("");
        writeln!(
            out,
            "  {:<28} {:<10} {}  {ocsf}",
            one.name, one.kind, one.title
        )?;
    }
    for life in &view.lifecycles {
        writeln!(out, "\nlifecycle {} of {}", life.title, life.subject)?;
        writeln!(out, "  {}", life.states.join(" → "))?;
        for one in &life.contradictions {
            writeln!(out, "  ! {one}")?;
        }
    }
    changes(out, &view.changes)
}

fn changes(out: &mut dyn Write, changes: &[ChangeView]) -> io::Result<()> {
    if !changes.is_empty() {
        writeln!(out, "\nchanges of the version before")?;
    }
    for change in changes {
        let mark = if change.weakens { "▼" } else { " " };
        writeln!(out, "  {mark} {:<36} {}", change.place, change.words)?;
    }
    Ok(())
}

pub(crate) fn checked(out: &mut dyn Write, view: &CheckedSourceView) -> io::Result<()> {
    for problem in &view.problems {
        writeln!(out, "✗ {}  {}", problem.place, problem.message)?;
    }
    if !view.problems.is_empty() {
        return Ok(());
    }
    let state = match (view.known, view.previous) {
        (true, _) => "is here already".to_owned(),
        (false, Some(previous)) => format!("would follow version {previous}"),
        (false, None) => "would be added".to_owned(),
    };
    writeln!(
        out,
        "✓ {} {} version {} {state}",
        view.title, view.id, view.version
    )?;
    changes(out, &view.changes)?;
    if view.weakens {
        writeln!(
            out,
            "\n▼ weakens the version before: a custodian has to confirm it with a reason"
        )?;
    }
    Ok(())
}

pub(crate) fn added(out: &mut dyn Write, view: &AddedSourceView) -> io::Result<()> {
    let file = &view.file;
    writeln!(
        out,
        "{} {} version {}: {} fields",
        file.title, file.id, file.version, file.fields
    )?;
    for path in &view.mixed {
        writeln!(
            out,
            "  {path} is an object in some records; its plain values stay hidden"
        )?;
    }
    if let Some(rows) = view.redone {
        writeln!(out, "{rows} records are shown under it")?;
    }
    Ok(())
}

pub(crate) fn to_classify(out: &mut dyn Write, view: &ToClassifyView) -> io::Result<()> {
    if view.systems.is_empty() {
        return writeln!(out, "every field of every record is classified");
    }
    for system in &view.systems {
        writeln!(
            out,
            "{} {} version {}: {} paths in {} records",
            system.title,
            system.id,
            system.version,
            system.paths.len(),
            system.records
        )?;
        for path in &system.paths {
            writeln!(out, "  {:>8}  {:<9} {}", path.records, path.fits, path.path)?;
        }
    }
    Ok(())
}

pub(crate) fn preview(out: &mut dyn Write, view: &ClassifyPreview) -> io::Result<()> {
    for path in &view.paths {
        write!(
            out,
            "  {:>8}  {:<9} {}",
            path.records, path.value_type, path.path
        )?;
        match path.misfits {
            0 => writeln!(out)?,
            n => writeln!(out, "  ({n} values do not fit and stay hidden)")?,
        }
    }
    for path in &view.mixed {
        writeln!(
            out,
            "  {path} is an object in some records; its plain values stay hidden"
        )?;
    }
    writeln!(
        out,
        "{} paths in {} records, as version {}",
        view.paths.len(),
        view.records,
        view.version
    )
}
