//! `muniment trust list`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::TrustView;
use workbench::{Error, Workbench};

use crate::answer::Answer;
use crate::command::Inside;

/// List pinned keys with full fingerprints.
#[derive(Debug, Args)]
pub(crate) struct List {}

impl Inside for List {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        Ok(Answer::new(bench.trust().await?, text))
    }
}

fn text(out: &mut dyn Write, view: &TrustView) -> io::Result<()> {
    if view.keys.is_empty() {
        writeln!(out, "no key is pinned; exports stay pending until one is")?;
    }
    for key in &view.keys {
        writeln!(out, "{}  {}  {}", key.origin, key.algorithm, key.name)?;
        writeln!(out, "  sha256 {}", key.fingerprint)?;
    }
    Ok(())
}
