//! `muniment trust show`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::PolicyView;
use workbench::{Error, Workbench};

use super::proposals::proposal;
use crate::answer::Answer;
use crate::command::Inside;

/// Show the policy of an origin: keys, requirement, distrust, schemas, anchor, proposals.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Name of the log.
    origin: String,
}

impl Inside for Show {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let policy = bench.trust_policy(self.origin.clone()).await?;
        Ok(Answer::new(policy, text))
    }
}

fn text(out: &mut dyn Write, view: &PolicyView) -> io::Result<()> {
    match &view.at {
        Some(at) => writeln!(out, "{}  version {} since {at}", view.origin, view.version)?,
        None => writeln!(out, "{}  no policy", view.origin)?,
    }
    writeln!(out, "{}", view.words)?;
    writeln!(out, "\nkeys")?;
    for key in &view.keys {
        let state = match (key.distrusted, key.signs.as_str()) {
            (true, _) => "distrusted".to_owned(),
            (false, "") => "pinned, required nowhere".to_owned(),
            (false, signs) => signs.to_owned(),
        };
        writeln!(out, "  {}  {}  {state}", key.key.algorithm, key.key.name)?;
        writeln!(out, "    sha256 {}", key.key.fingerprint)?;
    }
    writeln!(
        out,
        "\nrequirement{}",
        if view.stated { "" } else { " (default)" }
    )?;
    for rule in &view.requirement {
        writeln!(out, "  {}", rule.words)?;
    }
    for distrust in &view.distrust {
        writeln!(out, "\ndistrust\n  sha256 {}", distrust.key)?;
        writeln!(out, "    {}", distrust.words)?;
    }
    writeln!(out, "\nschemas")?;
    match &view.schemas {
        None => writeln!(out, "  any")?,
        Some(schemas) => {
            for schema in schemas {
                match schema.version {
                    Some(version) => {
                        writeln!(out, "  {} version {version}: {}", schema.id, schema.words)?
                    }
                    None => writeln!(out, "  {}: {}", schema.id, schema.words)?,
                }
                if let Some(digest) = &schema.digest {
                    writeln!(out, "    sha256 {digest}")?;
                }
            }
        }
    }
    if let Some(anchor) = &view.anchor {
        writeln!(out, "\nanchor\n  size {} root {}", anchor.size, anchor.root)?;
    }
    if let Some(seconds) = view.heartbeat {
        writeln!(out, "\nheartbeat\n  every {seconds} seconds")?;
    }
    if !view.proposals.is_empty() {
        writeln!(out, "\nproposed keys")?;
        view.proposals.iter().try_for_each(|p| proposal(out, p))?;
    }
    if !view.held.is_empty() {
        writeln!(out, "\ndo not count")?;
        for held in &view.held {
            writeln!(out, "  [{}, {}): {}", held.first, held.last, held.words)?;
        }
    }
    Ok(())
}
