//! What is pinned about trails, and what their digests prove, as text.

use std::io::{self, Write};

use workbench::view::{TrailTallyView, TrailsView};

/// Missing hours that one finding prints; `--json` has all of them.
const HOURS: usize = 48;
/// Files and keys that one line prints.
const NAMES: usize = 12;

/// Pinned trails and what is proven.
pub(in crate::command) fn trails(out: &mut dyn Write, view: &TrailsView) -> io::Result<()> {
    for trail in &view.trails {
        writeln!(out, "{}", trail.name)?;
        writeln!(
            out,
            "  bucket {}  prefix {:?}  regions {}",
            trail.bucket,
            trail.prefix,
            trail.regions.join(", ")
        )?;
        if trail.since.is_some() || trail.until.is_some() {
            let time = |t: &Option<String>| t.clone().unwrap_or_else(|| "…".into());
            writeln!(
                out,
                "  to be whole: {} to {}",
                time(&trail.since),
                time(&trail.until)
            )?;
        }
        for key in &trail.keys {
            writeln!(out, "  key SHA-256 {}", key.sha256)?;
            writeln!(out, "      valid {} to {}", key.from, key.until)?;
            match &key.confirmed {
                Some(confirmed) => writeln!(
                    out,
                    "      confirmed by {}, {}: {}",
                    confirmed.by, confirmed.at, confirmed.how
                )?,
                None => writeln!(out, "      not confirmed")?,
            }
        }
    }
    if view.verdict.is_empty() {
        return writeln!(out, "no CloudTrail digest is here");
    }
    writeln!(out, "CloudTrail: {}", view.verdict)?;
    for line in &view.digests {
        tally(out, "digest", line)?;
    }
    for line in &view.logs {
        tally(out, "log file", line)?;
    }
    for finding in &view.findings {
        writeln!(out, "{:<16} {}", finding.code, finding.message)?;
        if let (Some(from), Some(to)) = (&finding.from, &finding.to) {
            writeln!(out, "                 {}: {from} to {to}", finding.place)?;
        }
        for hour in finding.hours.iter().take(HOURS) {
            writeln!(out, "                 missing hour from {hour}")?;
        }
        if finding.hours.len() > HOURS {
            let more = finding.hours.len() - HOURS;
            writeln!(out, "                 and {more} more hours (see --json)")?;
        }
        if finding.problem {
            names(out, &finding.keys)?;
        }
        if !finding.hint.is_empty() {
            writeln!(out, "                 {}", finding.hint)?;
        }
    }
    Ok(())
}

fn tally(out: &mut dyn Write, what: &str, line: &TrailTallyView) -> io::Result<()> {
    let s = if line.total == 1 { "" } else { "s" };
    writeln!(
        out,
        "{:<16} {} {what}{s}: {}",
        line.code, line.total, line.message
    )?;
    names(out, &line.paths)?;
    if !line.hint.is_empty() {
        writeln!(out, "                 {}", line.hint)?;
    }
    Ok(())
}

fn names(out: &mut dyn Write, names: &[String]) -> io::Result<()> {
    for name in names.iter().take(NAMES) {
        writeln!(out, "                 {name}")?;
    }
    if names.len() > NAMES {
        writeln!(
            out,
            "                 and {} more (see --json)",
            names.len() - NAMES
        )?;
    }
    Ok(())
}
