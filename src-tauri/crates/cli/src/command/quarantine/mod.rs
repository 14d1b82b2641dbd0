//! `muniment quarantine`.

mod admit;
mod export;
mod list;
mod show;

use super::commands;

commands! {
    /// Files that failed: their reasons, and what can be done with them.
    Quarantine {
        List(list::List),
        Show(show::Show),
        Admit(admit::Admit),
        Export(export::Export),
    }
}
