//! Detection candidates and subjects as text.

use std::io::{self, Write};

use workbench::view::*;

pub(super) fn list(out: &mut dyn Write, view: &DetectionsView) -> io::Result<()> {
    if view.groups.is_empty() {
        writeln!(out, "no detections wait for a decision")?;
    }
    groups(out, &view.groups)?;
    if view.more > 0 {
        writeln!(out, "… and {} more groups", view.more)?;
    }
    writeln!(out, "{} open of {}", view.open, view.total)
}

fn groups(out: &mut dyn Write, groups: &[DetectionGroupView]) -> io::Result<()> {
    for group in groups {
        let about = group.subject.as_deref().or(group.field.as_deref());
        writeln!(
            out,
            "{} · {} · {} ({} open of {})",
            group.title,
            group.system,
            about.unwrap_or("–"),
            group.open,
            group.total
        )?;
        for row in &group.rows {
            let state = match &row.incident {
                Some(incident) => format!("{} {incident}", row.state),
                None => row.state.clone(),
            };
            writeln!(
                out,
                "  {}  {}  #{:<7} {:<10} {} · {}",
                row.id,
                row.at.as_deref().unwrap_or("–"),
                row.seq,
                state,
                row.assurance,
                row.verdict
            )?;
            writeln!(out, "      {}", row.why)?;
        }
        if group.more > 0 {
            writeln!(
                out,
                "  and {} more, listed as these are decided",
                group.more
            )?;
        }
    }
    Ok(())
}

pub(super) fn one(out: &mut dyn Write, view: &DetectionView) -> io::Result<()> {
    writeln!(out, "{}  {}", view.row.id, view.title)?;
    writeln!(out, "{} · rule {}", view.system, view.rule)?;
    if let Some(subject) = &view.subject {
        writeln!(out, "subject {subject}")?;
    }
    if let Some(field) = &view.field {
        writeln!(out, "field {field}")?;
    }
    writeln!(out, "{}", view.row.why)?;
    writeln!(out, "{}", view.explanation)?;
    writeln!(out, "\nproven by")?;
    for record in &view.proof {
        writeln!(
            out,
            "  #{:<7} {}  {}  {}",
            record.row.seq,
            record.row.occurred.as_deref().unwrap_or("–"),
            record.row.title,
            record.role
        )?;
        writeln!(out, "           {}", record.claim)?;
    }
    for caution in &view.cautions {
        writeln!(out, "! {caution}")?;
    }
    for decision in &view.decisions {
        writeln!(
            out,
            "{} {} by {}{}{}",
            decision.at,
            decision.decision,
            decision.actor,
            decision
                .incident
                .as_ref()
                .map(|id| format!(" {id}"))
                .unwrap_or_default(),
            decision
                .reason
                .as_ref()
                .map(|why| format!(": {why}"))
                .unwrap_or_default()
        )?;
    }
    Ok(())
}

pub(super) fn subject(out: &mut dyn Write, view: &SubjectView) -> io::Result<()> {
    writeln!(
        out,
        "{} ({}), named by {} records",
        view.handle, view.domain, view.records
    )?;
    for life in &view.lives {
        writeln!(
            out,
            "\n{} · {}: {}",
            life.system,
            life.title,
            life.life.current.as_deref().unwrap_or("state not known")
        )?;
        for step in &life.life.steps {
            writeln!(
                out,
                "  {}  #{:<7} {:<28} {}",
                step.at.as_deref().unwrap_or("–"),
                step.seq,
                step.action,
                step.state.as_deref().unwrap_or("")
            )?;
            if let Some(why) = &step.contradiction {
                writeln!(out, "      ! {why}")?;
            }
        }
    }
    if !view.detections.is_empty() {
        writeln!(out)?;
    }
    groups(out, &view.detections)
}
