//! `muniment imports`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::ImportPage;
use workbench::{Error, Workbench};

use super::Inside;
use crate::answer::Answer;

/// List imports, newest first, each with what it brought and how it stands.
#[derive(Debug, Args)]
pub(crate) struct Imports {
    /// How many.
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Only those before this one: the number of the last that was listed.
    #[arg(long, value_name = "ID")]
    before: Option<u32>,
}

impl Inside for Imports {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let page = bench.imports(self.before, self.limit).await?;
        Ok(Answer::new(page, text))
    }
}

fn text(out: &mut dyn Write, page: &ImportPage) -> io::Result<()> {
    for import in &page.rows {
        writeln!(
            out,
            "{:>6}  {}  {:<9} {:>9} records  {:<18} {:<12} {}",
            import.id,
            import.at,
            import.by,
            import.records,
            import.assurance,
            import.verdict,
            import.file
        )?;
    }
    writeln!(out, "{} of {}", page.rows.len(), page.total)?;
    match page.rows.last().filter(|last| last.id > 1) {
        Some(last) if (page.rows.len() as u64) < u64::from(page.total) => {
            writeln!(out, "  for older ones: imports --before {}", last.id)
        }
        _ => Ok(()),
    }
}
