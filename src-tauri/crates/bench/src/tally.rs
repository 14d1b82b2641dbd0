//! What is counted of a workspace, and as of when.

use std::collections::BTreeMap;
use std::sync::Arc;

use sources::Fit;

/// What was counted of the rows up to an event number.
#[derive(Default)]
pub struct Tally {
    pub(crate) last: i64,
    /// Records by (system, path) of a field that nobody has classified.
    pub unclassified: BTreeMap<(String, String), u32>,
    pub(crate) systems: BTreeMap<String, u32>,
}

/// What a path is inside hidden values.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Records that have it.
    pub records: u32,
    /// The record that was counted last, so that each counts once.
    pub(crate) last: u64,
    /// What its values could be.
    pub fit: Fit,
}

/// What stands in the hidden values of one system.
#[derive(Clone, Debug, Default)]
pub struct System {
    /// Records with a hidden value.
    pub records: u32,
    /// Imports whose records name no source file.
    pub imports: std::collections::BTreeSet<i64>,
    /// Whether there are more paths than are kept apart.
    pub more: bool,
    /// By path.
    pub paths: BTreeMap<String, Seen>,
    /// Records with a path that the pattern takes.
    pub touched: u32,
}

/// Hidden paths as of a state of rows and source files.
#[derive(Clone, Debug)]
pub struct Found {
    pub(crate) newest: i64,
    pub(crate) systems: Arc<BTreeMap<String, System>>,
}
