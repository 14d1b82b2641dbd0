//! `muniment source show`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::SourceDetailView;
use workbench::{Error, Workbench};

use super::changes;
use crate::answer::Answer;
use crate::command::Inside;

/// Show a source file: fields with their classes, record types, lifecycles.
#[derive(Debug, Args)]
// Its --version is the file's, not the program's.
#[command(disable_version_flag = true)]
pub(crate) struct Show {
    /// Id, such as `enigm-key`.
    id: String,
    /// Version; the newest unless given.
    #[arg(long, value_name = "N")]
    version: Option<u32>,
    /// Print the file itself.
    #[arg(long)]
    file: bool,
}

impl Inside for Show {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let view = bench.source_file(self.id.clone(), self.version).await?;
        Ok(match self.file {
            true => Answer::file(view, |view| Ok(view.text.clone())),
            false => Answer::new(view, text),
        })
    }
}

fn text(out: &mut dyn Write, view: &SourceDetailView) -> io::Result<()> {
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
