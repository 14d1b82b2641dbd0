//! What the index is told of an event: exactly what its minimised row shows, nothing more.

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A subject, by number.
    Subject(u64),
    /// Whom the row shows by name, such as a component or a service.
    Name(String),
}

/// One event as the index sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doc {
    /// Number of the event in the vault. Documents are added in ascending order of it.
    pub seq: u64,
    /// When it happened, in microseconds since 1970-01-01T00:00:00Z; `None` where the source does not say.
    /// Values beyond ±2^62 µs (about 146,000 years) are brought to that bound.
    pub occurred: Option<i64>,
    /// System that acted.
    pub system: String,
    /// Record type.
    pub action: String,
    /// Outcome, in the source's own word.
    pub outcome: String,
    /// Origin of the log it came from.
    pub origin: String,
    /// `audit` or `lifecycle`.
    pub kind: String,
    /// Number of the import that brought it.
    pub import: u64,
    /// Numbers of the subjects it names. Handles are never indexed as text.
    pub subjects: Vec<u64>,
    /// Who did it, where the source says and the row shows it.
    pub actor: Option<Actor>,
    /// The kept values: path and plain text.
    pub values: Vec<(String, String)>,
}
