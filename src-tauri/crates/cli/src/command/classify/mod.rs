//! `muniment classify`.

mod apply;
mod decision;
mod list;
mod preview;

use super::commands;

commands! {
    /// Classify fields that no source file classifies, by pattern.
    Classify {
        List(list::List),
        Preview(preview::Preview),
        Apply(apply::Apply),
    }
}
