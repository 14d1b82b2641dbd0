//! `muniment incident`.

mod advance;
mod approve;
mod back;
mod list;
mod map;
mod open;
mod pin;
mod save_search;
mod set;
mod show;
mod waive;

use std::io::{self, Write};

use clap::Args;
use workbench::view::{ActedView, IncidentView};

use super::commands;
use crate::answer::Answer;

pub(super) use show::text as shown;

commands! {
    /// Walk an incident through its stages.
    Incident {
        Open(open::Open),
        List(list::List),
        Show(show::Show),
        Set(set::Set),
        Pin(pin::Pin),
        SaveSearch(save_search::SaveSearch),
        Map(map::Map),
        Advance(advance::Advance),
        Waive(waive::Waive),
        Back(back::Back),
        Approve(approve::Approve),
    }
}

/// Which incident.
#[derive(Debug, Args)]
pub(super) struct IncidentId {
    /// Incident, such as INC-2026-0001.
    incident: String,
}

impl IncidentId {
    /// The id by itself.
    pub(super) fn get(&self) -> String {
        self.incident.clone()
    }
}

/// What was recorded of an act, and where the incident stands now.
fn acted(view: ActedView) -> Answer {
    Answer::new(view, |out, view| {
        for line in &view.recorded {
            writeln!(out, "{line}")?;
        }
        stage_line(out, &view.incident)
    })
}

fn stage_line(out: &mut dyn Write, view: &IncidentView) -> io::Result<()> {
    write!(out, "{}  {}", view.row.id, view.row.stage_title)?;
    match &view.row.next {
        Some(next) => writeln!(out, "  next: {next}"),
        None => writeln!(out),
    }
}
