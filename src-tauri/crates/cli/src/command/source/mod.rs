//! `muniment source`.

mod add;
mod assign;
mod check;
mod list;
mod show;

use std::io::{self, Write};

use workbench::view::ChangeView;

use super::commands;

pub(super) use add::added;

commands! {
    /// Source files: list, show, check, add, assign.
    Source {
        List(list::List),
        Show(show::Show),
        Check(check::Check),
        Add(add::Add),
        Assign(assign::Assign),
    }
}

/// What a version changes of the one before; what weakens it is marked.
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
